"""Eligible returns approved by the rule, against the same rows and events written in bulk."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.services import system_user
from aftersales.cases.models import (
    Case,
    CaseJudgment,
    CaseLine,
    CaseParcel,
    LineAccount,
    OrderAccount,
    ParcelItem,
)
from aftersales.cases.services.automatic import BATCH, approve_due
from aftersales.core import events, moves, rowwrite
from aftersales.core.events import Draft
from aftersales.core.plainwrite import write_columns
from aftersales.customers.models import Customer
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets import services as tickets
from aftersales.tickets.services.intake import TicketDraft
from tests.bench import scene
from tests.bench.data import NOW, Sets, copy_of
from tests.bench.measure import Result, at_most, count, race, statements

RETURNS = 10_000
PAID = Decimal("49.90")
Rows = list[tuple[Case, CaseLine, OrderAccount, LineAccount]]


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    """One pass over all of them is as long as many passes over few; the first batch warms both up."""
    with copy_of(sets.on_base("returns", lambda: asked_for(RETURNS), of=__file__)):
        rows = _rows()
        approved: list[int] = []
        subject = undone(lambda: approved.append(len(approve_due(now=NOW, limit=RETURNS).approved)))
        floor = undone(lambda: _bare(rows))
        asked = len(statements(undone(lambda: approve_due(now=NOW, limit=2 * BATCH))))
        undone(lambda: _bare(rows[:BATCH]))()
        taken = race(subject, floor, rounds=effort, warm=0)
        if set(approved) != {RETURNS}:
            raise RuntimeError(f"{approved} of {RETURNS} returns were approved")
        yield at_most(f"{RETURNS:,} returns by rule / the same rows in bulk", taken, 5.0)
        yield count("returns by rule, statements per batch", asked / 2, 60, f"{asked} for two")


def _rows() -> Rows:
    """What the data set holds, as the floor wants it."""
    lines = list(CaseLine.objects.select_related("case__ticket", "line").order_by("pk"))
    orders = OrderAccount.objects.in_bulk(field_name="order_id")
    accounts = LineAccount.objects.in_bulk(field_name="line_id")
    return [(line.case, line, orders[line.case.order_id], accounts[line.line_id]) for line in lines]


def undone(work: Callable[[], Any]) -> Callable[[], None]:
    """Written in full, and taken back: the next round finds the same."""

    def run() -> None:
        with transaction.atomic():
            work()
            transaction.set_rollback(True)

    return run


def asked_for(size: int) -> Rows:
    """Returns that the rules grant, each of an order and on a ticket of its own with its clocks."""
    agent = scene.person("agent00")
    shop = Merchant.objects.first() or Merchant.objects.create(code="BENCH", name="Bench", state="active")
    buyers = Customer.objects.bulk_create([Customer(code=f"BA{n}") for n in range(size)])
    orders = Order.objects.bulk_create(
        [
            Order(source="bench", external_no=f"BA{n}", merchant=shop, customer=buyer, status="delivered",
                  placed_at=NOW - 5 * scene.DAY, paid=PAID, total=PAID)
            for n, buyer in enumerate(buyers)
        ]
    )  # fmt: skip
    lines = OrderLine.objects.bulk_create(
        [OrderLine(order=order, line_no=1, merchant=shop, unit_price=PAID, paid=PAID) for order in orders]
    )
    drafts = [
        TicketDraft(
            source="form", source_ref="", subject="不合适", text="想退货", channel="web", opened_at=NOW, kind="returns",
            customer_id=order.customer_id, order_id=order.pk, merchant_id=shop.pk, owner_id=agent.pk, beside=True,
        )
        for order in orders
    ]  # fmt: skip
    found = []
    for start in range(0, size, BATCH):
        found += tickets.tickets_open_many(drafts=drafts[start : start + BATCH], actor=agent, now=NOW)
    of_order = {ticket.order_id: ticket for ticket in found}
    return _cases(
        agent, [(of_order[order.pk], order, line) for order, line in zip(orders, lines, strict=True)]
    )


def _cases(agent: Any, asked: Sequence[tuple[Any, Order, OrderLine]]) -> Rows:
    cases = [
        Case(
            number=f"BA-{order.pk}", ticket=ticket, order=order, merchant_id=order.merchant_id,
            customer_id=order.customer_id, kind="return", first_kind="return", ground="no_reason",
            first_ground="no_reason", goods_back=True, currency="CNY", verdict={"verdict": "yes"}, asked_at=NOW,
            opened_by=agent, opened_at=NOW,
        )
        for ticket, order, _line in asked
    ]  # fmt: skip
    payload = {"kind": "return", "ground": "no_reason", "amount": "0", "by": "customer"}
    moves.create_many(cases, actor=agent, now=NOW, event="case.asked", payloads=[payload] * len(cases))
    lines = CaseLine.objects.bulk_create(
        [
            CaseLine(case=case, line=line, announced=1, value=PAID)
            for case, (_t, _o, line) in zip(cases, asked, strict=True)
        ]
    )
    whole = OrderAccount.objects.bulk_create(
        [OrderAccount(order=order, currency="CNY", paid=PAID) for _t, order, _line in asked]
    )
    single = LineAccount.objects.bulk_create(
        [LineAccount(line=line, bought=1, claimed=1, claimed_value=PAID, paid=PAID) for _t, _o, line in asked]
    )
    return list(zip(cases, lines, whole, single, strict=True))


def _bare(rows: Rows) -> None:
    """Nothing is locked, asked or judged."""
    actor = system_user()
    for start in range(0, len(rows), BATCH):
        _bare_batch(rows[start : start + BATCH], actor)


def _bare_batch(rows: Rows, actor: Any) -> None:
    cases, lines, orders, accounts = ([row[n] for row in rows] for n in range(4))
    for case in cases:
        case.__dict__.update(state="approved", agreed=PAID, promised=PAID, decided_how="rule", decided_by_id=actor.pk,
                             decided_at=NOW)  # fmt: skip
    columns = ["state", "agreed", "promised", "decided_how", "decided_by_id", "decided_at"]
    rowwrite.update(cases, columns, move="approve")
    rowwrite.write_history(cases, actor=actor, now=NOW, reason="")
    write_columns(orders, ["granted"])
    write_columns(accounts, ["granted"])
    write_columns(lines, ["agreed", "approved", "promised"])
    parcels = CaseParcel.objects.bulk_create(
        [CaseParcel(case=case, merchant_id=case.merchant_id, ship_by=NOW, announced_at=NOW) for case in cases]
    )
    ParcelItem.objects.bulk_create(
        [
            ParcelItem(parcel=parcel, case_line=line, announced=1)
            for parcel, line in zip(parcels, lines, strict=True)
        ]
    )
    CaseJudgment.objects.bulk_create([CaseJudgment(case=case, outcome="approved", at=NOW) for case in cases])
    told = [
        ("case.approved", cases, lambda case: case.told(how="rule", amount=str(PAID), goods_back=True)),
        ("case_parcel.announced", parcels, lambda parcel: parcel.told()),
        ("ticket.case_decided", [case.ticket for case in cases], lambda _ticket: {"number": "x"}),
    ]
    events.write(
        [
            Draft(kind=kind, row=row, actor=actor, at=NOW, payload=payload(row))
            for kind, found, payload in told
            for row in found
        ]
    )
