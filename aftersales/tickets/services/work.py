"""Working on a ticket: start, wait, and any declared move from a dialog."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import TicketState

LONGEST_WAIT = timedelta(days=90)  # a later wake-up is a typing error; parts take at most 90 days (law R9)


def ticket_start(*, ticket: Ticket, actor: Any, now: datetime, version: int | None = None) -> Ticket:
    """Begin to work on an assigned ticket."""
    return moves.perform(ticket, "start", actor=actor, now=now, version=version)


def ticket_wait(
    *, ticket: Ticket, wait_for: str, until: datetime, actor: Any, now: datetime, reason: str = ""
) -> Ticket:
    """Wait for somebody until a time; the ticket wakes up by itself then."""
    if until <= now:
        raise DomainError(_("The wake-up time must lie in the future."), "until")
    if until - now > LONGEST_WAIT:
        raise DomainError(_("A ticket may wait at most 90 days; choose an earlier wake-up time."), "until")
    return moves.perform(ticket, "wait", actor=actor, now=now, reason=reason, wait_for=wait_for, until=until)


def ensure_started(ticket: Ticket, *, actor: Any, now: datetime) -> Ticket:
    """Whoever answers or resolves has begun: an assigned ticket is started, a waiting one goes on."""
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
