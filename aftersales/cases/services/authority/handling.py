"""Handling a letter: in hand, extended, asked for more, closed, passed on, withdrawn; looking up who reported."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import AuthorityAsk, AuthorityCase, AuthorityDeadline
from aftersales.cases.services.authority.locking import held, refuse_far, tell_ticket, why
from aftersales.cases.services.authority.taking import reopened
from aftersales.clocks.services import deadline_drop, deadline_move, deadline_set
from aftersales.core import events, moves
from aftersales.core.errors import DomainError
from aftersales.standards.states import Promise
from aftersales.tickets.models import Ticket

HANDLE, REVEAL = "cases.handle_letter", "cases.reveal_reporter"


def letter_accept(
    *, letter: AuthorityCase, actor: Any, now: datetime, version: int | None = None
) -> AuthorityCase:
    """Whoever accepts it handles it."""
    with transaction.atomic():
        _ticket, current = held(letter, actor, HANDLE, version=version)
        taken: AuthorityCase = moves.perform(current, "accept", actor=actor, now=now)
    return taken


def letter_hand(
    *, letter: AuthorityCase, to: Any, actor: Any, now: datetime, version: int | None = None
) -> AuthorityCase:
    """Another person handles it from now on. Errors: unfit, wrong_state."""
    with transaction.atomic():
        _ticket, current = held(letter, actor, HANDLE, version=version)
        if not current.is_unanswered or current.handler_id is None:
            raise DomainError(_("It is not in anybody's hand now."), "wrong_state")
        if not (to.is_active and to.has_perm(HANDLE)):
            raise DomainError(_("%(name)s does not handle letters.") % {"name": to}, "unfit")
        handed: AuthorityCase = moves.change(
            current, actor=actor, now=now, event="authority.handed", payload=current.told(handler=to.pk),
            handler_id=to.pk,
        )  # fmt: skip
    return handed


def letter_extend(
    *, letter: AuthorityCase, due_at: datetime, reference: str, actor: Any, now: datetime,
    version: int | None = None,
) -> AuthorityCase:  # fmt: skip
    """The office moved its deadline: the old one stays on record, and a missed one stays missed.

    Errors: reason, wrong_state, due (not later than it is), too_far.
    """
    by = why(reference, _("Say by which paper or call the office moved its deadline."))
    refuse_far(due_at, now)
    with transaction.atomic():
        ticket, current = held(letter, actor, HANDLE, version=version)
        if not current.is_unanswered:
            raise DomainError(_("No reply is owed now, so there is no deadline to move."), "wrong_state")
        if due_at <= max(now, current.due_at):
            raise DomainError(
                _("An extension ends later than the deadline as it stands, and in the future."), "due"
            )
        was, missed = current.due_at, current.due_at < now
        AuthorityDeadline.objects.create(
            letter=current, was_due_at=was, due_at=due_at, missed=missed, reference=by[:120], by=actor, at=now
        )
        clock = deadline_move(clock=current.clock, subject=ticket, due_at=due_at, actor=actor, now=now)
        late_since = current.late_since or (was if missed else None)
        moved: AuthorityCase = moves.change(
            current, actor=actor, now=now, event="authority.extended", due_at=due_at, clock_id=clock.pk,
            late_since=late_since,
            payload=current.told(due_at=due_at.isoformat(), old_due_at=was.isoformat(), late=missed),
        )  # fmt: skip
        tell_ticket(ticket, "ticket.letter_moved", moved, actor=actor, now=now, due_at=due_at.isoformat())
    return moved


def letter_more(
    *, letter: AuthorityCase, due_at: datetime, words: str, actor: Any, now: datetime,
    version: int | None = None,
) -> AuthorityCase:  # fmt: skip
    """The office asks for more after the reply: one is owed again, by a new deadline.

    Errors: reason, due, too_far.
    """
    said = why(words, _("Say what the office asks for."))
    if due_at <= now:
        raise DomainError(_("The new deadline lies in the future."), "due")
    refuse_far(due_at, now)
    with transaction.atomic():
        ticket, current = held(letter, actor, HANDLE, version=version)
        ticket = reopened(ticket, actor=actor, now=now)
        clock = deadline_set(
            subject=ticket, promise=Promise.AUTHORITY_REPLY, due_at=due_at, holder_id=ticket.assignee_id,
            actor=actor, now=now,
        )  # fmt: skip
        again: AuthorityCase = moves.perform(
            current, "ask_more", actor=actor, now=now, reason=said, due_at=due_at, clock_id=clock.pk
        )
        tell_ticket(ticket, "ticket.letter_moved", again, actor=actor, now=now, due_at=due_at.isoformat())
    return again


def letter_close(
    *, letter: AuthorityCase, outcome: str, actor: Any, now: datetime, version: int | None = None
) -> AuthorityCase:
    """Nothing more comes of it. Errors: wrong_state, outcome."""
    with transaction.atomic():
        ticket, current = held(letter, actor, HANDLE, version=version)
        closed: AuthorityCase = moves.perform(current, "close", actor=actor, now=now, outcome=outcome)
        tell_ticket(ticket, "ticket.letter_ended", closed, actor=actor, now=now)
    return closed


def letter_pass_on(
    *, letter: AuthorityCase, to: str, actor: Any, now: datetime, version: int | None = None
) -> AuthorityCase:
    """Another house answers. Errors: reason."""
    said = why(to, _("Say who answers it instead, and who agreed."))
    return _end(letter, "pass_on", said, actor, now, version)


def letter_withdraw(
    *, letter: AuthorityCase, reference: str, actor: Any, now: datetime, version: int | None = None
) -> AuthorityCase:
    """The office wants no reply any more. Errors: reason."""
    said = why(reference, _("Say by which paper or call the office withdrew it."))
    return _end(letter, "withdraw", said, actor, now, version)


def _end(
    letter: AuthorityCase, name: str, reason: str, actor: Any, now: datetime, version: int | None
) -> AuthorityCase:
    with transaction.atomic():
        ticket, current = held(letter, actor, HANDLE, version=version)
        ended: AuthorityCase = moves.perform(current, name, actor=actor, now=now, reason=reason)
        deadline_drop(clock=ended.clock, subject=ticket, actor=actor, now=now)
        ask_end(ticket, ended, actor, now)
        tell_ticket(ticket, "ticket.letter_ended", ended, actor=actor, now=now)
    return ended


def ask_end(ticket: Ticket, letter: AuthorityCase, actor: Any, now: datetime) -> None:
    """What the merchant still owes falls away with the reply; what he missed stays missed."""
    for ask in AuthorityAsk.objects.select_for_update().filter(letter=letter, ended_at=None):
        deadline_drop(clock=ask.clock, subject=ticket, actor=actor, now=now)
        ask.ended_at = now
        ask.save(update_fields=["ended_at"])


def reporter_reveal(*, letter: AuthorityCase, reason: str, actor: Any, now: datetime) -> tuple[str, str]:
    """Name and contact of who reported, once, for a reason that stays on record. Errors: reason, gone, nobody."""
    said = why(reason, _("Say why you need to know who reported."))
    with transaction.atomic():
        _ticket, current = held(letter, actor, REVEAL)
        if not (current.reporter_name or current.reporter_contact):
            raise DomainError(_("Nobody is named as the reporter."), "nobody")
        events.record(
            "authority.reporter_revealed",
            subject=current,
            actor=actor,
            now=now,
            reason=said,
            payload=current.told(),
        )
    return current.reporter_name, current.reporter_contact
