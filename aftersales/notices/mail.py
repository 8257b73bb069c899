"""A message as an e-mail: clean headers, plain text with a simple HTML twin, a Message-ID that never changes.

Without a mail server (EMAIL_HOST) each mail becomes one file in the folder DATA/outbox, which the staff
pages show.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import translation

from aftersales.core import wording

from . import kinds, replies, rules
from .models import Notice

FILE_NAME = re.compile(r"^[A-Za-z0-9_-]{1,80}$")
PAGE = 50
# The part of an address that lets its holder act: long and random. It belongs to the recipient alone.
SIGNED = re.compile(r"(https?://[^\s<>\"']*?/)[A-Za-z0-9_=-]{20,}")
HIDDEN = "•••"


def send(notice: Notice, *, address: str, body: str) -> None:
    """Hand one message to the mail server; raises what the server's library raises."""
    build(notice, address=address, body=body).send(fail_silently=False)


def build(notice: Notice, *, address: str, body: str) -> EmailMultiAlternatives:
    subject, body = rules.clean_line(notice.subject), replies.marked(notice, body)
    mail = EmailMultiAlternatives(
        subject=subject,
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[address],
        headers={
            "Message-ID": replies.message_id(notice, host()),
            "Date": format_datetime(notice.created_at.astimezone(UTC)),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            **replies.headers(notice),
        },
    )
    with translation.override(notice.language):
        page = render_to_string("notices/mail.html", {"subject": subject, "paragraphs": _paragraphs(body)})
    mail.attach_alternative(page, "text/html")
    for file in kinds.files_of(notice.source, notice.subject_id, notice.language):
        mail.attach(file.name, file.content, file.content_type)
    return mail


def host() -> str:
    """The name after the @ of our Message-IDs: the site's, never the machine's."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def _paragraphs(body: str) -> list[list[dict[str, str]]]:
    """Lines of paragraphs; a line that is one of our own addresses becomes a link, nothing else does."""
    return [
        [
            {"text": line, "url": line if line.startswith(f"{settings.SITE_URL}/") else ""}
            for line in block.split("\n")
        ]
        for block in re.split(r"\n{2,}", body.strip())
    ]


class FolderBackend(BaseEmailBackend):
    """Writes each mail to DATA/outbox under the name of its Message-ID: the same mail twice is one file."""

    def send_messages(self, email_messages: Iterable[Any]) -> int:
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        count = 0
        for mail in email_messages:
            content = mail.message()
            name = _file_name(str(content["Message-ID"]))
            path = folder() / f"{name}.eml"
            _write(path, content.as_bytes(linesep="\r\n"))
            _dated(path, str(content["Date"]))
            count += 1
        return count


def folder() -> Path:
    return Path(settings.OUTBOX_FOLDER)


def _file_name(message_id: str) -> str:
    """The public id: what stands before the seal of the Message-ID."""
    local = message_id.strip("<>").partition("@")[0].partition(".")[0]
    name = re.sub(r"[^A-Za-z0-9_-]", "_", local)[:80]
    return name or "mail"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the process dies in the middle."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(content)
    part.chmod(0o600)
    part.replace(path)


def _dated(path: Path, date: str) -> None:
    """The file bears the moment of its mail: the folder is read and tidied in that order."""
    moment = parsedate_to_datetime(date).timestamp()
    os.utime(path, (moment, moment))


def names() -> list[str]:
    """The mails of the folder by name, which is the message's public id."""
    return [path.stem for path in folder().glob("*.eml")]


def kept_before(moment: datetime) -> list[str]:
    """Names of mails written before this moment."""
    return [path.stem for path in folder().glob("*.eml") if path.stat().st_mtime < moment.timestamp()]


def forget(names: Iterable[str]) -> int:
    """Remove these mails from the folder; one that is not there is no error. Returns how many were."""
    found = [path for name in names if (path := folder() / f"{_file_name(name)}.eml").is_file()]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


@dataclass(frozen=True)
class Kept:
    """One mail of the folder as the page shows it: the recipient and every signed address are masked."""

    name: str
    written_at: datetime
    to: str
    subject: str
    text: str = ""


def kept(*, page: int = 1) -> tuple[list[Kept], bool]:
    """The mails of the folder, newest first, a page of 50; and whether there are more."""
    if not folder().is_dir():
        return [], False
    found = sorted(
        folder().glob("*.eml"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True
    )
    start = (max(page, 1) - 1) * PAGE
    return [_read(path, parts=False) for path in found[start : start + PAGE]], len(found) > start + PAGE


def kept_one(name: str) -> Kept | None:
    """One mail with its text; None when there is none of that name."""
    path = _path(name)
    return _read(path, parts=True) if path else None


def addresses_in(name: str) -> list[str]:
    """The signed addresses in one mail, whole: for the recipient, and for who plays him in the demo."""
    path = _path(name)
    text = _part(_parsed(path), "plain") if path else ""
    return [found.group(0) for found in re.finditer(rf"{SIGNED.pattern}/?", text)]


def _path(name: str) -> Path | None:
    path = folder() / f"{name}.eml"
    return path if FILE_NAME.match(name) and path.is_file() else None


def _parsed(path: Path) -> ParsedMessage:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(mail, ParsedMessage)
    return mail


def _read(path: Path, *, parts: bool) -> Kept:
    mail = _parsed(path)
    return Kept(
        name=path.stem,
        written_at=parsedate_to_datetime(str(mail["Date"])),
        to=wording.masked(str(mail["To"]), "email"),
        subject=str(mail["Subject"]).strip(),
        text=SIGNED.sub(rf"\1{HIDDEN}", _part(mail, "plain")) if parts else "",
    )


def _part(mail: ParsedMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    return str(found.get_content()) if found is not None else ""
