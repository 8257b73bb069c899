"""One box for everything: what somebody typed is a number of something, a word, or both; each way has its index.

Every answer is scoped to the reader and ends: a way stops at its cap, nothing is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Collate, Reverse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import pgettext

from accounts.models import User
from aftersales.core.components.text import escape
from aftersales.customers.models import Customer
from aftersales.customers.selectors import find as customers_by_key
from aftersales.desk import rows as queue_rows
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, Shipment
from aftersales.tickets.looks import state_badge
from aftersales.tickets.models import ArchiveRecord, Ticket
from aftersales.tickets.selectors import words as texts
from aftersales.tickets.states import ACTIVE_STATES, OPEN_STATES, TicketState

LONGEST = 80
TAIL = 4  # digits from which on the end of a number says something
ARCHIVE = (TicketState.ARCHIVED, TicketState.SEALED)
AROUND = 28  # characters before the hit in a line of context


@dataclass(frozen=True)
class Hit:
    """One line of the answer. ``title`` and ``said`` are safe HTML with the words marked."""

    url: str
    title: SafeString
    note: str = ""
    said: SafeString = SafeString("")
    mark: SafeString = SafeString("")
    pk: int = 0


@dataclass(frozen=True)
class Group:
    """The hits of one type; ``more`` when the cap was reached."""

    code: str
    label: str
    hits: Sequence[Hit]
    more: bool = False


@dataclass(frozen=True)
class Wanted:
    """What was typed, and how the tickets among the hits are narrowed."""

    text: str
    user: Any
    most: int = 20
    archive: bool = True  # the whole page looks there and leaves a trace; suggestions do not
    narrowed: dict[str, Any] = field(default_factory=dict)

    @property
    def digits(self) -> str:
        """The digits, when what was typed is a number: telephone, order, tail."""
        bare = re.sub(r"[\s\-+()]", "", self.text)
        return bare if bare.isascii() and bare.isdigit() else ""

    @property
    def number_like(self) -> bool:
        return texts.looks_like_number(self.text.lower())


def exact_ticket(wanted: Wanted) -> str:
    """The number of the one ticket that was typed whole, or "": that opens at once."""
    number = wanted.text.upper()
    if not re.match(r"^[A-Z]{2}\d{2}", number):
        return ""
    found = Ticket.objects.visible_to(wanted.user).filter(number=number).values_list("number", flat=True)
    return found.first() or ""


def find(wanted: Wanted) -> list[Group]:
    """The groups that have hits, tickets first."""
    return [group for way in WAYS if (group := way(wanted)) is not None and group.hits]


# Tickets


def _tickets(wanted: Wanted) -> Group | None:
    seen = Ticket.objects.visible_to(wanted.user).filter(**wanted.narrowed)
    if not wanted.archive:
        seen = seen.exclude(state__in=ARCHIVE)
    keys: dict[int, int] = {}
    for rank, way in enumerate(_by_number(wanted, seen)):
        for pk in way.order_by("-id").values_list("pk", flat=True)[: wanted.most + 1]:
            keys.setdefault(pk, rank)
    held: set[int] = set()
    if len(keys) <= wanted.most and not (keys and wanted.number_like):
        held = {*texts.tickets_holding(seen, wanted.text, most=200)}
    rows = list(_lines(seen.filter(pk__in={*keys, *held})))
    said = texts.said_in([row["pk"] for row in rows], wanted.text) if held else {}
    rows.sort(key=lambda row: _rank(row, keys, said, wanted.user))
    hits = [_ticket(row, said.get(row["pk"]), wanted) for row in rows[: wanted.most]]
    return Group("tickets", pgettext("search", "Tickets"), hits, len(rows) > wanted.most)


def _by_number(wanted: Wanted, seen: QuerySet[Ticket]) -> Iterator[QuerySet[Ticket]]:
    """The ways of a number, the surest first. OR-ed together they would read every ticket."""
    text, digits = wanted.text, wanted.digits
    if re.match(r"^[A-Za-z]{2}\d", text):
        yield seen.filter(number__startswith=text.upper())
        if wanted.archive:
            yield seen.filter(pk__in=_records(wanted, text).values("ticket"))
    if texts.looks_like_number(text.lower()) and " " not in text:
        yield seen.filter(order__in=Order.objects.filter(external_no=text).values("pk"))
        parcels = Shipment.objects.filter(tracking_no=text).exclude(tracking_no="")
        yield seen.filter(order__in=parcels.values("order_id"))
    if len(digits) >= TAIL:
        tail = digits[::-1]
        yield seen.alias(backwards=Collate(Reverse("number"), "C")).filter(backwards__startswith=tail)
        ends = Order.objects.alias(backwards=Collate(Reverse("external_no"), "C")).filter(
            backwards__startswith=tail
        )
        yield seen.filter(order__in=list(ends.order_by("-id").values_list("pk", flat=True)[:100]))
    customers = customers_by_key(digits or text)
    if customers:
        yield seen.filter(customer__in=customers)
    if len(text) >= 2 and not digits:
        named = Customer.objects.filter(name=text).values_list("pk", flat=True)[:50]
        if found := list(named):
            yield seen.filter(customer__in=found)


def _lines(rows: QuerySet[Ticket]) -> QuerySet[Any]:
    return rows.values(
        "pk", "number", "subject", "state", "wait_for", "assignee_id", "assignee__display_name", "merchant__name",
    )  # fmt: skip


NO_NUMBER = 99


def _rank(row: Any, keys: dict[int, int], said: dict[int, texts.Said], user: Any) -> tuple[int, ...]:
    """A number before words; then open before ended, one's own, the telling part, the newest."""
    found = said.get(row["pk"])
    return (
        keys.get(row["pk"], NO_NUMBER), row["state"] not in ACTIVE_STATES, row["state"] not in OPEN_STATES,
        row["assignee_id"] != user.pk, -(texts.weight(found.part) if found else 0), -row["pk"],
    )  # fmt: skip


