"""What the intake rules find in the trade data: set-based, each fact once, never a wish of the code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, DateTimeField, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Cast, Coalesce
from django.utils import translation
from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.orders.models import Order, Review, Shipment
from aftersales.orders.states import FAILED, Grain, OrderStatus
from aftersales.tickets.models import IntakeItem, IntakeRule
from aftersales.tickets.states import SignalKind

CHUNK = 2000
ARRIVED = (OrderStatus.DELIVERED, OrderStatus.COMPLETED)


@dataclass(frozen=True)
class Words:
    """Subject and text a signal gives a new ticket; ``by_customer``: the text is the customer's own."""

    subject: str
    text: str
    by_customer: bool = False


@dataclass(frozen=True)
class Finding:
    """One fact of the trade data that a rule calls a problem."""

    ref: str
    order_id: int
    customer_id: int | None
    merchant_id: int | None
    happened_at: datetime
    facts: dict[str, Any]


def source_of(signal: str) -> str:
    return f"rule:{signal}"


def collect(rule: IntakeRule, *, now: datetime, backfill: bool) -> int:
    """Store the rule's new findings as waiting signals; a fact already noticed is left alone. Returns how many."""
    source = source_of(rule.signal)
    found = _FINDERS[rule.signal](rule, now, None if backfill else now - timedelta(days=rule.horizon_days))
    seen = IntakeItem.objects.filter(source=source, source_ref=Cast(OuterRef("pk"), CharField()))
    fresh = found.annotate(noticed=Exists(seen)).filter(noticed=False)
    stored = 0
    batch: list[IntakeItem] = []
    for row in fresh.order_by("pk").iterator(chunk_size=CHUNK):
        batch.append(_item(rule, source, _READERS[rule.signal](row), now))
        if len(batch) == CHUNK:
            stored += len(IntakeItem.objects.bulk_create(batch, ignore_conflicts=True))
            batch = []
    return stored + len(IntakeItem.objects.bulk_create(batch, ignore_conflicts=True))


def found_keys(rule: IntakeRule, *, now: datetime, since: datetime) -> tuple[str, frozenset[int]]:
    """The rows of trade data since then that a rule, stored or only drafted, calls a problem: their kind, their keys.

    One statement.
    """
    found = _FINDERS[rule.signal](rule, now, since)
    return found.model._meta.label_lower, frozenset(found.order_by().values_list("pk", flat=True))


def _item(rule: IntakeRule, source: str, found: Finding, now: datetime) -> IntakeItem:
    return IntakeItem(
        source=source, source_ref=found.ref, signal=rule.signal, happened_at=found.happened_at, noticed_at=now,
        order_id=found.order_id, customer_id=found.customer_id, merchant_id=found.merchant_id, rule=rule,
        rule_version=rule.version, facts=found.facts,
    )  # fmt: skip


def low_reviews(rule: IntakeRule, now: datetime, since: datetime | None) -> QuerySet[Review]:
    """Reviews of at most ``threshold`` stars."""
    rows = Review.objects.filter(score__lte=rule.threshold).annotate(
        happened=Coalesce("written_at", "order__placed_at")
    )
    rows = rows.filter(happened__lte=now)
    return (rows.filter(happened__gte=since) if since else rows).select_related("order")


def late_parcels(rule: IntakeRule, now: datetime, since: datetime | None) -> QuerySet[Shipment]:
    """Parcels delivered after their promise, or not delivered though the promise is over; not of failed orders.

    ``threshold`` hours of grace. A promise known only to the day is kept until that day ends. A parcel reported
    as delivered without a date is not called late: nobody knows.
    """
    grace = timedelta(hours=rule.threshold)
    rows = Shipment.objects.annotate(
        limit=Case(
            When(promised_grain=Grain.DAY, then=F("promised_at") + timedelta(days=1) + grace),
            default=F("promised_at") + grace,
            output_field=DateTimeField(),
        ),
        happened=F("promised_at"),
    )
    arrived_late = Q(delivered_at__gt=F("promised_at"), delivered_at__gte=F("limit"))
    missing = Q(delivered_at=None, promised_at__lt=now, limit__lte=now) & ~Q(order__status__in=ARRIVED)
    rows = rows.filter(arrived_late | missing, promised_at__isnull=False, promised_at__lte=now)
    rows = rows.exclude(order__status__in=FAILED)
    return (rows.filter(happened__gte=since) if since else rows).select_related("order")


