"""A shop with two people, on the order that the tests of cases play with."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounts.models import User
from accounts.states import Role
from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import member_add
from aftersales.orders.models import Order
from tests.cases.conftest import certified, lines, only_services_write, open_case, order, ticket
from tests.cases.workshop import HOUR, arrive, fresh
from tests.cast import Cast
from tests.department import book, customer, desk, open_ticket, work_off
from tests.portal.clerk import Clerk, photo
from tests.records import merchant as a_merchant

__all__ = [
    "book", "certified", "customer", "desk", "lines", "only_services_write", "open_case", "open_ticket", "order",
    "ticket", "work_off",
]  # fmt: skip

Open = Callable[..., Case]


@pytest.fixture(autouse=True)
def at(now: datetime, tmp_path: Path, settings: Any) -> Iterator[Any]:
    """Pages open when the tests say now; files lie in a folder of the test."""
    settings.MEDIA_ROOT = tmp_path / "files"
    with time_machine.travel(now, tick=False) as moving:
        yield moving


@pytest.fixture
def shop(order: Order) -> Merchant:
    row: Merchant = Merchant.objects.get(pk=order.merchant_id)
    return row


def person_of(shop: Merchant, cast: Cast, name: str, role: str = "clerk") -> User:
    user: User = cast.person(Role.MERCHANT_OWNER if role == "owner" else Role.MERCHANT_CLERK, name=name)
    member_add(merchant=shop, user=user, role=role, actor=cast.operations, now=cast.now)
    return user


@pytest.fixture
def clerk(shop: Merchant, desk: Cast, now: datetime, at: Any) -> Clerk:
    return Clerk(desk, person_of(shop, desk, "小季"), at)


@pytest.fixture
def stranger(desk: Cast, now: datetime, at: Any) -> Clerk:
    """Somebody of another shop."""
    return Clerk(desk, person_of(a_merchant("M2", now), desk, "外店"), at)


@pytest.fixture
def lived(clerk: Clerk, desk: Cast, open_case: Open, now: datetime) -> dict[str, Any]:
    """A case that has everything: a disputed refusal with files of both, and beside it goods that lie here."""
    case = open_case({0: 1})
    clerk.does(case, "reject", clause="other", other="第七条", words="已使用", files=[photo("我们的.png")])
    dispute = services.dispute_open(
        case=fresh(case), by="customer", actor=desk.agent, now=now + HOUR, words="没有"
    )
    clerk.at(now + 2 * HOUR).does(case, "evidence", words="监控", files=[photo("监控.png")])
    here = open_case({1: 1})
    clerk.does(here, "approve", goods="back", words="")
    parcel = arrive(fresh(here), desk, now + 3 * HOUR)
    clerk.at(now + 4 * HOUR)
    return {"case": case, "here": here, "parcel": parcel, "dispute": dispute}
