"""One letter, read defensively: bounded headers, parts, depth and work; whatever is odd is a code, never a crash."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from email.utils import getaddresses
from typing import Any

from aftersales.channels.letters import words

logger = logging.getLogger(__name__)

FIELD = 8_000  # characters of one header field; the rest of it is left out
FIELDS = 200
HEAD = 256_000  # bytes of all header fields together
BOUNDARIES = 40  # nested or not: no mail program makes more
WORK = 40_000_000  # lines × boundaries: what the parser may have to do
DEPTH = 20
PARTS = 200
ADDRESSES = 50
SUBJECT = 200
MIB = 1024 * 1024
HEAD_END = re.compile(rb"\r?\n\r?\n")
PART_FIELD = re.compile(rb"^content-[a-z-]{2,30}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
TO = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
ADDRESS = re.compile(r"[^\s<>,;:\"']{1,64}@[^\s<>,;:\"']{1,190}")  # what a seal must prove anyway
IDENTITY = ("message-id", "from", "date", "subject")
# What the parsers of the language raise at letters nobody should have written.
ODD = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError, MessageError)


class Unreadable(Exception):
    """The letter cannot be read; ``code`` says why (states.Why)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class File:
    name: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """What a letter says. ``senders``: addresses it claims to come from; ``ids``: letters it refers to."""

    message_id: str = ""
    senders: tuple[str, ...] = ()
    subject: str = ""
    recipients: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    text: str = ""
    quoted: str = ""
    files: tuple[File, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    report: str = ""
    returned: str = ""

    @property
    def sender(self) -> str:
        return self.senders[0] if self.senders else ""


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Head and body of a letter; an mbox line before the head is none of it."""
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    if raw[:1] == b"\n" or raw[:2] == b"\r\n":
        return b"", raw.lstrip(b"\r\n")
    found = HEAD_END.search(raw)
    return (raw[: found.start()], raw[found.end() :]) if found else (raw, b"")


def tamed(head: bytes) -> bytes:
    """The head with each field and their number bounded: a subject of ten megabytes is read as its beginning."""
    fields: list[bytearray] = []
    for one in head.split(b"\n"):
        if one[:1] in (b" ", b"\t") and fields:
            if len(fields[-1]) < FIELD:
                fields[-1] += b"\n" + one.rstrip(b"\r")[: FIELD - len(fields[-1])]
        elif len(fields) < FIELDS:
            fields.append(bytearray(one.rstrip(b"\r")[:FIELD]))
    kept: list[bytes] = []
    size = 0
    for one_field in fields:
        size += len(one_field)
        if size > HEAD:
            break
        kept.append(bytes(one_field))
    return b"\n".join(kept)


def identity(raw: bytes) -> tuple[str, str]:
    """Message-ID and a fingerprint of what the writer sent; lines that servers added on the way do not count."""
    head, body = split(raw)
    found = _fields(tamed(head))
    digest = hashlib.sha256(body.replace(b"\r\n", b"\n").rstrip())
    for name in IDENTITY:
        digest.update(b"\x1f" + found.get(name, "").encode("utf-8", "surrogateescape"))
    return words.line(words.header(found.get("message-id", "")), 250), digest.hexdigest()


def sender_of(raw: bytes) -> tuple[str, str]:
    """Sender and subject alone, for a letter that is too large or too odd to be read."""
    found = _fields(tamed(split(raw[: HEAD * 2])[0]))
    return next(iter(_addresses(found.get("from", ""))), ""), words.line(
        words.header(found.get("subject", "")), SUBJECT
    )


def _fields(head: bytes) -> dict[str, str]:
    """First value of each field, by its name in small letters, unfolded."""
    found: dict[str, str] = {}
    for one in re.split(rb"\n(?![ \t])", head):
        name, colon, value = one.partition(b":")
        if colon and name and not name.strip().count(b" "):
            text = re.sub(rb"\n[ \t]+", b" ", value).strip().decode("utf-8", "surrogateescape")
            found.setdefault(name.strip().decode("ascii", "replace").lower(), text)
    return found


def read(raw: bytes) -> Letter:
    """The letter. Raises Unreadable: empty, too_deep, broken."""
    if not raw.strip():
        raise Unreadable("empty")
    head, body = split(raw)
    _refuse_work(body)
    try:
        return _read(tamed(head), body)
    except Unreadable:
        raise
    except ODD as error:
        logger.warning("a letter could not be read (%s)", type(error).__name__)
        raise Unreadable("broken") from error


def _refuse_work(body: bytes) -> None:
    boundaries = body.lower().count(b"boundary=")
    if boundaries > BOUNDARIES or body.count(b"\n") * (boundaries + 1) > WORK:
        raise Unreadable("too_deep")
    if any(found.end() - found.start() > FIELD for found in PART_FIELD.finditer(body)):
        raise Unreadable("broken")


def _read(head: bytes, body: bytes) -> Letter:
    fields = _fields(head)
    mail = message_from_bytes(head + b"\n\n" + body, policy=policy.compat32)
    parts = _Parts()
    for place, part in enumerate(_leaves(mail)):
        if place >= PARTS:
            raise Unreadable("too_deep")
        parts.take(part)
    text, quoted = words.fold(words.plain(parts.text))
    to = " ".join(fields.get(name, "") for name in TO)
    return Letter(
        message_id=words.line(words.header(fields.get("message-id", "")), 250),
        senders=tuple(_addresses(fields.get("from", ""))),
        subject=words.line(words.header(fields.get("subject", "")), SUBJECT),
        recipients=tuple(ADDRESS.findall(to[: FIELD * 2])[:ADDRESSES]),
        ids=(fields.get("in-reply-to", ""), fields.get("references", "")),
        text=text,
        quoted=quoted,
        files=tuple(parts.files),
        headers={name: words.line(value, 300) for name, value in fields.items()},
        report=parts.report,
        returned=parts.returned,
    )


def _addresses(value: str) -> list[str]:
    """Addresses of a field, each at most 254 characters, without names."""
    pairs = getaddresses([words.header(value.replace("\x00", ""))[:FIELD]])
    return [words.line(address, 254) for _name, address in pairs if "@" in address][:ADDRESSES]


def _leaves(part: Message, depth: int = 0) -> Iterator[Message]:
    if depth > DEPTH:
        raise Unreadable("too_deep")
    inside: Any = part.get_payload()
    if not part.get_content_type().startswith("multipart/") or not isinstance(inside, list):
        yield part
        return
    for one in inside:
        yield from _leaves(one, depth + 1)


class _Parts:
    """What the parts of a letter hold: words, files, and the two parts of a report about a lost message."""

    def __init__(self) -> None:
        self.plain: list[str] = []
        self.html: list[str] = []
        self.files: list[File] = []
        self.report = self.returned = ""

    @property
    def text(self) -> str:
        plain = "\n".join(self.plain)
        return plain if plain.strip() else "\n".join(words.from_html(one) for one in self.html)

    def take(self, part: Message) -> None:
        kind, name = part.get_content_type(), _name(part)
        if kind == "message/delivery-status":
            self.report = str(part)[:20_000]
        elif kind in ("text/rfc822-headers", "message/rfc822") and not name:
            self.returned += part.as_bytes()[:20_000].decode("utf-8", "replace")
            if kind == "message/rfc822":
                self.files.append(File("message.eml", part.as_bytes()))
        elif (
            kind in ("text/plain", "text/html")
            and not name
            and part.get_content_disposition() != "attachment"
        ):
            found = words.decoded(_content(part), part.get_content_charset("") or "")[: words.LONGEST_HTML]
            (self.plain if kind == "text/plain" else self.html).append(found)
        elif content := (part.as_bytes() if part.is_multipart() else _content(part)):
            self.files.append(File(name or _named_by(kind), content))


def _content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _name(part: Message) -> str:
    return words.line(words.header(part.get_filename() or ""), 120)


ENDINGS = {
    "application/ms-tnef": "winmail.dat", "text/calendar": "invitation.ics", "image/jpeg": "image.jpg",
    "image/png": "image.png", "image/gif": "image.gif", "image/webp": "image.webp", "application/pdf": "file.pdf",
}  # fmt: skip


def _named_by(kind: str) -> str:
    return ENDINGS.get(kind, "file.bin")
