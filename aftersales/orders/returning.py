"""What the return rules are told about order lines: trade data as facts, for many lines in a fixed number of queries.

Nothing about the buyer is read here: whoever bought has the right (``tests/architecture/test_return_eligibility.py``).
What the rooms above know (replacements, repairs, an installation, a merchant's promise) they put in by
``dataclasses.replace`` before they ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from aftersales.standards import selectors as rule_book
from aftersales.standards.returns import selectors as returns
from aftersales.standards.returns.answers import Answer
from aftersales.standards.returns.facts import LineFacts, Moment, ParcelFacts

from .models import OrderLine, Shipment, ShipmentLine, TrackingEvent
from .states import NEEDS_CONSENT, OrderStatus, ReturnRule, ShipmentStatus

NOT_SENT = frozenset(
    {
        OrderStatus.CREATED,
        OrderStatus.APPROVED,
        OrderStatus.PAID,
        OrderStatus.PROCESSING,
        OrderStatus.INVOICED,
    }
)
"""States of an order in which no parcel may exist yet: without one, the goods are still to be sent."""
VOID = frozenset({ShipmentStatus.CANCELED, ShipmentStatus.RETURNED})
MARKS = {
    "is_presale": "presale",
    "cross_border": "cross_border",
    "is_gift": "gift",
    "cash_on_delivery": "cash_on_delivery",
    "minor_buyer": "minor",
}
LINE = (
    "id", "order_id", "quantity", "return_rule", "exception_confirmed", "exception_confirmed_at", "merchant_id",
    "product_id", "product__return_rule", "product__category_id", "product__category__return_rule",
    "order__status", "order__market_id", "order__placed_at", "order__placed_grain", "order__paid_at",
    "order__paid_grain", "order__ship_province", "order__freight_insurance", *(f"order__{name}" for name in MARKS),
)  # fmt: skip


def facts_of(
    line_ids: Iterable[int], *, demand: str, ground: str, asked_at: datetime, asked_grain: str = "exact"
) -> dict[int, LineFacts]:
    """One question for each of the lines, by the line's key. At most six queries, however many lines."""
    told, _book = _told(line_ids, demand, ground, Moment(asked_at, asked_grain))
    return {key: facts for key, (facts, _market) in told.items()}


def answers_of(
    line_ids: Iterable[int],
    *,
    demand: str,
    ground: str,
    asked_at: datetime,
    asked_grain: str = "exact",
    known: Mapping[int, Mapping[str, Any]] | None = None,
) -> dict[int, Answer]:
    """The whole answer for each of the lines, by what trade data says and a room above knows (``known``: facts)."""
    told, book = _told(line_ids, demand, ground, Moment(asked_at, asked_grain))
    if book is None:
        return {}
    return returns.eligibilities(
        {key: replace(facts, **(known or {}).get(key, {})) for key, (facts, _market) in told.items()},
        markets={key: market for key, (_facts, market) in told.items()},
        among=book,
    )


def _told(
    line_ids: Iterable[int], demand: str, ground: str, asked: Moment
) -> tuple[dict[int, tuple[LineFacts, int | None]], rule_book.Book | None]:
    """Facts and market by line, and the edition of the rule book that was read along with them."""
    wanted = set(line_ids)
    lines = list(OrderLine.objects.filter(pk__in=wanted).values(*LINE)) if wanted else []
    if not lines:
        return {}, None
    book = rule_book.book()
    installed = set(rule_book.parameter("installation_categories", asked.at, among=book))
    taken_out = rule_book.parameter("pickup_tracking_codes", asked.at, among=book)
    paths = _paths({line["product__category_id"] for line in lines} - {None})
    parcels = _parcels(lines, taken_out)
    found: dict[int, tuple[LineFacts, int | None]] = {}
    for line in lines:
        path = paths.get(line["product__category_id"], ())
        facts = _facts(line, path, parcels[line["id"]], installed, demand, ground, asked)
        found[line["id"]] = (facts, line["order__market_id"])
    return found, book


def _facts(
    line: Mapping[str, Any],
    path: tuple[str, ...],
    parcels: tuple[tuple[ParcelFacts, ...], bool],
    installed: set[str],
    demand: str,
    ground: str,
    asked: Moment,
) -> LineFacts:
    paid_at = line["order__paid_at"]
    return LineFacts(
        demand=demand,
        ground=ground,
        asked=asked,
        purchased=Moment(line["order__placed_at"], line["order__placed_grain"]),
        paid=Moment(paid_at, line["order__paid_grain"]) if paid_at else None,
        category_path=path,
        line_rule=_rule_of(line),
        confirmed=line["exception_confirmed"],
        confirmed_at=line["exception_confirmed_at"],
        parcels=parcels[0],
        parcels_complete=parcels[1],
        needs_installation=bool(installed & set(path)) if path else None,
        marks=frozenset(mark for column, mark in MARKS.items() if line[f"order__{column}"]),
        region=line["order__ship_province"],
        freight_insured=line["order__freight_insurance"],
    )


