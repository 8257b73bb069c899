"""Whether staff's words reach anybody: what the services act on and the page says beforehand."""

from collections.abc import Collection, Sequence

from aftersales.customers.selectors import way_to, why_no_ways
from aftersales.customers.states import Channel as CustomerChannel
from aftersales.merchants.selectors import notice_contact, notice_emails, why_no_address
from aftersales.notices.selectors import kept_in
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import AskInPerson

ANSWER, ASK = "ticket.answered", "merchant.asked"
"""The messages that carry staff's words to the customer and to the merchant."""


def unheard_because(ticket: Ticket, no_mail: str | None = None, off: Collection[str] | None = None) -> str:
    """Why no message can bring staff's words to the customer, or "" when one can (codes of AskInPerson).

    The services act on it and the page says it beforehand: words that nobody can hear keep no promise (R3.4).
    ``no_mail``: why no e-mail reaches him, and ``off``: the kinds of messages that stay in the house, where a page
    has read that anyway.
    """
    if ticket.historic:
        return AskInPerson.HISTORIC.value
    if ticket.customer_id is None:
        return AskInPerson.NO_CUSTOMER.value
    why = way_to(ticket.customer_id, CustomerChannel.EMAIL).why if no_mail is None else no_mail
    return why or _switched_off(ANSWER, off)


def unheard_among(tickets: Sequence[Ticket]) -> dict[int, str]:
    """``unheard_because`` of many tickets, in three queries however many they are."""
    customers = {one.customer_id for one in tickets if one.customer_id and not one.historic}
    ways = why_no_ways(customers, CustomerChannel.EMAIL) if customers else {}
    off = kept_in(ANSWER) if tickets else set()
    return {one.pk: unheard_because(one, ways.get(one.customer_id or 0, ""), off) for one in tickets}


def merchants_unheard_among(tickets: Sequence[Ticket]) -> dict[int, str]:
    """``merchant_unheard_because`` of many tickets, in two queries."""
    addresses = notice_emails({one.merchant_id for one in tickets if one.merchant_id}) if tickets else {}
    off = kept_in(ASK) if tickets else set()
    for one in tickets:
        one.__dict__["merchant_email"] = addresses.get(one.merchant_id or 0, "")
    return {one.pk: merchant_unheard_because(one, off) for one in tickets}


def merchant_unheard_because(ticket: Ticket, off: Collection[str] | None = None) -> str:
    """The same for a question to the merchant of the ticket.

    A page that read the address with the ticket (``merchant_email``) asks for nothing more.
    """
    if ticket.historic:
        return AskInPerson.HISTORIC.value
    if ticket.merchant_id is None:
        return AskInPerson.NO_ADDRESS.value
    return why_no_address(_merchant_email(ticket)) or _switched_off(ASK, off)


def _merchant_email(ticket: Ticket) -> str | None:
    if "merchant_email" in ticket.__dict__:
        return str(ticket.__dict__["merchant_email"] or "")
    contact = notice_contact(ticket.merchant_id or 0)
    return contact.email if contact else None


def _switched_off(template: str, off: Collection[str] | None) -> str:
    return AskInPerson.OFF.value if template in (kept_in(template) if off is None else off) else ""
