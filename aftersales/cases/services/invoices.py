"""Invoices of orders: which one stands, written once, taken back by red letters."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Invoice
from aftersales.core.errors import DomainError
from aftersales.core.wording import money
from aftersales.orders.models import Order
from aftersales.orders.states import InvoiceState


def invoice_of(order: Order) -> Invoice | None:
    """The invoice of which something stands: ours, or the one that the order's source told."""
    rows = list(
        Invoice.objects.filter(order=order, reverses=None).order_by("-id").prefetch_related("red_letters")
    )
    standing = next((row for row in rows if row.left > 0), None)
    if standing or order.invoice_state != InvoiceState.ISSUED or not order.invoice_no:
        return standing
    if any(row.number == order.invoice_no for row in rows):
        return None  # told by the source, and taken back since
    return Invoice(
        order=order, number=order.invoice_no, kind=order.invoice_kind, title=order.invoice_title,
        tax_no=order.invoice_tax_no[:20], currency=order.currency, amount=order.paid, issued_at=order.invoiced_at,
    )  # fmt: skip


def invoice_kept(order: Order, now: datetime) -> Invoice | None:
    """The same, kept as a row: a red letter refers to it."""
    found = invoice_of(order)
    if found is not None and found.pk is None:
        found.issued_at = found.issued_at or now
        found.save()
    return found


def invoice_write(
    *,
    order: Order,
    number: str,
    amount: Decimal,
    now: datetime,
    kind: str = "",
    title: str = "",
    tax_no: str = "",
    reverses: Invoice | None = None,
) -> Invoice:
    """Keep an invoice or a red letter, in the transaction of the request. Errors: number, too_much."""
    number = "".join(number.split())
    if reverses is not None:
        if reverses.pk is None:
            reverses.issued_at = reverses.issued_at or now
            reverses.save()
        if amount > reverses.left:
            raise DomainError(
                _("Of invoice %(number)s only %(left)s stand.")
                % {"number": reverses.number, "left": money(reverses.left, reverses.currency)},
                "too_much",
            )
        kind, title, tax_no = reverses.kind, reverses.title, reverses.tax_no
    row = Invoice(
        order=order, number=number, kind=kind, title=title, tax_no=tax_no, currency=order.currency, amount=amount,
        issued_at=now, reverses=reverses,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise DomainError(
            _("An invoice with this number is kept for this order already."), "number"
        ) from None
    return row