def _rule_of(line: Mapping[str, Any]) -> str:
    """As told at purchase; a source that did not tell it leaves the product's own rule, then its category's."""
    told = line["return_rule"] or line["product__return_rule"] or line["product__category__return_rule"]
    return told or ReturnRule.NO_REASON


def _paths(categories: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Codes from the root down to each category, in one query; a tree that bites its tail ends there."""
    wanted = sorted(categories)
    if not wanted:
        return {}
    found: dict[int, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE up (leaf, id, parent_id, code, depth) AS (
                SELECT id, id, parent_id, code, 0 FROM orders_category WHERE id = ANY(%s)
                UNION ALL
                SELECT up.leaf, above.id, above.parent_id, above.code, up.depth + 1
                FROM up JOIN orders_category above ON above.id = up.parent_id WHERE up.depth < 20
            )
            SELECT leaf, code FROM up ORDER BY leaf, depth DESC
            """,
            [wanted],
        )
        for leaf, code in cursor.fetchall():
            found[leaf].append(code)
    return {leaf: tuple(codes) for leaf, codes in found.items()}


def _parcels(
    lines: Sequence[Mapping[str, Any]], taken_out: Sequence[str]
) -> dict[int, tuple[tuple[ParcelFacts, ...], bool]]:
    """The parcels of each line, and whether they hold all its pieces."""
    by_order: dict[int, list[Shipment]] = defaultdict(list)
    for shipment in Shipment.objects.filter(order_id__in={line["order_id"] for line in lines}).order_by("pk"):
        by_order[shipment.order_id].append(shipment)
    every = {shipment.pk: shipment for group in by_order.values() for shipment in group}
    holding: dict[int, dict[int, int]] = defaultdict(dict)
    unpacked: set[int] = set()  # orders of which some parcel says what is in it
    for content in ShipmentLine.objects.filter(shipment_id__in=every):
        holding[content.line_id][content.shipment_id] = content.quantity
        unpacked.add(every[content.shipment_id].order_id)
    picked = _pick_ups(list(every.values()), taken_out)
    return {
        line["id"]: _of_line(
            line, by_order[line["order_id"]], holding[line["id"]], picked, line["order_id"] in unpacked
        )
        for line in lines
    }


def _of_line(
    line: Mapping[str, Any],
    shipments: Sequence[Shipment],
    pieces: Mapping[int, int],
    picked: Mapping[int, Moment],
    unpacked: bool,
) -> tuple[tuple[ParcelFacts, ...], bool]:
    """Those that hold it; where no contents are recorded, all of the order by the same merchant.

    A line that stands in no parcel of an order whose parcels say what is in them may still have one to come.
    """
    if pieces:
        own = [one for one in shipments if one.pk in pieces]
        sent = sum(pieces[one.pk] for one in own if one.status not in VOID)
        return tuple(_parcel(one, picked) for one in own), sent >= line["quantity"]
    own = [one for one in shipments if one.merchant_id in {None, line["merchant_id"]}]
    if not own and line["order__status"] in NOT_SENT:
        return (ParcelFacts(state="under_way"),), True
    return tuple(_parcel(one, picked) for one in own), not unpacked


def _parcel(one: Shipment, picked: Mapping[int, Moment]) -> ParcelFacts:
    delivered = Moment(one.delivered_at, one.delivered_grain) if one.delivered_at else None
    shipped = Moment(one.shipped_at, one.shipped_grain) if one.shipped_at else None
    if one.status in VOID:
        state = "void"
    elif one.status == ShipmentStatus.LOST:
        state = "lost"
    else:
        state = "delivered" if delivered or one.status == ShipmentStatus.DELIVERED else "under_way"
    return ParcelFacts(state, shipped, delivered, one.signed_by, one.sign_consent, picked.get(one.pk))


def _pick_ups(shipments: Sequence[Shipment], codes: Sequence[str]) -> dict[int, Moment]:
    """When parcels left without recorded consent were taken out, by the carrier's own words."""
    asked = [one.pk for one in shipments if one.signed_by in NEEDS_CONSENT and one.sign_consent is not True]
    if not asked or not codes:
        return {}
    told = TrackingEvent.objects.filter(shipment_id__in=asked, code__in=codes).order_by("-at")
    return {one.shipment_id: Moment(one.at, one.at_grain) for one in told}
