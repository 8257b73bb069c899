"""Every single write about trade data: corrections and small entries by hand. Loads go through sheets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from aftersales.core import registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.customers.models import Customer

from .models import Category, Order, OrderLine, Payment, Product, Review, Shipment, TrackingEvent

Row = TypeVar("Row", bound=models.Model)


def order_create(
    *, source: str, external_no: str, placed_at: datetime, actor: Any, now: datetime, **columns: Any
) -> Order:
    """An order that no sheet brought. Errors: not_permitted, exists."""
    row = Order(source=source.strip(), external_no=external_no.strip(), placed_at=placed_at, **columns)
    return _create(row, "order.created", "orders.add_order", actor=actor, now=now)


def order_change(
    *, order: Order, actor: Any, now: datetime, version: int | None = None, reason: str = "", **columns: Any
) -> Order:
    """Correct an order. A stale ``version`` raises Conflict; ``refunded`` above ``paid`` is refused."""
    return _change(order, "order.changed", "orders.change_order", actor, now, version, reason, columns)


def order_tell_refund(
    *,
    order: Order,
    amount: Decimal,
    lines: Mapping[int, Decimal],
    payments: Mapping[int, Decimal],
    actor: Any,
    now: datetime,
) -> Decimal:
    """What a payment of ours gave back, by line and by payment of the order; negative when it came back to us.

    Call it once for each outcome, in the same transaction and with the order locked. Answers what was written: never
    more than was paid and never below zero, should a source have lowered the order meanwhile. Error: not_permitted.
    """
    _require(actor, "orders.tell_refund")
    with transaction.atomic():
        locked = Order.objects.select_for_update().get(pk=order.pk)
        written = _within(amount, locked.refunded, locked.paid)
        registers.save(
            locked, actor=actor, now=now, event="order.refunded" if amount > 0 else "order.refund_returned",
            payload={"amount": str(abs(amount)), "currency": locked.currency}, refunded=locked.refunded + written,
        )  # fmt: skip
        for line in OrderLine.objects.select_for_update().filter(pk__in=lines, order=order).order_by("pk"):
            _set_refunded(line, _within(lines[line.pk], line.refunded, line.paid))
        for paid in Payment.objects.select_for_update().filter(pk__in=payments, order=order).order_by("pk"):
            _set_refunded(paid, _within(payments[paid.pk], paid.refunded, paid.amount))
    return written


def _within(change: Decimal, refunded: Decimal, paid: Decimal) -> Decimal:
    return max(min(change, paid - refunded), -refunded)


def _set_refunded(row: OrderLine | Payment, change: Decimal) -> None:
    if change:
        row.refunded, row.version = row.refunded + change, row.version + 1
        row.save(update_fields=["refunded", "version"])


def line_add(*, order: Order, line_no: int, actor: Any, now: datetime, **columns: Any) -> OrderLine:
    """One article of an order; the product's name and return rule are kept as they are at this moment."""
    product: Product | None = columns.get("product")
    if product is not None:
        columns.setdefault("product_name", product.name)
        columns.setdefault("return_rule", product.effective_return_rule)
    columns.setdefault("currency", order.currency)
    columns.setdefault("merchant", order.merchant)
    row = OrderLine(order=order, line_no=line_no, **columns)
    return _create(row, "order_line.created", "orders.add_order", actor=actor, now=now)


def line_change(
    *,
    line: OrderLine,
    actor: Any,
    now: datetime,
    version: int | None = None,
    reason: str = "",
    **columns: Any,
) -> OrderLine:
    """Correct an order line (serial, batch, exception confirmed …)."""
    return _change(line, "order_line.changed", "orders.change_order", actor, now, version, reason, columns)


def payment_add(*, order: Order, sequence: int, actor: Any, now: datetime, **columns: Any) -> Payment:
    """One payment of an order; amounts are in the order's currency unless told otherwise."""
    columns.setdefault("currency", order.currency)
    row = Payment(order=order, sequence=sequence, **columns)
    return _create(row, "payment.created", "orders.add_order", actor=actor, now=now)


