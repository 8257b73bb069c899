"""Two rule books judge one merchant at one moment: one fact has one main consequence (order 116 §27)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import OperationalError, transaction

from accounts.services import system_user
from aftersales.ledger import services as ledger
from aftersales.ledger.models import IncentiveVersion, Proposal, Raised
from aftersales.scorecards import services
from aftersales.scorecards.models import MeasureFact, MerchantMeasure
from aftersales.scorecards.services import measures
from tests.cast import Cast
from tests.department import book, customer, desk, open_ticket
from tests.merchants.shops import Shop
from tests.scorecards.conftest import shop
from tests.scorecards.test_measures import DAY, LADDER, broken, only_rule
from tests.toy.fixtures import at_once, in_thread

__all__ = ["book", "broken", "customer", "desk", "open_ticket", "shop"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
NOVEMBER = date(2026, 11, 1)


@pytest.fixture
def later(desk: Cast, shop: Shop, broken: Callable[..., Any], now: datetime) -> datetime:
    """When both judge: three broken obligations, a warning by one rule book, points by the other."""
    only_rule(desk, now, "ladder", now - DAY, **LADDER | {"count": 3})
    IncentiveVersion.objects.filter(rule__code="merchant_late_points").update(
        valid_from=now - 60 * DAY, valid_to=None
    )
    broken(shop.merchant, now, 3)
    return now + 30 * DAY


def judge_by_measures(now: datetime) -> str:
    services.measures_raise(actor=system_user(now), now=now)
    return "done"


def judge_by_points(now: datetime) -> str:
    try:
        ledger.incentives_raise(month=NOVEMBER, actor=system_user(now), now=now)
    except OperationalError as error:
        return "busy" if "lock timeout" in str(error) else str(error)
    return "done"


def followed(shop: Shop) -> tuple[int, int]:
    """How many measures, how many proposals of the month: whatever rests on the three breaches."""
    return (
        MerchantMeasure.objects.filter(merchant=shop.merchant).count(),
        Proposal.objects.filter(party="merchant", party_id=shop.merchant.pk).count(),
    )


def test_without_the_lock_both_would_follow_from_the_same_breaches(
    later: datetime, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("aftersales.scorecards.services.measures", "aftersales.ledger.services.incentives"):
        monkeypatch.setattr(f"{room}.facts_hold", lambda merchant_id: None)
    with transaction.atomic():
        judge_by_measures(later)
        assert in_thread(lambda: judge_by_points(later)) == "done"
    assert followed(shop) == (1, 1), "the race that the lock is there for"


def test_whoever_is_second_waits_and_finds_the_facts_taken(later: datetime, shop: Shop) -> None:
    with transaction.atomic():
        judge_by_measures(later)
        assert in_thread(lambda: judge_by_points(later)) == "busy"
    assert judge_by_points(later) == "done"
    assert followed(shop) == (1, 0)


def test_what_was_planned_before_the_other_was_done_is_not_raised(
    later: datetime, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is made, the points come, and only then is it carried out."""
    plans = measures.consequences.plans

    def slow(now: datetime) -> Any:
        found = plans(now)
        judge_by_points(now)
        return found

    monkeypatch.setattr(measures.consequences, "plans", slow)
    assert services.measures_raise(actor=system_user(later), now=later) == 0
    assert followed(shop) == (0, 1)
    assert not MeasureFact.objects.exists()


@pytest.mark.slow
def test_both_at_once_and_twice_over_leave_one_consequence(later: datetime, shop: Shop) -> None:
    at_once([lambda: judge_by_measures(later), lambda: judge_by_points(later)] * 2)
    assert sum(followed(shop)) == 1
    assert Raised.objects.count() + MerchantMeasure.objects.count() == 1
