"""One late clock has one main consequence, whichever figure, score or rule of the two books counts it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.clocks.services import breach_exclude
from aftersales.scorecards import services
from aftersales.scorecards.models import MerchantMeasure, Neutral
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.scorecards.conftest import noted
from tests.scorecards.test_measures import (
    DAY,
    HOUR,
    METRIC,
    WARNING,
    a_rule,
    broken,
    only_rule,
    raised,
)
from tests.scorecards.test_measures_turned import imposed, states

pytestmark = pytest.mark.django_db
__all__ = ["broken"]
NOVEMBER = date(2026, 11, 1)
ANSWERS: dict[str, Any] = METRIC | {"metric": "answer_in_time", "limit": "0.8", "lag": 1}
DUTIES: dict[str, Any] = ANSWERS | {"metric": "obligations_kept"}
BREACHES: dict[str, Any] = {
    "trigger": "breaches", "days": 60, "count": 5, "remember": 180,
    "steps": [WARNING, {"effect": "cap", "cap": 50, "days": 7}],
}  # fmt: skip
Broken = Callable[..., list[Clock]]


@pytest.fixture
def later(now: datetime) -> datetime:
    """November is over, and its figures have settled."""
    return datetime(2026, 12, 10, 2, tzinfo=now.tzinfo)


@pytest.fixture
def late(broken: Broken) -> Broken:
    """``late(merchant, at, number)``: late answers, and the figures counted from them."""

    def run_out(*given: Any) -> list[Clock]:
        found = broken(*given)
        noted(given[1] + 4 * DAY)
        services.refresh()
        return found

    return run_out


def cancelled(row: MerchantMeasure, at: datetime) -> None:
    services.measure_cancel(measure=row, reason="前一步已撤", actor=system_user(at), now=at)


# ------------------------------------------------------------------------------------------- two figures of clocks
@pytest.mark.parametrize("terms", [(ANSWERS, DUTIES), (DUTIES, ANSWERS)])
def test_two_figures_that_count_the_same_late_clocks_are_one_fact(
    desk: Cast, shop: Shop, late: Broken, now: datetime, later: datetime, terms: Any
) -> None:
    only_rule(desk, now, "first", now - 60 * DAY, **terms[0])
    a_rule(desk, now, "second", now - 60 * DAY, **terms[1])
    late(shop.merchant, now, 8)
    (one,) = raised(later)
    assert raised(later + DAY) == []
    assert states(one) == ["in_force"], "what another figure could hold takes nothing from it"
    cancelled(one, later + DAY)
    assert len(raised(later + 2 * DAY)) == 1, "what is free again is judged anew, once"
    assert raised(later + 3 * DAY) == []


def test_a_figure_is_held_for_the_late_clocks_that_another_one_does_not_count(
    desk: Cast, shop: Shop, late: Broken, now: datetime, later: datetime
) -> None:
    only_rule(desk, now, "answers", now - 60 * DAY, **ANSWERS)
    clocks = late(shop.merchant, now, 13)
    Clock.objects.filter(pk__in=[one.pk for one in clocks[:6]]).update(promise="receipt")
    for one in clocks:
        services.touch(subject_kind=one.subject_kind, subject_id=one.subject_id)
    services.refresh()
    (answers,) = raised(later)
    a_rule(desk, now, "duties", now - 60 * DAY, **DUTIES)
    (duties,) = raised(later + HOUR)
    found = [(one.figures["bad"], one.figures.get("answered", 0)) for one in (answers, duties)]
    assert found == [(7, 0), (6, 7)], "thirteen were late, each once"
    assert raised(later + DAY) == []
    assert states(answers, duties) == ["in_force", "in_force"]

    breach_exclude(
        clock=clocks[0], cause="platform", reason="接口故障", actor=desk.supervisor, now=later + DAY
    )
    breach_exclude(
        clock=clocks[1], cause="platform", reason="接口故障", actor=desk.supervisor, now=later + DAY
    )
    noted(later + DAY)
    assert raised(later + 2 * DAY) == []
    assert states(answers, duties) == ["in_force", "cancelled"], "four are too few, each by its own"


def test_a_late_clock_of_a_figure_that_was_overturned_leads_to_nothing_again(
    desk: Cast, shop: Shop, late: Broken, now: datetime, later: datetime
) -> None:
    only_rule(desk, now, "answers", now - 60 * DAY, **ANSWERS)
    late(shop.merchant, now, 8)
    (row,) = raised(later)
    services.measure_appeal(measure=row, text="不属实", actor=shop.owner, now=later + HOUR)
    heard: dict[str, Any] = {"upheld": False, "answer": "已核实", "actor": desk.supervisor}
    services.measure_hear(measure=row, now=later + DAY, **heard)
    a_rule(desk, now, "duties", now - 60 * DAY, **DUTIES)
    a_rule(desk, now, "single", now - 60 * DAY, **BREACHES)
    assert raised(later + 2 * DAY) == []


# ------------------------------------------------------------------------------------------------- judged again
def test_a_figure_is_judged_again_beside_breaches_that_were_answered_one_by_one(
    desk: Cast, shop: Shop, late: Broken, now: datetime, later: datetime
) -> None:
    only_rule(desk, now, "single", now - 60 * DAY, **BREACHES | {"days": 2})
    late(shop.merchant, now, 5)
    (single,) = raised(now + 4 * DAY)
    a_rule(desk, now, "answers", now - 60 * DAY, **ANSWERS)
    clocks = late(shop.merchant, now + 5 * DAY, 6)
    (row,) = raised(later)
    assert (row.figures["bad"], row.figures["answered"]) == (6, 5)
    assert raised(later + DAY) == []
    assert states(row) == ["in_force"]
    cancelled(single, later + DAY)
    assert raised(later + 2 * DAY) == [], "the five are bad cases of the figure now, and judged with it"
    for clock in clocks[:2]:
        breach_exclude(
            clock=clock, cause="platform", reason="接口故障", actor=desk.supervisor, now=later + 2 * DAY
        )
    noted(later + 2 * DAY)
    raised(later + 3 * DAY)
    assert states(row) == ["in_force"], "nine of nine"


def test_days_that_count_no_more_are_not_taken_out_twice(
    desk: Cast, shop: Shop, late: Broken, now: datetime, later: datetime
) -> None:
    """Five were answered one by one, and another rule's appeal took their days out of the figure: six are left."""
    only_rule(desk, now, "single", now - 60 * DAY, **BREACHES | {"days": 2})
    late(shop.merchant, now, 5)
    raised(now + 4 * DAY)
    late(shop.merchant, now + 5 * DAY, 6)
    only_rule(desk, now, "answers", now - 60 * DAY, **ANSWERS)
    (row,) = raised(later)
    fallen = imposed(shop, desk, later, "warning", 30, figures={"score": "40", "grade": "D"}, trigger="grade")
    services.measure_appeal(measure=fallen, text="不属实", actor=shop.owner, now=later + HOUR)
    services.measure_hear(
        measure=fallen, upheld=False, answer="已核实", actor=desk.supervisor, now=later + 2 * HOUR
    )
    day: dict[str, Any] = {
        "measure": fallen,
        "merchant_id": shop.merchant.pk,
        "metric": "answer_in_time",
        "at": later,
    }
    ran_out = [
        one.breached_at for one in Clock.objects.filter(merchant_id=shop.merchant.pk).order_by("breached_at")
    ]
    first, last = ran_out[0].date(), ran_out[-1].date()
    Neutral.objects.create(since=first - DAY, until=first + DAY, **day)
    assert raised(later + DAY) == []
    assert states(row) == ["in_force"]
    Neutral.objects.filter(measure=fallen).update(since=first - DAY, until=last + DAY)
    assert raised(later + 2 * DAY) == []
    assert states(row) == ["cancelled"], "of its days none counts any more"
