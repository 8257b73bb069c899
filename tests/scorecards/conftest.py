"""The figures' tests play in the department at work and in trade data; services alone write figures."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from aftersales.core import deliveries
from aftersales.customers.models import Contact
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, OrderLine, Shipment
from aftersales.scorecards import services
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.selectors import Figure, figures
from aftersales.scorecards.states import SubjectKind
from tests.architecture.writes import watched
from tests.cast import Cast
from tests.department import book, customer, desk, open_ticket, work_off
from tests.merchants.shops import Shop, a_shop

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]


@pytest.fixture(autouse=True)
def only_services_write(db: None):
    with watched(planting=True):
        yield


def noted(now: datetime) -> None:
    """What the worker does with this room's deliveries; the other rooms' wait."""
    for consumer in deliveries.consumers():
        while consumer.startswith("scorecards.") and deliveries._run_batch(consumer, now)[1]:
            pass


def sold(shop: Merchant, number: int, now: datetime, *, key: str = "O", late: int = 0) -> None:
    """Orders of ten days ago, handed over on the second day or, the first ``late`` of them, on the fifth; the limit was
    the third. Planted as rows: they count once everything is counted anew.
    """
    placed = now - timedelta(days=10)
    made = Order.objects.bulk_create(
        Order(
            source="shop", external_no=f"{key}-{one}", placed_at=placed, merchant=shop, currency=shop.currency,
            total=100, paid=100, status="delivered",
        )
        for one in range(number)
    )  # fmt: skip
    due = {"merchant": shop, "dispatch_due_at": placed + timedelta(days=3)}
    OrderLine.objects.bulk_create(
        OrderLine(order=one, line_no=1, currency=one.currency, **due) for one in made
    )
    Shipment.objects.bulk_create(
        Shipment(
            order=one, number="1", merchant=shop, shipped_at=placed + timedelta(days=5 if place < late else 2)
        )
        for place, one in enumerate(made)
    )


def stored() -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """All figures by what they are of."""
    keys = ("metric", "subject_kind", "subject_id", "subject_name", "day", "category")
    return {row[:6]: row[6:] for row in Rollup.objects.values_list(*keys, "num", "den", "samples")}


@pytest.fixture
def counted() -> Callable[..., dict[str, Figure]]:
    """``counted(now, kind, id)``: the figures of one subject over some days, after the worker and the sweep came by."""

    def count(
        now: datetime, kind: str, subject: int | str, *, days: int = 60, until: date | None = None
    ) -> dict[str, Figure]:
        noted(now)
        services.refresh()
        last = until or now.date() + timedelta(days=1)
        rows = Rollup.objects.filter(
            **{"subject_name" if isinstance(subject, str) else "subject_id": subject}
        )
        found = figures(rows, SubjectKind(kind), last - timedelta(days=days), last)
        return {one.metric.code: one for one in found}

    return count


@pytest.fixture
def at(now: datetime, settings: Any, tmp_path: Path) -> Iterator[Any]:
    """Pages are asked for at ``now``, without a second factor; what is uploaded goes with the test."""
    settings.REQUIRE_SECOND_FACTOR = False
    settings.MEDIA_ROOT = tmp_path / "files"
    with time_machine.travel(now, tick=False) as moving:
        yield moving


@pytest.fixture
def shop(cast: Cast, now: datetime) -> Shop:
    return a_shop(cast, now, "甲")


@pytest.fixture(autouse=True)
def reachable(customer: Any) -> None:
    """Words reach the customer: only then do they keep a promise."""
    Contact.objects.create(customer=customer, kind="email", value="lin@example.com")
