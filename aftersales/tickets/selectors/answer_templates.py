"""Answer templates for the reply box: which fit a ticket, and what their blanks say on it to this reader."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.customers.models import Contact
from aftersales.customers.states import ContactKind
from aftersales.merchants.models import MerchantContact
from aftersales.notices.rules import say
from aftersales.orders.selectors import OrderCard, order_card
from aftersales.tickets import answering
from aftersales.tickets.answering import VARIABLES
from aftersales.tickets.models import AnswerTemplate, Ticket
from aftersales.tickets.states import NO_DUE

SHOWN = 300


@dataclass(frozen=True)
class Missing:
    """A blank that stays: which, and why."""

    name: str
    label: str
    why: str


@dataclass(frozen=True)
class Filled:
    """A template's text for one ticket; what could not be filled stands in it as it was."""

    text: str
    missing: Sequence[Missing]


def fitting(ticket: Ticket, user: Any) -> list[AnswerTemplate]:
    """The templates this person may use here: for the ticket's kind, then for all kinds, then the others. One query."""
    rows = AnswerTemplate.objects.visible_to(user).in_use().order_by("code")[:SHOWN]
    return sorted(rows, key=lambda row: (_distance(row, ticket), row.scope != "own", row.code))


def _distance(row: AnswerTemplate, ticket: Ticket) -> int:
    """How far a template is from the ticket's kind; 2 is found by typing only."""
    return 1 if not row.kinds else 0 if ticket.kind in row.kinds else 2


def fits(row: AnswerTemplate, ticket: Ticket) -> bool:
    return _distance(row, ticket) < 2


def language_for(ticket: Ticket, voice: str) -> str:
    """The language of whoever reads it: the first one the customer or the merchant named, else Chinese."""
    reader: Any = ticket.merchant if voice == "merchant" else ticket.customer
    return "en" if reader is not None and [*reader.languages, "zh"][0].startswith("en") else "zh-hans"


def filled(template: AnswerTemplate, ticket: Ticket, user: Any, now: datetime, *, voice: str) -> Filled:
    """The text with what this person may see on the ticket; personal data as masked as the page shows it."""
    language = language_for(ticket, voice)
    text = template.body(language)
    wanted = answering.blanks(text)
    refused = {name for name in wanted if name in VARIABLES and not _may(user, name)}
    with translation.override(language):
        values = values_of(ticket, user, now, set(wanted))
    missing = [
        Missing(name, str(VARIABLES[name].label) if name in VARIABLES else name, _why(name, refused))
        for name in wanted
        if not values.get(name)
    ]
    return Filled(answering.fill(text, values), missing)


def _may(user: Any, name: str) -> bool:
    needed = VARIABLES[name].capability
    return not needed or user.has_perm(needed)


def _why(name: str, refused: set[str]) -> str:
    if name in refused:
        return _("you may not see it")
    return _("nothing is known") if name in VARIABLES else _("there is no such blank")


def values_of(ticket: Ticket, user: Any, now: datetime, asked: Collection[str]) -> dict[str, str]:
    """What the wanted blanks say to this person; only what is asked for is read."""
    wanted = {name for name in asked if name in VARIABLES and _may(user, name)}
    values = {
        "number": ticket.number, "problem": ticket.subject, "agent": str(user), "today": say(timezone.localdate(now)),
        "contact": settings.SERVICE_CONTACT, "merchant": ticket.merchant.name if ticket.merchant else "",
        "customer": ticket.customer.masked_name if ticket.customer else "",
        "due": say(ticket.next_due_at) if now < ticket.next_due_at < NO_DUE else "",
    }  # fmt: skip
    if wanted & ORDER and ticket.order_id:
        values |= _of_order(order_card(ticket.order_id))
    if "phone" in wanted and ticket.customer_id:
        values["phone"] = _phone(ticket.customer_id)
    if "merchant_phone" in wanted and ticket.merchant_id:
        values["merchant_phone"] = _merchant_phone(ticket.merchant_id)
    return {name: value for name, value in values.items() if name in wanted and value}


ORDER = {"order", "product", "paid", "carrier", "tracking", "arrival"}


def _of_order(card: OrderCard | None) -> dict[str, str]:
    if card is None:
        return {}
    parcel = card.shipments[-1] if card.shipments else None
    values = {
        "order": card.order.external_no,
        "product": "、".join(dict.fromkeys(line.name for line in card.lines if not line.gift)),
        "paid": wording.money(card.order.paid, card.order.currency),
    }
    if parcel is not None:
        values |= {
            "carrier": parcel.carrier, "tracking": parcel.tracking_no,
            "arrival": say(timezone.localdate(parcel.promised_at)) if parcel.promised_at else "",
        }  # fmt: skip
    return values


def _phone(customer_id: int) -> str:
    contacts = Contact.objects.present().filter(customer_id=customer_id, kind=ContactKind.PHONE)
    first = contacts.order_by("-preferred", "pk").first()
    return first.masked if first else ""


def _merchant_phone(merchant_id: int) -> str:
    contact = MerchantContact.objects.filter(merchant_id=merchant_id).exclude(phone="").order_by("pk").first()
    return str(contact.phone) if contact else ""