def shipment_add(*, order: Order, number: str, actor: Any, now: datetime, **columns: Any) -> Shipment:
    """One outgoing parcel of an order."""
    columns.setdefault("merchant", order.merchant)
    row = Shipment(order=order, number=number, **columns)
    return _create(row, "shipment.created", "orders.add_order", actor=actor, now=now)


def shipment_change(
    *,
    shipment: Shipment,
    actor: Any,
    now: datetime,
    version: int | None = None,
    reason: str = "",
    **columns: Any,
) -> Shipment:
    """Correct a parcel: real times, who signed where and with whose consent."""
    return _change(shipment, "shipment.changed", "orders.change_order", actor, now, version, reason, columns)


def tracking_add(
    *, shipment: Shipment, at: datetime, code: str, actor: Any, now: datetime, place: str = "", text: str = ""
) -> TrackingEvent:
    """One message of the carrier; the same message again changes nothing."""
    _require(actor, "orders.add_order")
    found, _created = TrackingEvent.objects.get_or_create(
        shipment=shipment, at=at, code=code, defaults={"place": place, "text": text}
    )
    return found


def review_add(
    *, order: Order, source: str, external_id: str, score: int, actor: Any, now: datetime, **columns: Any
) -> Review:
    """A review of an order, one to five stars."""
    columns.setdefault("merchant", order.merchant)
    row = Review(order=order, source=source, external_id=external_id, score=score, **columns)
    return _create(row, "review.created", "orders.add_order", actor=actor, now=now)


def customer_forget(customer: Customer, *, actor: Any, reason: str, now: datetime) -> None:
    """The words of all reviews of an erased customer; how many stars and when stays for statistics (R2.2)."""
    mine = Review.objects.filter(order__customer=customer, erased_at=None)
    mine.update(title="", body="", erased_at=now, version=F("version") + 1)


def product_create(*, code: str, actor: Any, now: datetime, **columns: Any) -> Product:
    """A new article. Errors: not_permitted, exists."""
    row = Product(code=code.strip(), **columns)
    return _create(row, "product.created", "orders.add_product", actor=actor, now=now)


def product_change(
    *,
    product: Product,
    actor: Any,
    now: datetime,
    version: int | None = None,
    reason: str = "",
    **columns: Any,
) -> Product:
    return _change(product, "product.changed", "orders.change_product", actor, now, version, reason, columns)


def category_create(*, code: str, actor: Any, now: datetime, **columns: Any) -> Category:
    """A new category with its return rule and the ground for it."""
    row = Category(code=code.strip(), **columns)
    return _create(row, "category.created", "orders.add_category", actor=actor, now=now)


def category_change(
    *,
    category: Category,
    actor: Any,
    now: datetime,
    version: int | None = None,
    reason: str = "",
    **columns: Any,
) -> Category:
    return _change(
        category, "category.changed", "orders.change_category", actor, now, version, reason, columns
    )


def _create(row: Row, event: str, capability: str, *, actor: Any, now: datetime) -> Row:
    _require(actor, capability)
    try:
        with transaction.atomic():
            created: Row = registers.create(row, actor=actor, now=now, event=event)
    except IntegrityError as error:
        raise _explained(error) from error
    return created


def _change(
    row: Row,
    event: str,
    capability: str,
    actor: Any,
    now: datetime,
    version: int | None,
    reason: str,
    columns: dict[str, Any],
) -> Row:
    _require(actor, capability)
    try:
        with transaction.atomic():
            changed: Row = registers.save(
                row, actor=actor, now=now, event=event, version=version, reason=reason, **columns
            )
    except IntegrityError as error:
        raise _explained(error) from error
    return changed


def _explained(error: IntegrityError) -> DomainError:
    """The database's refusal in a sentence a clerk understands."""
    text = str(error)
    if "refunded_within_paid" in text:
        return DomainError(_("More would be refunded than was paid."), "refunded_above_paid")
    if "not_negative" in text:
        return DomainError(_("An amount may not be negative."), "negative_amount")
    if "_once" in text or "unique" in text:
        return DomainError(_("This number exists already."), "exists")
    return DomainError(_("These values do not fit together."), "inconsistent")


def _require(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()
