"""Fetching letters from a mailbox: by UID, one after the other, marked only after our row is committed.

A crash between the two, or a second process at the same mailbox, brings the same letter again, which is recognised.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

TIMEOUT = 20  # seconds for each answer of the server
BATCH = 200  # letters of one visit; the rest waits for the next
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
QUOTED = re.compile(
    rb'BODY\[\](?:<\d+>)? (?:NIL|"((?:[^"\\]|\\.)*)")', re.IGNORECASE
)  # a short or empty body
Keep = Callable[[bytes], bool]


def fetch(keep: Keep, *, largest: int) -> int:
    """Give every new letter to ``keep`` and mark what it kept; answers how many. Raises what imaplib raises."""
    taken = 0
    with _mailbox() as box:
        for uid in _uids(box)[:BATCH]:
            raw = _letter(box, uid, largest)
            if raw is not None and keep(raw):
                _done(box, uid)
                taken += 1
    return taken


@contextmanager
def _mailbox() -> Iterator[imaplib.IMAP4]:
    context = ssl.create_default_context()
    box: imaplib.IMAP4
    if settings.IMAP_SECURITY == "tls":
        box = imaplib.IMAP4_SSL(settings.IMAP_HOST, settings.IMAP_PORT, ssl_context=context, timeout=TIMEOUT)
    else:
        box = imaplib.IMAP4(settings.IMAP_HOST, settings.IMAP_PORT, timeout=TIMEOUT)
    try:
        if settings.IMAP_SECURITY == "starttls":
            box.starttls(context)
        box.login(settings.IMAP_USER, settings.IMAP_PASSWORD)
        _said(box.select(_quoted(settings.IMAP_FOLDER)))
        yield box
    finally:
        try:
            box.logout()
        except (OSError, imaplib.IMAP4.error):
            box.shutdown()


def _said(answer: tuple[str, Any]) -> list[Any]:
    kind, found = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"the mailbox answered {kind}")
    return list(found)


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _uids(box: imaplib.IMAP4) -> list[bytes]:
    """Letters nobody marked yet, the oldest first."""
    wanted = ("UNDELETED",) if settings.IMAP_DONE else ("UNSEEN", "UNDELETED")
    found = _said(box.uid("SEARCH", *wanted))
    listed = found[0] if found else b""
    return sorted((listed if isinstance(listed, bytes) else b"").split(), key=int)


def _letter(box: imaplib.IMAP4, uid: bytes, largest: int) -> bytes | None:
    """One letter; of a too large one only so much that its size shows. None when it was not given: somebody took it."""
    name = uid.decode()
    sized = SIZE.search(b" ".join(_bytes(_said(box.uid("FETCH", name, "(RFC822.SIZE)")))))
    if sized is None:
        return None
    part = "(BODY.PEEK[])" if int(sized.group(1)) <= largest else f"(BODY.PEEK[]<0.{largest + 1}>)"
    for one in _said(box.uid("FETCH", name, part)):
        if isinstance(one, tuple) and isinstance(one[1], bytes):
            return one[1]
        if isinstance(one, bytes) and (said := QUOTED.search(one)):
            return re.sub(rb"\\(.)", rb"\1", said.group(1) or b"")
    return None


def _bytes(found: list[Any]) -> Iterator[bytes]:
    for one in found:
        if isinstance(one, bytes):
            yield one
        elif isinstance(one, tuple):
            yield from (part for part in one if isinstance(part, bytes))


def _done(box: imaplib.IMAP4, uid: bytes) -> None:
    """Move it, or mark it as read; what another process moved meanwhile is done as well."""
    name = uid.decode()
    if not settings.IMAP_DONE:
        box.uid("STORE", name, "+FLAGS.SILENT", r"(\Seen)")
        return
    if "MOVE" in box.capabilities:
        box.uid("MOVE", name, _quoted(settings.IMAP_DONE))
    elif box.uid("COPY", name, _quoted(settings.IMAP_DONE))[0] == "OK":
        box.uid("STORE", name, "+FLAGS.SILENT", r"(\Deleted)")
        box.expunge()