def _ticket(row: Any, said: texts.Said | None, wanted: Wanted) -> Hit:
    people = [row["merchant__name"], row["assignee__display_name"]]
    context = said is not None and said.part != "first"
    return Hit(
        queue_rows.ticket_url(row["number"]), marked(row["subject"], wanted.text),
        " · ".join([row["number"], *(one for one in people if one)]),
        said=snippet(said.text, wanted.text) if said and context else SafeString(""),
        mark=state_badge(row["state"], row["wait_for"]), pk=row["pk"],
    )  # fmt: skip


# Everything else


def _records(wanted: Wanted, text: str) -> QuerySet[Any]:
    rows = ArchiveRecord.objects.visible_to(wanted.user)
    return rows.filter(number__startswith=text.upper())  # type: ignore[no-any-return]


def _archive(wanted: Wanted) -> Group | None:
    if not (wanted.archive and re.match(r"^[A-Za-z]{2}\d", wanted.text)) or not wanted.user.has_perm(
        "desk.archive"
    ):
        return None
    found = list(_records(wanted, wanted.text).select_related("ticket").order_by("-id")[: wanted.most + 1])
    hits = [
        Hit(reverse("desk:record", args=[row.public_id]), marked(row.number, wanted.text), row.ticket.subject)
        for row in found
    ]
    return _group("archive", pgettext("search", "Archive records"), hits, wanted)


def _orders(wanted: Wanted) -> Group | None:
    if not wanted.number_like or not wanted.user.has_perm("orders.view_order"):
        return None
    rows = Order.objects.visible_to(wanted.user)
    exact = Q(external_no=wanted.text)
    if found := list(rows.filter(exact).order_by("-id")[: wanted.most]):
        pass
    elif len(wanted.digits) >= TAIL:
        ends = rows.alias(backwards=Collate(Reverse("external_no"), "C")).filter(
            backwards__startswith=wanted.digits[::-1]
        )
        found = list(ends.order_by("-id")[: wanted.most + 1])
    hits = [
        Hit(
            _page("orders_order", row.pk), marked(row.external_no, wanted.text), str(row.get_status_display())
        )
        for row in found
    ]
    return _group("orders", pgettext("search", "Orders"), hits, wanted)


