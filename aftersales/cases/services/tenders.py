"""The payments an order came in by, as far as money may go back their way."""

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Sum

from aftersales.cases.models import PaymentPart, TenderAccount
from aftersales.cases.refunding import ZERO
from aftersales.cases.states import PaymentKind, PaymentState
from aftersales.orders.models import Order, Payment

COLUMNS = ["paid", "before", "granted"]


def tenders_of(order: Order) -> list[Payment]:
    """The payments an order came in by, by key; the one place that says which they are."""
    return list(Payment.objects.filter(order=order, amount__gt=0).order_by("pk"))


def tenders_open(order: Order) -> dict[int, tuple[Payment, TenderAccount]]:
    """Payments of a locked order with their accounts, locked by key; read anew like the order's own account."""
    rows = {row.pk: row for row in tenders_of(order)}
    if not rows:
        return {}
    TenderAccount.objects.bulk_create(
        [TenderAccount(payment=row, paid=row.amount) for row in rows.values()], ignore_conflicts=True
    )
    ours = _paid_by_us(list(rows))
    accounts = list(TenderAccount.objects.select_for_update().filter(payment__in=rows).order_by("payment_id"))
    for mine in accounts:
        row = rows[mine.payment_id]
        mine.paid = max(row.amount, mine.granted)
        elsewhere = max(row.refunded - ours.get(row.pk, ZERO), ZERO)
        mine.before = min(elsewhere, mine.paid - mine.granted)
    TenderAccount.objects.bulk_update(accounts, COLUMNS)
    return {mine.payment_id: (rows[mine.payment_id], mine) for mine in accounts}


def _paid_by_us(ids: Sequence[int]) -> dict[int, Decimal]:
    parts = PaymentPart.objects.filter(
        tender__in=ids, payment__state=PaymentState.SUCCEEDED, payment__kind=PaymentKind.REFUND
    )
    return dict(parts.order_by().values("tender").annotate(sum=Sum("amount")).values_list("tender", "sum"))


def tenders_take(accounts: Sequence[TenderAccount], amounts: dict[int, Decimal]) -> None:
    """Take (or, negative, give up) what may go back on each payment. A CHECK refuses what would be too much."""
    changed = [mine for mine in accounts if amounts.get(mine.payment_id)]
    for mine in changed:
        mine.granted += amounts[mine.payment_id]
    if changed:
        TenderAccount.objects.bulk_update(changed, COLUMNS)
