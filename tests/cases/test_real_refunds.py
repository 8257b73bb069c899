"""Real amounts, to the cent: every refunded order of a real shop, and every paid order of a real marketplace that was
cancelled or could not be delivered. All of them by the arithmetic; some of each kind through the services to the end.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment
from aftersales.cases.refunding import LinePaid, fixed, really_paid
from aftersales.cases.services import CaseDraft
from aftersales.cases.splitting import Share, back_the_way_it_came, outstanding
from aftersales.core import moves
from aftersales.customers.models import Customer
from aftersales.orders import services as orders
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.flows.sheet_steps import sample
from tests.records import order as an_order
from training.models import Limit
from training.services import LIMIT_TERMS, limit_draft, rule_activate

pytestmark = [pytest.mark.sample, pytest.mark.slow]
D = Decimal
ZERO = Decimal(0)


@dataclass(frozen=True)
class Paid:
    """An order of a file: what was paid for it, by which payments, for which lines, and what goes back."""

    number: str
    paid: Decimal
    back: Decimal
    tenders: tuple[tuple[int, str, Decimal], ...] = ()
    lines: tuple[tuple[int, Decimal, Decimal], ...] = ()  # number, price, freight


def tmall() -> list[Paid]:
    """The report says what was paid net of refunds; paid is both together."""
    path = sample("tmall-orders", "tmall_order_report.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    return [
        Paid(row["订单编号"], D(row["买家实际支付金额"]) + D(row["退款金额"]), D(row["退款金额"]))
        for row in found
        if D(row["退款金额"]) > 0
    ]


def olist() -> list[Paid]:
    folder = sample("olist-main", "olist_orders_dataset.csv").parent

    def rows(name: str) -> Iterator[dict[str, str]]:
        with (folder / f"olist_{name}_dataset.csv").open(encoding="utf-8-sig", newline="") as stream:
            yield from csv.DictReader(stream)

    failed = {row["order_id"] for row in rows("orders") if row["order_status"] in {"canceled", "unavailable"}}
    tenders: dict[str, list[tuple[int, str, Decimal]]] = defaultdict(list)
    for row in rows("order_payments"):
        if row["order_id"] in failed and D(row["payment_value"]) > 0:
            tenders[row["order_id"]].append(
                (int(row["payment_sequential"]), row["payment_type"], D(row["payment_value"]))
            )
    lines: dict[str, list[tuple[int, Decimal, Decimal]]] = defaultdict(list)
    for row in rows("order_items"):
        if row["order_id"] in failed:
            lines[row["order_id"]].append(
                (int(row["order_item_id"]), D(row["price"]), D(row["freight_value"]))
            )
    sums = {key: sum((one[2] for one in found), ZERO) for key, found in tenders.items()}
    return [
        Paid(key, sums[key], sums[key], tuple(found), tuple(lines[key]))
        for key, found in sorted(tenders.items())
    ]


def test_each_refunded_order_of_a_real_shop_gives_its_refund_to_the_cent() -> None:
    found = tmall()
    assert len(found) == 5646
    for one in found:
        given = fixed(one.back, [], order_left=one.paid)
        shares = outstanding([Share(given.rest)], {}, given.total)
        parts = back_the_way_it_came(shares, {1: one.paid})
        assert [part.amount for part in parts] == [one.back], one.number


def test_each_paid_order_that_failed_goes_back_by_its_own_payments_to_the_cent() -> None:
    found = olist()
    assert len(found) == 1231
    for one in found:
        freight = sum((line[2] for line in one.lines), ZERO)
        lines = [LinePaid(pk, 1, price, ZERO, ZERO, carriage) for pk, price, carriage in one.lines]
        goods = really_paid(one.paid, freight, lines)
        shares = [Share(amount, pk) for pk, amount in goods.lines.items() if amount]
        shares += [Share(goods.freight, None, True)] if goods.freight else []
        shares += [Share(goods.rest)] if goods.rest else []
        parts = back_the_way_it_came(shares, {number: amount for number, _way, amount in one.tenders})
        back: dict[int | None, Decimal] = defaultdict(Decimal)
        for part in parts:
            back[part.tender] += part.amount
        assert back == {number: amount for number, _way, amount in one.tenders}, one.number


Made = Callable[[Paid, str], Order]


@pytest.fixture
def made(customer: Customer, now: datetime) -> Made:
    """An order of a file with its payments and lines, as a sheet would have brought it."""

    def make(one: Paid, currency: str) -> Order:
        freight = sum((line[2] for line in one.lines), ZERO)
        row: Order = an_order(
            one.number, now, customer=customer, currency=currency, total=one.paid, paid=one.paid,
            freight=min(freight, one.paid),
        )  # fmt: skip
        for number, way, amount in one.tenders:
            orders.payment_add(
                order=row, sequence=number, method=way, amount=amount, actor=system_user(), now=now
            )
        for number, price, carriage in one.lines:
            orders.line_add(
                order=row, line_no=number, quantity=1, unit_price=price, freight=carriage, actor=system_user(), now=now
            )  # fmt: skip
        return row

    return make


@pytest.fixture
def reais(desk: Cast, now: datetime) -> None:
    """The marketplace's house decides in its own currency: the shipped amounts, drafted by one, in force by another."""
    for own in list(Limit.objects.in_force(now).filter(tier__code__in=["lead", "finance"])):
        terms = {name: getattr(own, name) for name in LIMIT_TERMS} | {"currency": "BRL"}
        draft = limit_draft(
            code=own.code.replace("cny", "brl"), actor=desk.operations, now=now, reason="BRL", **terms
        )
        rule_activate(draft=draft, actor=desk.supervisor, now=now)


