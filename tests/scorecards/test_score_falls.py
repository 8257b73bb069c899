"""An appeal against a measure by grade was accepted: the score is counted without what made the grade."""

from datetime import date, datetime
from typing import Any

import pytest

from aftersales.merchants.models import Merchant
from aftersales.scorecards import services
from aftersales.scorecards.models import Formula, Neutral, Rollup, Snapshot
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.states import SubjectKind
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.scorecards.test_measures import DAY, HOUR, OCTOBER, WARNING, only_rule, raised

pytestmark = pytest.mark.django_db
GRADE = {"trigger": "grade", "grades": ["D"], "remember": 90, "steps": [WARNING]}
LAST = date(2026, 10, 31)
DISPUTES, QUALITY, DISPATCH = "dispute_rate_orders", "quality_return_rate", "dispatch_in_time"


def item(code: str, verdict: str, days: int, gained: str) -> dict[str, Any]:
    return {
        "metric": code,
        "verdict": verdict,
        "days": days,
        "num": 20,
        "den": 300,
        "weight": "20.0",
        "gained": gained,
    }


def overturned(desk: Cast, shop: Shop, now: datetime, *items: dict[str, Any]) -> dict[str, tuple[date, date]]:
    """The spans that count no more, by metric, after a grade D of October was raised, appealed and overturned."""
    only_rule(desk, now, "grade", now - 200 * DAY, **GRADE)
    formula = Formula.objects.get(code="merchants")
    Snapshot.objects.create(
        formula=formula, rule=formula.versions.first(), subject_kind="merchant", subject_id=shop.merchant.pk,
        subject_name="甲", day=LAST, month=OCTOBER, score=40, low=35, high=45, grade="D", volume=300,
        details={"items": items, "extras": []}, at=now,
    )  # fmt: skip
    (row,) = raised(now)
    said = services.measure_appeal(measure=row, text="统计有误", actor=shop.owner, now=now + HOUR)
    services.measure_hear(measure=said, upheld=False, answer="属实", actor=desk.supervisor, now=now + DAY)
    return {one.metric: (one.since, one.until) for one in Neutral.objects.all()}


def sums_of(merchant: Merchant, code: str) -> list[tuple[int, int]]:
    version = Formula.objects.get(code="merchants").versions.first()
    found = selectors.sums(selectors.terms_of(version), SubjectKind.MERCHANT, LAST).get(merchant.pk)
    return [(one.num, one.den) for one in found[code]] if found else []


def test_the_whole_window_of_a_missed_figure_counts_no_more(desk: Cast, shop: Shop, now: datetime) -> None:
    """Too few cases in October, so the formula looked at ninety days: the bad ones were in August."""
    for day, bad in ((date(2026, 8, 10), 20), (date(2026, 8, 2), 5)):
        Rollup.objects.create(
            metric=DISPUTES, subject_kind="merchant", subject_id=shop.merchant.pk, day=day, num=bad, den=30
        )
    assert sums_of(shop.merchant, DISPUTES) == [(0, 0), (20, 30), (25, 60)]
    spans = overturned(desk, shop, now, item(DISPUTES, "missed", 90, "2.0"), item(QUALITY, "open", 30, "9.0"))
    assert spans == {DISPUTES: (date(2026, 8, 3), LAST)}
    assert sums_of(shop.merchant, DISPUTES) == [(0, 0), (0, 0), (5, 30)], "what was before it still counts"


def test_where_nothing_was_surely_missed_all_that_cost_points_counts_no_more(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    spans = overturned(
        desk, shop, now, item(DISPUTES, "open", 60, "2.0"), item(QUALITY, "met", 30, "20.0"),
        item(DISPATCH, "too_few", 90, "12.0"),
    )  # fmt: skip
    assert spans == {DISPUTES: (date(2026, 9, 2), LAST)}
