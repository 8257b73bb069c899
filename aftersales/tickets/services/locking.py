"""A ticket that may still be written to: locked first, judged then."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import moves
from aftersales.core.errors import Busy, DomainError
from aftersales.tickets.models import Ticket, TicketMerge
from aftersales.tickets.states import TicketState

HOPS = 5  # how often a ticket may be merged or taken out again between the question and the lock


def locked_ticket(ticket: Ticket, *, version: int | None = None, actor: Any = None) -> Ticket:
    """The ticket as it stands, locked until the transaction ends; every service judges it only now.

    Raises sealed, gone, Busy, and Conflict when ``version`` (the one the person looked at) is stale; ``actor`` is who
    makes a move, as in ``moves.locked``.
    """
    current = moves.locked(ticket, version=version, actor=actor)
    refuse_sealed(current)
    return current


def standing_ticket(ticket: Ticket) -> Ticket:
    """The ticket in which what arrives at this one belongs, locked: itself, or the one it was merged into.

    The merged one is not locked meanwhile, so that nobody waits crosswise; whether it is still merged there is asked
    again under the lock of the other, which whoever takes it out again needs as well.
    """
    key = ticket.pk if ticket.state != TicketState.MERGED else root_of(ticket.pk) or ticket.pk
    for _hop in range(HOPS):
        current = locked_ticket(Ticket(pk=key))
        if current.state == TicketState.MERGED:
            key = root_of(key) or key
        elif key != ticket.pk and root_of(ticket.pk) != key:
            key = root_of(ticket.pk) or ticket.pk
        else:
            return current
    raise Busy()


def root_of(ticket_id: int) -> int | None:
    """The ticket that goes on for a merged one; None for a ticket that stands by itself."""
    found: int | None = (
        TicketMerge.objects.filter(ticket_id=ticket_id, undone_at=None)
        .values_list("root_id", flat=True)
        .first()
    )
    return found


def refuse_sealed(ticket: Ticket) -> None:
    """A sealed record cannot change any more, in no way (R5.5)."""
    if ticket.state == TicketState.SEALED:
        raise DomainError(_("The record of this ticket is sealed; please open a new ticket."), "sealed")
