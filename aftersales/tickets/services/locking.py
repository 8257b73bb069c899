"""A ticket that may still be written to: locked first, judged then."""

from django.utils.translation import gettext_lazy as _

from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import TicketState


def locked_ticket(ticket: Ticket, *, version: int | None = None) -> Ticket:
    """The ticket as it stands, locked until the transaction ends; every service judges it only now.

    Raises sealed, gone, Busy, and Conflict when ``version`` (the one the person looked at) is stale.
    """
    current = moves.locked(ticket, version=version)
    refuse_sealed(current)
    return current


def refuse_sealed(ticket: Ticket) -> None:
    """A sealed record cannot change any more, in no way (R5.5)."""
    if ticket.state == TicketState.SEALED:
        raise DomainError(_("The record of this ticket is sealed; please open a new ticket."), "sealed")
