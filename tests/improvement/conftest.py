"""Trade and tickets of some weeks, planted as rows; services alone write warnings and signs."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from aftersales.orders.models import Order, OrderLine, Product, Shipment
from aftersales.tickets.models import Ticket
from tests.architecture.writes import watched
from tests.department import book, customer, desk, open_ticket
from tests.records import merchant as a_merchant

__all__ = ["book", "customer", "desk", "open_ticket"]
DAY = timedelta(days=1)


@pytest.fixture
def at_now(now: datetime, settings: Any) -> Iterator[None]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture(autouse=True)
def only_services_write(db: None):
    with watched(planting=True):
        yield


class Trade:
    """Shops with goods; each ticket is about one order of one article, opened so many days ago."""

    def __init__(self, now: datetime) -> None:
        self.now, self.count = now, 0

    def shop(self, code: str, **columns: Any) -> Any:
        return a_merchant(code, self.now, returns="", **columns)

    def product(self, code: str, shop: Any) -> Product:
        row = Product(code=code, name=f"{code} 耳机", merchant=shop)
        row.save()
        return row

    def orders(
        self, product: Product, number: int, ago: int, *, batch: str = "", carrier: str = "", sent: int | None = None,
        **columns: Any,
    ) -> list[Order]:  # fmt: skip
        """Placed ``ago`` days ago, sent the day after or ``sent`` days ago."""
        at, made = self.now - ago * DAY, []
        for _one in range(number):
            self.count += 1
            made.append(
                Order(
                    source="t", external_no=f"O{self.count}", merchant=product.merchant, placed_at=at,
                    currency="CNY", status="delivered", **columns,
                )
            )  # fmt: skip
        Order.objects.bulk_create(made)
        OrderLine.objects.bulk_create(
            OrderLine(
                order=one,
                line_no=1,
                merchant=product.merchant,
                product=product,
                currency="CNY",
                batch_no=batch,
            )
            for one in made
        )
        moment = self.now - sent * DAY if sent is not None else at + DAY
        Shipment.objects.bulk_create(
            Shipment(order=one, number="1", merchant=product.merchant, carrier=carrier, shipped_at=moment)
            for one in made
        )
        return made

    def tickets(self, orders: list[Order], ago: int, *, kind: str = "quality") -> list[Ticket]:
        made = []
        for one in orders:
            self.count += 1
            made.append(
                Ticket(
                    number=f"TK{self.count}", source="t", subject="坏了", channel="web", kind=kind, order=one,
                    merchant=one.merchant, opened_at=self.now - ago * DAY, state="new",
                )
            )  # fmt: skip
        Ticket.objects.bulk_create(made)
        return made

    def week(
        self,
        product: Product,
        *,
        a_day: int,
        weeks: int,
        first: int = 1,
        kind: str = "quality",
        **columns: Any,
    ) -> None:
        """The same number of tickets every day until yesterday."""
        for ago in range(1, 1 + weeks * 7):
            self.tickets(self.orders(product, a_day, ago + 5, **columns), ago, kind=kind)


@pytest.fixture
def trade(now: datetime, book: None) -> Trade:
    return Trade(now)
