"""Nobody is judged by figures that are not counted yet, and a measure goes with the rows behind its figure."""

from datetime import date, datetime
from typing import Any

import pytest
from django.utils.translation import override

from aftersales.clocks.services import breach_exclude
from aftersales.core.models import Delivery
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import DEAD
from aftersales.scorecards import consequencewords, services, tasks
from aftersales.scorecards.models import Rollup
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.records import merchant as a_merchant
from tests.records import order as an_order
from tests.scorecards.conftest import noted
from tests.scorecards.test_measures import (
    DAY,
    HOUR,
    METRIC,
    OCTOBER,
    WARNING,
    broken,
    figures,
    only_rule,
    raised,
)

pytestmark = pytest.mark.django_db
__all__ = ["broken"]
SEPTEMBER = date(2026, 9, 1)


def stale(shop: Shop, month: date) -> None:
    """A bad figure behind which no row stands any more; that it is to be counted again was noted."""
    figures(shop.merchant, month, 30, 200)
    for kind in ("orders.order", "cases.dispute"):
        services.touch(subject_kind=kind)


def test_figures_are_counted_before_measures_are_raised(desk: Cast, shop: Shop, now: datetime) -> None:
    only_rule(desk, now, "unlucky", now - 200 * DAY, **METRIC)
    stale(shop, OCTOBER)
    assert raised(now) == []
    assert not Rollup.objects.exists()


def test_figures_are_counted_before_scores_are_kept(
    shop: Shop, now: datetime, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale(shop, OCTOBER)
    seen: list[int] = []

    def looks(**_given: Any) -> int:
        seen.append(Rollup.objects.count())
        return 0

    for name in ("standings_count", "snapshots_sweep"):
        monkeypatch.setattr(services, name, looks)
    tasks.score()
    assert seen == [0, 0]


@pytest.mark.parametrize(
    ("task", "judges"),
    [("score", "standings_count"), ("judge_months", "months_sweep"), ("raise_measures", "measures_raise")],
)
def test_what_the_worker_has_not_taken_yet_is_noted_before_anybody_is_judged(
    desk: Cast, now: datetime, at: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any, task: str, judges: str
) -> None:
    an_order("A-1", now, merchant=a_merchant("M1", now))
    waiting = Delivery.objects.filter(consumer__startswith="scorecards.")
    failed = waiting.order_by("pk")[0]
    Delivery.objects.filter(pk=failed.pk).update(parked_at=now)
    seen: list[list[int]] = []

    def judged(**_given: Any) -> int:
        seen.append(list(waiting.values_list("pk", flat=True)))
        return 0

    for name in {judges, "snapshots_sweep"}:
        monkeypatch.setattr(services, name, judged)
    getattr(tasks, task)()
    assert seen[0] == [failed.pk]
    assert "1 events are not noted for counting yet" in caplog.text


def test_a_measure_on_a_figure_falls_when_what_stands_behind_it_is_left_out(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    terms = METRIC | {"metric": "answer_in_time", "limit": "0.8", "remember": 180, "lag": 1}
    only_rule(desk, now, "answers", now - 60 * DAY, **terms)
    clocks = broken(shop.merchant, now, 8)
    noted(now + 3 * DAY)
    at = datetime(2026, 12, 10, 2, tzinfo=now.tzinfo)
    (row,) = raised(at)
    assert row.figures["bad"] == 8
    out: dict[str, Any] = {"cause": "platform", "reason": "接口故障", "actor": desk.supervisor}
    for number, still in ((2, "in_force"), (8, "cancelled")):
        for clock in clocks[:number]:
            if not clock.exclusions.exists():
                breach_exclude(clock=clock, now=at + HOUR, **out)
        noted(at + 2 * HOUR)
        assert raised(at + number * DAY) == []
        row.refresh_from_db()
        assert row.state == still, "six of six are surely bad"
    with override("en"):
        assert "the rest does not carry the measure" in consequencewords.why_ended(row)
    assert not row.facts.filter(freed_at=None).exists()


def test_each_measure_is_judged_again_over_its_own_days(desk: Cast, shop: Shop, now: datetime) -> None:
    """Of two months the second is about its own days; only the one whose figure went falls, with what rested on it."""
    step = {"effect": "penalty", "amount": "100", "most": "9000", "days": 30}
    only_rule(desk, now, "twice", now - 200 * DAY, **METRIC | {"days": 90, "steps": [WARNING, step]})
    figures(shop.merchant, SEPTEMBER, 20, 300)
    (first,) = raised(datetime(2026, 10, 20, 2, tzinfo=now.tzinfo))
    figures(shop.merchant, OCTOBER, 30, 300)
    (fine,) = raised(now)
    assert (fine.amount, raised(now + DAY)) == (3000, [])

    Rollup.objects.filter(day__gte=OCTOBER).update(num=25)
    (less,) = raised(now + 2 * DAY)
    assert (less.effect, less.amount, less.rests_on) == ("penalty", 2500, first)
    assert Proposal.objects.exclude(state__in=sorted(DEAD)).get(source_id=less.pk).amount == 2500
    Rollup.objects.filter(day__gte=OCTOBER).delete()
    assert raised(now + 3 * DAY) == []
    for row, state in ((first, "in_force"), (fine, "cancelled"), (less, "cancelled")):
        row.refresh_from_db()
        assert row.state == state
    assert (
        not Proposal.objects.exclude(state__in=sorted(DEAD)).filter(source_id__in=[fine.pk, less.pk]).exists()
    )
