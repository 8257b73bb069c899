"""Pieces and money of an order that cases may take: claimed, granted and given up under one lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import (
    Case,
    CaseLine,
    CasePayment,
    LineAccount,
    OrderAccount,
    PaymentPart,
    Repair,
    ReplacementLine,
    ServiceRequest,
)
from aftersales.cases.refunding import ZERO, Goods, LinePaid, Piece, Quote, really_paid, worth
from aftersales.cases.request_states import RequestKind
from aftersales.cases.states import CaseKind, PaymentKind, PaymentState
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.orders.models import Order, OrderLine


@dataclass
class Books:
    """An order with its accounts, all locked until the transaction ends."""

    order: Order
    account: OrderAccount
    lines: dict[int, OrderLine]
    line_accounts: dict[int, LineAccount]
    paid: Goods
    worked_on: frozenset[int] = frozenset()
    """Lines that were repaired or replaced before."""
    protected: Mapping[int, Decimal] = field(default_factory=dict)
    """What was given for the price of a line that fell since: its free pieces are worth so much less."""

    def worth_free(self, line_id: int) -> Decimal:
        """What the customer really paid for the pieces of a line that no case has taken."""
        account = self.line_accounts[line_id]
        left: Decimal = account.paid - account.claimed_value - self.protected.get(line_id, ZERO)
        return max(left, ZERO)

    def protected_of(self, line: CaseLine) -> Decimal:
        """What was given for the price of these pieces already, by which their value is less than what was paid."""
        given = self.protected.get(line.line_id, ZERO)
        if not given:
            return ZERO
        account = self.line_accounts[line.line_id]
        off: Decimal = worth(account.paid, account.bought, line.announced) - line.value
        return max(min(given, off), ZERO)

    def piece(self, line: CaseLine, deduction: Decimal = ZERO, why: str = "") -> Piece:
        left = self.line_accounts[line.line_id].left
        return Piece(line.line_id, line.announced, line.value, left, deduction, why)


def books_open(order: Order) -> Books:
    """Lock an order and its accounts (order, then lines by key); accounts are made when an order first needs them.

    What was paid and what was given back elsewhere is read again each time: a sheet may have told more since.
    """
    order = moves.locked(order)
    lines = list(OrderLine.objects.filter(order=order).order_by("pk"))
    paid = really_paid(order.paid, order.freight, [line_paid(line) for line in lines])
    told_back = order.refunded or any(line.refunded for line in lines)
    ours = paid_by_us(order) if told_back else {}
    OrderAccount.objects.bulk_create(
        [OrderAccount(order=order, currency=order.currency, paid=order.paid, freight=paid.freight)],
        ignore_conflicts=True,
    )
    LineAccount.objects.bulk_create(
        [LineAccount(line=line, bought=line.quantity, paid=paid.lines[line.pk]) for line in lines],
        ignore_conflicts=True,
    )
    account = OrderAccount.objects.select_for_update().get(order=order)
    rows = LineAccount.objects.select_for_update(of=("self",)).filter(line__order=order).order_by("line_id")
    found = list(
        rows.annotate(
            worked_on=Exists(Repair.objects.filter(case_line__line=OuterRef("line_id")))
            | Exists(ReplacementLine.objects.filter(case_line__line=OuterRef("line_id"))),
            protected=_protected(),
        )
    )
    by_line = {one.line_id: one for one in found}
    _refresh(account, by_line, order, lines, paid, ours)
    worked_on = frozenset(one.line_id for one in found if one.worked_on)
    protected = {one.line_id: one.protected for one in found if one.protected}
    return Books(order, account, {line.pk: line for line in lines}, by_line, paid, worked_on, protected)


def _protected() -> Subquery:
    """What was agreed for a line as price protection."""
    mine = ServiceRequest.objects.filter(
        kind=RequestKind.PRICE, line=OuterRef("line_id"), case__kind=CaseKind.COMPENSATION
    )
    return Subquery(mine.order_by().values("line").annotate(sum=Sum("case__agreed")).values("sum"))


def line_paid(line: OrderLine) -> LinePaid:
    return LinePaid(
        line.pk, line.quantity, line.unit_price, line.discount + line.coupon, line.paid, line.freight
    )


def paid_by_us(order: Order) -> dict[int | None, Decimal]:
    """What our own payments gave back, by line (None: freight and the rest), as the order's columns hold it too."""
    parts = PaymentPart.objects.filter(
        payment__case__order=order, payment__state=PaymentState.SUCCEEDED, payment__kind=PaymentKind.REFUND
    )
    rows = parts.order_by().values("case_line__line").annotate(sum=Sum("amount"))
    return dict(rows.values_list("case_line__line", "sum"))


def _refresh(
    account: OrderAccount,
    by_line: Mapping[int, LineAccount],
    order: Order,
    lines: Sequence[OrderLine],
    paid: Goods,
    ours: Mapping[int | None, Decimal],
) -> None:
    """Follow the order's own columns, but never below what cases have taken already: that is a person's matter."""
    rows: list[Any] = [account, *by_line.values()]
    known = [_columns(row) for row in rows]
    follow_order(account, by_line, order, lines, paid, ours)
    _save([row for row, before in zip(rows, known, strict=True) if _columns(row) != before])


