"""Whom a ticket concerns of the merchants: each has a row, which is his grant to see his part of it."""

from aftersales.tickets.models import Ticket, TicketParty


def merchant_concerned(ticket: Ticket, merchant_id: int | None) -> None:
    """From now on the ticket concerns this merchant too; nothing when it does already, as its own one."""
    if merchant_id not in (None, ticket.merchant_id):
        TicketParty.objects.get_or_create(ticket=ticket, merchant_id=merchant_id)
