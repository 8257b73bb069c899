"""What the receiving desk finds and shows: parcels by what a scanner reads, the unknown shelf and who may own it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from aftersales.cases.models import Case, CaseParcel, ParcelItem, ParcelPhoto, UnknownParcel
from aftersales.cases.services.parcels import waybill
from aftersales.cases.states import HERE, CaseState, Direction, ParcelState
from aftersales.core.errors import DomainError
from aftersales.customers.models import Contact
from aftersales.customers.states import ContactKind
from aftersales.desk.cases import ParcelCard, parcel_badge
from aftersales.standards.selectors import duration

FOUND = 20
SHELF = 100
COMING = (ParcelState.AWAITED, ParcelState.IN_TRANSIT, ParcelState.EXPIRED, ParcelState.LOST)


@dataclass(frozen=True)
class Found:
    """What one scan leads to."""

    parcels: Sequence[ParcelCard] = ()
    cases: Sequence[Case] = ()  # cases without a parcel of their own
    unknown: UnknownParcel | None = None
    number: str = ""


@dataclass(frozen=True)
class Piece:
    """One item on the desk's screen, with what is known of it."""

    item: ParcelItem
    photos: Sequence[ParcelPhoto] = field(default_factory=list)

    @property
    def name(self) -> str:
        line = self.item.case_line.line
        return str(line.product_name or line.sku)

    @property
    def room(self) -> int:
        """How many more may be counted."""
        return int(self.item.case_line.approved - self.item.case_line.received)

    @property
    def expected(self) -> int:
        """How many of them this parcel is said to hold still."""
        return int(max(min(self.item.announced - self.item.received, self.room), 0))


def find(user: Any, text: str) -> Found:
    """By waybill first, then by the number of a case, an order or a ticket: what lies before the scanner."""
    words = text.replace("\x00", "").strip()[:80]
    number = _waybill(words)
    parcels = CaseParcel.objects.visible_to(user)
    rows = parcels.filter(Q(tracking_no=number) | Q(back_tracking_no=number)) if number else parcels.none()
    found = _wide(rows)
    if not found:
        cases = list(_cases(user, words))
        found = _wide(parcels.filter(Q(case__in=cases) | Q(items__case_line__case__in=cases)))
        known = {one.case_id for one in found}
        bare = [one for one in cases if one.pk not in known]
    else:
        bare = []
    unknown = (
        UnknownParcel.objects.visible_to(user).on_shelf().filter(tracking_no=number).first()
        if number
        else None
    )
    return Found([_card(one) for one in found], bare, unknown, number)


def _waybill(text: str) -> str:
    try:
        return waybill(text)
    except DomainError:
        return ""


def _cases(user: Any, words: str) -> QuerySet[Case]:
    mine = Case.objects.visible_to(user).select_related("ticket", "order")
    named = Q(number=words.upper()) | Q(order__external_no=words) | Q(ticket__number=words.upper())
    found: QuerySet[Case] = mine.filter(named).order_by("-id")[:FOUND]
    return found


def _wide(rows: QuerySet[CaseParcel]) -> list[CaseParcel]:
    wide = rows.select_related("case__order", "case__merchant", "case__ticket").distinct()
    return list(
        wide.prefetch_related("items__case_line__line", "items__case_line__case").order_by("-id")[:FOUND]
    )


def _card(parcel: CaseParcel) -> ParcelCard:
    return ParcelCard(parcel, parcel_badge(parcel), list(parcel.items.all()))


def to_do(user: Any, homeward: Iterable[int] = ()) -> list[ParcelCard]:
    """What lies on the desk and waits, the oldest first; ``homeward`` (parcels) stands in a list of its own."""
    rows = CaseParcel.objects.visible_to(user).filter(state__in=HERE).exclude(pk__in=list(homeward))
    wide = rows.select_related("case__order", "case__merchant", "case__ticket").order_by("received_at", "id")
    return [_card(one) for one in wide.prefetch_related("items__case_line__line")[:FOUND]]


def pieces(parcel: CaseParcel) -> list[Piece]:
    """The items of a parcel as the screen shows them: two queries."""
    items = list(
        ParcelItem.objects.filter(parcel=parcel)
        .select_related("case_line__line", "case_line__case")
        .order_by("id")
    )
    photos = list(ParcelPhoto.objects.filter(parcel=parcel).order_by("id"))
    return [Piece(item, [one for one in photos if one.item_id == item.pk]) for item in items]


def shelf(user: Any, now: datetime) -> list[tuple[UnknownParcel, bool]]:
    """What nobody knows, the oldest first, and whether it is old."""
    old = now - duration("unknown_parcel_days", now)
    rows = (
        UnknownParcel.objects.visible_to(user)
        .on_shelf()
        .select_related("shelved_by")
        .order_by("arrived_at", "id")
    )
    return [(row, row.arrived_at < old) for row in rows[:SHELF]]


def guesses(user: Any, unknown: UnknownParcel, words: str = "") -> list[tuple[Case, list[str]]]:
    """Decided cases whose goods are awaited: by the order number, the telephone's end, the goods."""
    waiting = Case.objects.visible_to(user).filter(state=CaseState.APPROVED, goods_back=True)
    waiting = waiting.select_related("order", "customer", "ticket").prefetch_related("lines__line")
    found: dict[int, tuple[Case, list[str]]] = {}
    for why, rows in _reasons(waiting, unknown, words):
        for row in rows[:FOUND]:
            found.setdefault(row.pk, (row, []))[1].append(why)
    return sorted(found.values(), key=lambda one: -len(one[1]))


def _reasons(
    waiting: QuerySet[Case], unknown: UnknownParcel, words: str
) -> Iterable[tuple[str, QuerySet[Case]]]:
    named = [text for text in (unknown.order_no, words.strip()[:64]) if text]
    if named:
        by_number = Q(order__external_no__in=named) | Q(number__in=named) | Q(ticket__number__in=named)
        yield "number", waiting.filter(by_number)
    if unknown.tracking_no:
        yield "waybill", waiting.filter(parcels__tracking_no=unknown.tracking_no).distinct()
    if unknown.phone_tail:
        owners = Contact.objects.filter(kind=ContactKind.PHONE, phone_tail=unknown.phone_tail, erased_at=None)
        yield "phone", waiting.filter(customer__in=owners.values("customer"))
    if len(unknown.goods) >= 2:
        coming = CaseParcel.objects.filter(state__in=COMING, direction=Direction.INBOUND)
        alike = ParcelItem.objects.filter(
            parcel__in=coming, case_line__line__product_name__icontains=unknown.goods
        )
        yield "goods", waiting.filter(lines__parcel_items__in=alike).distinct()