def follow_order(
    account: OrderAccount,
    by_line: Mapping[int, LineAccount],
    order: Order,
    lines: Sequence[OrderLine],
    paid: Goods,
    ours: Mapping[int | None, Decimal],
) -> None:
    """The same in memory."""
    account.paid = max(order.paid, account.granted)
    account.freight = max(paid.freight, account.freight_granted)
    elsewhere = max(order.refunded - sum(ours.values(), ZERO), ZERO)
    account.before = min(elsewhere, account.paid - account.granted)
    for line in lines:
        mine = by_line[line.pk]
        mine.bought = max(line.quantity, mine.claimed)
        mine.paid = max(paid.lines[line.pk], mine.granted, mine.claimed_value)
        mine.before = min(max(line.refunded - ours.get(line.pk, ZERO), ZERO), mine.paid - mine.granted)


def _columns(row: Any) -> list[Any]:
    return [getattr(row, name) for name in COLUMNS[type(row)]]


def claim(books: Books, picks: Mapping[int, int]) -> dict[int, Decimal]:
    """Take pieces of lines for a case; answers what was paid for them. Errors: not_of_order, nothing, too_many."""
    values: dict[int, Decimal] = {}
    if not picks:
        raise DomainError(_("Choose at least one article."), "nothing")
    for line_id, pieces in sorted(picks.items()):
        account = books.line_accounts.get(line_id)
        if account is None:
            raise DomainError(_("This article does not belong to the order."), "not_of_order")
        if not 0 < pieces <= account.free:
            raise DomainError(
                _("Of “%(name)s” at most %(free)d can be chosen: %(claimed)d of %(bought)d are in other cases.")
                % {
                    "name": books.lines[line_id].product_name or books.lines[line_id].sku or line_id,
                    "free": account.free, "claimed": account.claimed, "bought": account.bought,
                },
                "too_many",
            )  # fmt: skip
        values[line_id] = worth(books.worth_free(line_id), account.free, pieces)
        account.claimed += pieces
        account.claimed_value += values[line_id]
    _save([books.line_accounts[pk] for pk in values])
    return values


def release(books: Books, lines: Sequence[CaseLine]) -> None:
    """Give the pieces of a case up: others may claim them."""
    for line in lines:
        account = books.line_accounts[line.line_id]
        account.claimed -= line.announced
        account.claimed_value -= line.value
    _save([books.line_accounts[line.line_id] for line in lines])


def save_lines(books: Books, lines: Sequence[CaseLine]) -> None:
    _save([books.line_accounts[line.line_id] for line in lines])


def grant(books: Books, case: Case, lines: Sequence[CaseLine], quote: Quote) -> None:
    """Reserve a quote on the accounts in place of what this case held before; the case's move writes its own columns.

    The CHECKs of the accounts refuse what a mistake of ours would give twice.
    """
    reserve(books, case, lines, quote)
    _save([books.account, *(books.line_accounts[line.line_id] for line in lines)])
    if lines:
        CaseLine.objects.bulk_update(lines, ["agreed"])


def reserve(books: Books, case: Case, lines: Sequence[CaseLine], quote: Quote) -> None:
    """The same in memory: whoever calls it writes accounts and lines."""
    _ungrant(books, case, lines)
    for line in lines:
        line.agreed = quote.lines.get(line.line_id, ZERO)
        books.line_accounts[line.line_id].granted += line.agreed
    books.account.granted += quote.bound
    books.account.freight_granted += quote.freight


def ungrant(books: Books, case: Case, lines: Sequence[CaseLine]) -> None:
    """Give back to the accounts whatever this case holds of them."""
    _ungrant(books, case, lines)
    _save([books.account, *(books.line_accounts[line.line_id] for line in lines)])
    if lines:
        CaseLine.objects.bulk_update(lines, ["agreed"])


def _ungrant(books: Books, case: Case, lines: Sequence[CaseLine]) -> None:
    for line in lines:
        books.line_accounts[line.line_id].granted -= line.agreed
        line.agreed = ZERO
    books.account.granted -= case.agreed - case.agreed_extra
    books.account.freight_granted -= case.agreed_freight


COLUMNS: Mapping[Any, list[str]] = {
    OrderAccount: ["paid", "before", "granted", "freight", "freight_granted"],
    LineAccount: ["bought", "claimed", "claimed_value", "paid", "before", "granted"],
}


def _save(rows: Sequence[Any]) -> None:
    """One statement for each kind of account."""
    for model, columns in COLUMNS.items():
        if mine := [row for row in rows if isinstance(row, model)]:
            model.objects.bulk_update(mine, columns)


def paid_or_going(case: Case) -> bool:
    """Whether money of this case is out or cannot be called back any more."""
    states = [PaymentState.SUBMITTED, PaymentState.SUCCEEDED, PaymentState.UNKNOWN, PaymentState.RETURNED]
    return bool(CasePayment.objects.filter(case=case, state__in=states).exists())
