"""Answer templates for the reply box: which fit a ticket, and what their blanks say on it to this reader."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from aftersales.core import facts as ask_facts
from aftersales.core import wording
from aftersales.customers.models import Contact
from aftersales.customers.states import ContactKind
from aftersales.merchants.models import MerchantContact
from aftersales.notices.rules import say
from aftersales.orders.selectors import OrderCard, order_cards
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
    read_facts([ticket], wanted, now)
    facts = ticket.__dict__[FACTS]
    if wanted & ORDER:
        values |= _of_order(facts["order"])
    values |= {name: facts[name] for name in PHONES if name in wanted}
    if wanted & REPLACEMENT:
        values |= facts["replacement"]
    if "assignee" in wanted and ticket.assignee:
        values["assignee"] = str(ticket.assignee)
    return {name: value for name, value in values.items() if name in wanted and value}


def read_facts(tickets: Sequence[Ticket], asked: Collection[str], now: datetime) -> None:
    """What these blanks need beyond the rows themselves, kept with them: four queries at most, however many they are.

    Read already, nothing is read again: a page that shows many tickets asks for all of them before the first text.
    """
    if ORDER & set(asked):
        _keep(tickets, "order", "order_id", order_cards)
    if REPLACEMENT & set(asked):
        _keep_replacements(tickets, now)
    for name, (column, found) in PHONES.items():
        if name in asked:
            _keep(tickets, name, column, found)
    for one in tickets:
        one.__dict__.setdefault(FACTS, {})


def _keep(
    tickets: Sequence[Ticket], name: str, column: str, found: Callable[[Collection[int]], Mapping[int, Any]]
) -> None:
    new = [one for one in tickets if name not in one.__dict__.get(FACTS, {})]
    keys = {key for one in new if (key := getattr(one, column))}
    known = found(keys) if keys else {}
    for one in new:
        one.__dict__.setdefault(FACTS, {})[name] = known.get(getattr(one, column))


def _keep_replacements(tickets: Sequence[Ticket], now: datetime) -> None:
    """What goes out in exchange, as the room of cases knows it; never the parcel of the order itself."""
    new = [one for one in tickets if "replacement" not in one.__dict__.get(FACTS, {})]
    sent = ask_facts.ask_one("tickets.replacement", new, now) if new else {}
    for one in new:
        one.__dict__.setdefault(FACTS, {})["replacement"] = sent.get(one.pk, {})


FACTS = "blank_facts"
REPLACEMENT = {"new_product", "new_carrier", "new_tracking"}
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


def _phones(customers: Collection[int]) -> dict[int, str]:
    """The masked number of each customer, the preferred one first."""
    contacts = Contact.objects.present().filter(customer__in=customers, kind=ContactKind.PHONE)
    first = contacts.order_by("customer_id", "-preferred", "pk").distinct("customer_id")
    return {one.customer_id: one.masked for one in first}


def _merchant_phones(merchants: Collection[int]) -> dict[int, str]:
    contacts = MerchantContact.objects.filter(merchant__in=merchants).exclude(phone="")
    first = contacts.order_by("merchant_id", "pk").distinct("merchant_id")
    return {one.merchant_id: str(one.phone) for one in first}


PHONES = {"phone": ("customer_id", _phones), "merchant_phone": ("merchant_id", _merchant_phones)}