def _parcels(wanted: Wanted) -> Group | None:
    if not wanted.number_like or not wanted.user.has_perm("orders.view_shipment"):
        return None
    rows = Shipment.objects.visible_to(wanted.user).filter(tracking_no=wanted.text).exclude(tracking_no="")
    hits = [
        Hit(_page("orders_shipment", row.pk), marked(row.tracking_no, wanted.text), f"{row.carrier}")
        for row in rows.order_by("-id")[: wanted.most + 1]
    ]
    return _group("parcels", pgettext("search", "Parcels"), hits, wanted)


def _customers(wanted: Wanted) -> Group | None:
    """By code, account, whole name, whole telephone number or its last four digits; the name stays masked."""
    if not wanted.user.has_perm("customers.view_customer"):
        return None
    keys = customers_by_key(wanted.digits or wanted.text)
    if not wanted.digits and len(wanted.text) >= 2:
        keys |= {*Customer.objects.filter(name=wanted.text).values_list("pk", flat=True)[:50]}
    rows = Customer.objects.visible_to(wanted.user).filter(pk__in=keys) if keys else Customer.objects.none()
    hits = [
        Hit(_page("customers_customer", row.pk), SafeString(escape(row.masked_name)), row.code)
        for row in rows.order_by("-id")[: wanted.most + 1]
    ]
    return _group("customers", pgettext("search", "Customers"), hits, wanted)


def _merchants(wanted: Wanted) -> Group | None:
    """By code or the beginning of the name."""
    if len(wanted.text) < 2 or not wanted.user.has_perm("merchants.view_merchant"):
        return None
    seen = Merchant.objects.visible_to(wanted.user)
    exact = seen.filter(Q(code=wanted.text) | Q(name=wanted.text))
    start = seen.filter(name__gte=wanted.text, name__lt=wanted.text + "\U0010ffff")
    found = {row.pk: row for way in (exact, start) for row in way.order_by("name")[: wanted.most + 1]}
    hits = [
        Hit(_page("merchants_merchant", row.pk), marked(row.name, wanted.text), row.code)
        for row in found.values()
    ]
    return _group("merchants", pgettext("search", "Merchants"), hits, wanted)


def _people(wanted: Wanted) -> Group | None:
    """Colleagues by name: the list of their tickets."""
    if len(wanted.text) < 2 or wanted.digits:
        return None
    rows = User.objects.visible_to(wanted.user).people().filter(is_active=True).exclude(username="")
    named = rows.filter(Q(display_name__icontains=wanted.text) | Q(username__iexact=wanted.text))
    hits = [
        Hit(f"{reverse('desk:queue')}?view=all&assignee={row.pk}", marked(row.display_name, wanted.text))
        for row in named.order_by("display_name")[: wanted.most + 1]
        if row.is_staff
    ]
    return _group("people", pgettext("search", "Colleagues"), hits, wanted)


def _group(code: str, label: str, hits: list[Hit], wanted: Wanted) -> Group:
    return Group(code, label, hits[: wanted.most], len(hits) > wanted.most)


def _page(register: str, pk: int) -> str:
    return reverse(f"admin:{register}_change", args=[pk])


WAYS: Sequence[Callable[[Wanted], Group | None]] = (
    _tickets, _archive, _orders, _parcels, _customers, _merchants, _people,
)  # fmt: skip


# Marking


def marked(text: str, words: str) -> SafeString:
    """The text with every place of the words marked. Each piece is escaped by itself: nothing becomes markup."""
    if not words:
        return SafeString(escape(text))
    pieces = re.split(f"({re.escape(words)})", text, flags=re.IGNORECASE)
    parts = (f"<mark>{escape(piece)}</mark>" if at % 2 else escape(piece) for at, piece in enumerate(pieces))
    return mark_safe("".join(parts))  # noqa: S308


def snippet(text: str, words: str, *, longest: int = 120) -> SafeString:
    """One line of the text around the first place of the words."""
    line = " ".join(text.split())
    at = line.lower().find(" ".join(words.lower().split()))
    start = max(0, at - AROUND)
    cut = line[start : start + longest]
    before, after = "…" if start else "", "…" if start + longest < len(line) else ""
    return SafeString(before + marked(cut, words) + after)
