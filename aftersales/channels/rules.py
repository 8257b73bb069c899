"""What a letter is, judged by itself: automatic, ours, a report. Pure functions."""

from __future__ import annotations

import re

from aftersales.channels.letters.reading import Letter
from aftersales.channels.states import Why

NUMBER = re.compile(r"\bTK\d{4}-\d{4,9}\b", re.IGNORECASE)
FAILED = re.compile(r"^Action:\s*failed\b", re.IGNORECASE | re.MULTILINE)
AUTOMATS = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)
BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
# Set by programs that answer by themselves; none of them stands on a letter that a person wrote.
AUTOMATIC = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponse", "x-vacation")
LOOP = "x-aftersales-loop"


def is_report(letter: Letter) -> bool:
    """A report of a mail server about a message (RFC 3464), or an old one that only looks like it."""
    kind = letter.headers.get("content-type", "").lower()
    return bool(letter.report) or ("multipart/report" in kind and "delivery-status" in kind)


def quiet_because(letter: Letter, own: frozenset[str]) -> str:
    """Why nobody has to answer this letter, or "": it was not written by a person (RFC 3834), or by ourselves."""
    said = letter.headers
    if LOOP in said or letter.sender.lower() in own:
        return Why.LOOP
    if "list-id" in said or said.get("precedence", "").lower() in BULK - {"auto_reply"}:
        return Why.LIST
    submitted = said.get("auto-submitted", "no").lower().partition(";")[0].strip()
    automatic = submitted not in ("no", "") or said.get("precedence", "").lower() == "auto_reply"
    nobody = said.get("return-path", "").strip() == "<>" or AUTOMATS.match(letter.sender)
    return Why.AUTO if automatic or nobody or any(name in said for name in AUTOMATIC) else ""


def has_failed(letter: Letter) -> bool:
    """Whether a report says that the message will not arrive; a delay is no failure."""
    return bool(FAILED.search(letter.report))


def numbers_named(letter: Letter) -> list[str]:
    """Ticket numbers in the subject, which anybody can write: a hint for a person, never a proof."""
    return [found.upper() for found in NUMBER.findall(letter.subject)[:3]]
