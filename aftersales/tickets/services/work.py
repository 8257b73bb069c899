"""Working on a ticket: start, wait, and any declared move from a dialog."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.states import Kind
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.standards.selectors import duration
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.waits import wait_note
from aftersales.tickets.states import TicketState


def ticket_start(*, ticket: Ticket, actor: Any, now: datetime, version: int | None = None) -> Ticket:
    """Begin to work on an assigned ticket."""
    return moves.perform(ticket, "start", actor=actor, now=now, version=version)


def ticket_wait(
    *,
    ticket: Ticket,
    wait_for: str,
    until: datetime,
    actor: Any,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    expects: str = "",
    next_person: User | None = None,
) -> Ticket:
    """Wait for somebody until a time; the ticket wakes up by itself then.

    ``expects``: which answer, in a few words. ``next_person`` goes on with it then; without one the assignee does.
    """
    if until <= now:
        raise DomainError(_("The wake-up time must lie in the future."), "until")
    refuse_too_long(until, now)
    with transaction.atomic():
        waiting = moves.perform(
            ticket,
            "wait",
            actor=actor,
            now=now,
            reason=reason,
            version=version,
            wait_for=wait_for,
            until=until,
        )
        wait_note(
            ticket=waiting, wait_for=wait_for, until=until, expects=expects, next_person=next_person, now=now
        )
    return waiting


def refuse_too_long(until: datetime, now: datetime) -> None:
    """A wake-up later than the rule book's longest wait is a typing error."""
    longest = duration("longest_wait_days", now)
    if until - now > longest:
        raise DomainError(
            _("A ticket may wait at most %(days)d days; choose an earlier wake-up time.")
            % {"days": longest.days},
            "until",
        )


def begins_by_words(ticket: Ticket, actor: Any) -> bool:
    """Whose words to the customer begin the work: the assignee's, or of a person who works on any. No machine's."""
    mine = ticket.assignee_id == actor.pk or actor.has_perm("tickets.work_any")
    return bool(mine and actor.kind != Kind.MACHINE)


def ensure_started(ticket: Ticket, *, actor: Any, now: datetime) -> Ticket:
    """Whoever answers or resolves an assigned ticket has begun to work on it.

    A waiting one goes on waiting while it is only answered: a reminder to the customer or news to him is not what the
    ticket waits for, and the clocks that pause for the wait must not run because somebody was polite. It goes on by
    the awaited word, by its wake-up time, by *go on*, or ends at once by *resolve*.
    """
    if ticket.state == TicketState.ASSIGNED:
        return moves.perform(ticket, "start", actor=actor, now=now)
    return ticket


def ticket_move(
    *,
    ticket: Ticket,
    name: str,
    actor: Any,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    **data: Any,
) -> Ticket:
    """A declared move that needs nothing but its data; moves with more to do have a service of their own."""
    return moves.perform(ticket, name, actor=actor, now=now, reason=reason, version=version, **data)