def refunded(
    order: Order, amount: Decimal | None, open_ticket: Callable[..., Ticket], desk: Cast, now: datetime
) -> Case:
    """From the request to the last answer of the bank."""
    ticket = open_ticket(order_id=order.pk)
    pieces = {line.pk: line.quantity for line in order.lines.all()}
    draft = CaseDraft(kind="refund_only", ground="not_sent", pieces=pieces)
    case = services.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=now)
    case = services.case_approve(case=case, amount=amount, actor=desk.lead, now=now)
    for payment in services.payment_propose(case=case, actor=desk.agent, now=now):
        row: CasePayment = payment
        if row.state == "awaiting_approval":
            row = services.payment_approve(payment=row, actor=desk.finance, now=now)
        row = moves.perform(row, "submit", actor=system_user(), now=now)
        services.payment_succeed(payment=row, actor=desk.finance, now=now, paid_at=now)
    case.refresh_from_db()
    order.refresh_from_db()
    return case


def test_some_of_the_real_shop_through_to_the_end(
    made: Made, open_ticket: Callable[..., Ticket], desk: Cast, now: datetime
) -> None:
    found = tmall()
    partial = [one for one in found if one.back < one.paid]
    odd = [one for one in found if one.back % 1]
    for one in [*partial[:6], *odd[:6], max(found, key=lambda one: one.back)]:
        if Order.objects.filter(external_no=one.number).exists():
            continue
        order = made(one, "CNY")
        case = refunded(order, one.back, open_ticket, desk, now)
        assert (case.state, case.agreed, order.refunded) == ("closed", one.back, one.back)


@pytest.mark.usefixtures("reais")
def test_some_of_the_marketplace_through_to_the_end(
    made: Made, open_ticket: Callable[..., Ticket], desk: Cast, now: datetime
) -> None:
    """All ways it was paid, several at once among them; vouchers go back as vouchers."""
    found = olist()
    several = sorted(found, key=lambda one: (-len(one.tenders), one.number))[:4]
    with_lines = [one for one in found if len(one.lines) > 1 and one not in several][:4]
    without = [one for one in found if not one.lines and one not in several][:4]
    for one in [*several, *with_lines, *without]:
        order = made(one, "BRL")
        case = refunded(order, None, open_ticket, desk, now)
        assert (case.state, case.agreed, order.refunded) == ("closed", one.paid, one.paid), one.number
        back: dict[str, Any] = defaultdict(Decimal)
        for payment in CasePayment.objects.filter(case=case):
            back[payment.way] += payment.amount
        given: dict[str, Any] = defaultdict(Decimal)
        for _number, way, amount in one.tenders:
            given[way] += amount
        assert back == given
        for tender in order.payments.all():
            assert tender.refunded == tender.amount
