"""The reply to an authority: drafted in versions, approved by another person, noted as sent."""

import hashlib
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.authority import rules
from aftersales.cases.authority.selectors import letter_values
from aftersales.cases.models import AuthorityCase, AuthorityReply
from aftersales.cases.services.authority.handling import ask_end
from aftersales.cases.services.authority.locking import held, tell_ticket, why
from aftersales.clocks.services import deadline_meet
from aftersales.core import moves
from aftersales.core.errors import DomainError

LONGEST = 8000


def reply_draft(
    *, letter: AuthorityCase, text: str, actor: Any, now: datetime, version: int | None = None
) -> AuthorityReply:
    """A new version of the reply; the same text again is no new version. Errors: empty, heading, too_long, variable."""
    said = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not said:
        raise DomainError(_("Write the reply."), "empty")
    if len(said) > LONGEST:
        raise DomainError(_("At most %(n)d characters, please.") % {"n": LONGEST}, "too_long")
    if heading := rules.empty_heading(said):
        raise DomainError(
            _("Nothing stands beneath “%(heading)s”: write it on the next line.") % {"heading": heading},
            "heading",
        )
    with transaction.atomic():
        _ticket, current = held(letter, actor, "cases.handle_letter", version=version)
        words = rules.filled(said, letter_values(current, now))
        drafted: AuthorityCase = moves.perform(current, "draft", actor=actor, now=now)
        row: AuthorityReply = AuthorityReply.objects.create(
            letter=drafted, version=drafted.versions, text=said, words=words, by=actor, at=now,
            sha256=hashlib.sha256(words.encode()).hexdigest(),
        )  # fmt: skip
    return row


def reply_approve(
    *, letter: AuthorityCase, actor: Any, now: datetime, version: int | None = None
) -> AuthorityCase:
    """Another person than the drafter. ``version`` is the one he read. Errors: own_draft."""
    with transaction.atomic():
        _ticket, current = held(letter, actor, "cases.approve_letter", version=version)
        approved: AuthorityCase = moves.perform(current, "approve", actor=actor, now=now)
    return approved


def reply_turn_down(
    *, letter: AuthorityCase, reason: str, actor: Any, now: datetime, version: int | None = None
) -> AuthorityCase:
    """It goes back to whoever drafted it. Errors: reason, own_draft."""
    said = why(reason, _("Say what is to be changed."))
    with transaction.atomic():
        _ticket, current = held(letter, actor, "cases.approve_letter", version=version)
        back: AuthorityCase = moves.perform(current, "turn_down", actor=actor, now=now, reason=said)
    return back


def reply_sent(
    *, letter: AuthorityCase, sent_by: str, reference: str, actor: Any, now: datetime,
    sent_at: datetime | None = None, version: int | None = None,
) -> AuthorityCase:  # fmt: skip
    """The approved reply left the house. It counts when it is noted. Errors: reason, sent_at."""
    said = why(
        reference, _("Say the reference of the sending: receipt, number of the parcel, number in the portal.")
    )
    with transaction.atomic():
        ticket, current = held(letter, actor, "cases.handle_letter", version=version)
        if sent_at is not None and (sent_at > now or (current.approved_at and sent_at < current.approved_at)):
            raise DomainError(_("It was sent after it was approved, and not in the future."), "sent_at")
        sent: AuthorityCase = moves.perform(
            current, "reply", actor=actor, now=now, sent_by=sent_by, reference=said[:120],
            sent_at=sent_at,
        )  # fmt: skip
        deadline_meet(clock=sent.clock, subject=ticket, actor=actor, now=now)
        ask_end(ticket, sent, actor, now)
        tell_ticket(ticket, "ticket.letter_replied", sent, actor=actor, now=now)
    return sent
