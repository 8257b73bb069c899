"""The cases' tests play in the department at work, on an order of two articles; services alone write."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.cases.services import CaseDraft
from aftersales.orders import services as orders
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets.models import Ticket
from tests.architecture.writes import watched
from tests.department import book, customer, desk, open_ticket, work_off
from tests.records import merchant as a_merchant
from tests.records import order as an_order

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]


@pytest.fixture(autouse=True)
def only_services_write(db: None):
    with watched(planting=True):
        yield


@pytest.fixture(autouse=True)
def certified(desk: Any) -> None:
    """Everybody of the department holds the certificate of his post: it says how much he may let out."""
    desk.hold({desk.agent: "in_post", desk.lead: "lead", desk.supervisor: "lead", desk.finance: "finance"})


@pytest.fixture
def order(customer: Any, now: datetime) -> Order:
    """¥110 paid: three cups for ¥70.01 and a lamp for ¥29.99, freight ¥10."""
    shop = a_merchant("M1", now)
    row: Order = an_order(
        "A-1",
        now,
        merchant=shop,
        customer=customer,
        total=Decimal(110),
        paid=Decimal(110),
        freight=Decimal(10),
    )
    for number, (name, pieces, price, paid) in enumerate(
        [("杯子", 3, "23.34", "70.01"), ("台灯", 1, "29.99", "29.99")], start=1
    ):
        orders.line_add(
            order=row, line_no=number, actor=system_user(), now=now, product_name=name, quantity=pieces,
            unit_price=Decimal(price), paid=Decimal(paid), merchant=shop,
        )  # fmt: skip
    return row


@pytest.fixture
def lines(order: Order) -> list[OrderLine]:
    return list(order.lines.order_by("line_no"))


@pytest.fixture
def ticket(open_ticket: Callable[..., Ticket], order: Order) -> Ticket:
    return open_ticket(order_id=order.pk, merchant_id=order.merchant_id)


Open = Callable[..., Case]


@pytest.fixture
def open_case(ticket: Ticket, lines: list[OrderLine], desk: Any, now: datetime) -> Open:
    """``open_case({0: 2})``: two pieces of the first line; further words as of a draft."""

    def opener(pieces: dict[int, int] | None = None, at: datetime | None = None, **more: Any) -> Case:
        picked = {lines[index].pk: count for index, count in ({0: 1} if pieces is None else pieces).items()}
        facts: dict[str, Any] = {"kind": "return", "ground": "no_reason", "pieces": picked}
        return services.case_open(
            ticket=Ticket.objects.get(pk=ticket.pk),
            draft=CaseDraft(**(facts | more)),
            actor=desk.agent,
            now=at or now,
        )

    return opener
