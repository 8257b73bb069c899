"""Answers about customers for other rooms. Values leave this room only for sending, never for showing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import F

from .models import Contact, Customer, CustomerAccount
from .rules import CHANNEL_CONTACT, Way, search_key, way_among
from .states import Channel, ContactKind


def way_to(customer_id: int, channel: str, *, care: bool = False) -> Way:
    """The contact to write to on this channel, the preferred one first, or why there is none.

    ``care``: a message he may refuse; one about his own problem always goes (see ``rules.way_among``). Two queries.
    """
    customer = Customer.objects.get(pk=customer_id)
    kind = CHANNEL_CONTACT[Channel(channel)]
    contacts = (
        Contact.objects.present()
        .filter(customer=customer, kind=kind)
        .order_by(F("bounced_at").desc(nulls_first=True), "-preferred", "pk")
    )
    return way_among(customer, contacts[:1], channel, care=care)


def why_no_ways(customer_ids: Collection[int], channel: str) -> dict[int, str]:
    """The same answer for many customers at once: why no word about their own problems reaches them. Two queries."""
    kind = CHANNEL_CONTACT[Channel(channel)]
    order = ("customer", F("bounced_at").desc(nulls_first=True), "-preferred", "pk")
    rows = Contact.objects.present().filter(customer__in=customer_ids, kind=kind).order_by(*order)
    contacts: dict[int, list[Contact]] = defaultdict(list)
    for row in rows:
        contacts[row.customer_id].append(row)
    customers = Customer.objects.filter(pk__in=customer_ids)
    return {one.pk: way_among(one, contacts[one.pk][:1], channel).why for one in customers}


def why_no_way(customer: Customer, contacts: Iterable[Contact], channel: str) -> str:
    """The same from rows a page has read anyway: why no word about his own problem reaches him, or ""."""
    return way_among(customer, contacts, channel).why


def language_of(customer_id: int) -> str:
    """The language to write in: the first the customer named, else empty (the market's)."""
    languages = Customer.objects.filter(pk=customer_id).values_list("languages", flat=True).first()
    return languages[0] if languages else ""


FOUND = 50


def find(words: str) -> set[int]:
    """Keys of customers by an exact key: code, account id, whole telephone number or its tail.

    A part of a name is no key: names are shown masked and cannot be tried out.
    """
    keys = [
        Customer.objects.filter(code=words).values_list("pk", flat=True),
        CustomerAccount.objects.filter(external_id=words).values_list("customer_id", flat=True),
    ]
    found = {pk for rows in keys for pk in rows[:FOUND]}
    return found | set(find_by_phone(words)) if search_key(ContactKind.PHONE, words) else found


def owners_of(kind: str, value: str, *, limit: int = 10) -> list[Customer]:
    """Present customers who have exactly this contact; the caller decides what several of them mean."""
    key = search_key(kind, value)
    if not key:
        return []
    here = Contact.objects.present().filter(kind=kind, search_key=key, customer__erased_at=None)
    return list(Customer.objects.filter(pk__in=here.values("customer_id")[:limit]).order_by("pk"))


def find_by_phone(text: str) -> list[int]:
    """Keys of customers by a whole number or its last four digits; at most 50."""
    return list(
        Contact.objects.present().phone_like(text).values_list("customer_id", flat=True).distinct()[:50]
    )