def paid_failed(rule: IntakeRule, now: datetime, since: datetime | None) -> QuerySet[Order]:
    """Orders that were paid and then cancelled or not available: somebody waits for his money."""
    rows = Order.objects.filter(status__in=FAILED, paid__gt=F("refunded")).annotate(
        happened=Coalesce("cancelled_at", "paid_at", "placed_at")
    )
    rows = rows.filter(happened__lte=now)
    return rows.filter(happened__gte=since) if since else rows


_FINDERS: dict[str, Callable[[IntakeRule, datetime, datetime | None], QuerySet[Any]]] = {
    SignalKind.REVIEW_LOW: low_reviews,
    SignalKind.PARCEL_LATE: late_parcels,
    SignalKind.PAID_CANCELLED: paid_failed,
}


FOUND = tuple(_FINDERS)
"""Signals that a rule over trade data can find."""


def _of_review(row: Any) -> Finding:
    order = row.order
    return Finding(str(row.pk), order.pk, order.customer_id, row.merchant_id or order.merchant_id, row.happened,
                   {"stars": row.score})  # fmt: skip


def _of_parcel(row: Any) -> Finding:
    order = row.order
    return Finding(str(row.pk), order.pk, order.customer_id, row.merchant_id or order.merchant_id, row.happened,
                   {"promised": row.promised_at.isoformat(), "delivered": bool(row.delivered_at)})  # fmt: skip


def _of_order(row: Any) -> Finding:
    return Finding(str(row.pk), row.pk, row.customer_id, row.merchant_id, row.happened,
                   {"status": row.status, "amount": str(row.paid - row.refunded),
                    "currency": row.currency})  # fmt: skip


_READERS: dict[str, Callable[[Any], Finding]] = {
    SignalKind.REVIEW_LOW: _of_review,
    SignalKind.PARCEL_LATE: _of_parcel,
    SignalKind.PAID_CANCELLED: _of_order,
}


def too_old(item: IntakeItem, now: datetime, otherwise: timedelta) -> bool:
    """Older than the horizon of its rule; ``otherwise``: how far back what people report may lie (R3.1)."""
    horizon = timedelta(days=item.rule.horizon_days) if item.rule else otherwise
    return item.happened_at < now - horizon


def no_words(item: IntakeItem) -> Words:
    """For a look that opens nothing."""
    raise LookupError(f"no words for the signal {item.signal}")


def words(items: Sequence[IntakeItem]) -> Callable[[IntakeItem], Words]:
    """Says subject and text of each of these signals, in the market's language; reviews in one query.

    What it cannot put into words it raises when it is asked for that one, so that one fact spoils no other.
    """
    reviews = Review.objects.in_bulk(
        [int(item.source_ref) for item in items if item.signal == SignalKind.REVIEW_LOW and item.rule_id]
    )

    def said(item: IntakeItem) -> Words:
        # the words are stored: the reader's language does not matter
        with translation.override(settings.LANGUAGE_CODE):
            return _words(item, reviews)

    return said


def _words(item: IntakeItem, reviews: dict[Any, Review]) -> Words:
    number = item.order.external_no if item.order else ""
    if item.signal == SignalKind.REVIEW_LOW and item.rule_id:
        review = reviews[int(item.source_ref)]
        said = "\n".join(part for part in (review.title.strip(), review.body.strip()) if part)
        subject = _("Review of %(stars)s stars for order %(order)s") % {
            "stars": review.score,
            "order": number,
        }
        return Words(subject, said or subject, by_customer=bool(said))
    if item.signal == SignalKind.PARCEL_LATE:
        arrived = item.facts.get("delivered")
        subject = (
            _("Parcel of order %(order)s arrived late")
            if arrived
            else _("Parcel of order %(order)s is overdue")
        )
        return Words(subject % {"order": number}, subject % {"order": number})
    if item.signal == SignalKind.PAID_CANCELLED:
        subject = _("Paid order %(order)s was cancelled or is unavailable: %(amount)s to give back")
        shown = subject % {
            "order": number,
            "amount": wording.money(Decimal(item.facts["amount"]), item.facts["currency"]),
        }
        return Words(shown, shown)
    return no_words(item)
