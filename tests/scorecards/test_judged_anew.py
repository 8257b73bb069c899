"""Nobody is judged by figures that are not counted yet, and a measure goes with the rows behind its figure."""

import csv
import io
from datetime import date, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Count
from django.utils.translation import override

from aftersales.clocks.services import breach_exclude
from aftersales.core.models import Delivery
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import DEAD
from aftersales.scorecards import consequencewords, services, tasks
from aftersales.scorecards.models import Formula, Neutral, Rollup, Snapshot
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.records import merchant as a_merchant
from tests.records import order as an_order
from tests.scorecards.conftest import noted
from tests.scorecards.test_late_clocks import GRADE
from tests.scorecards.test_measures import (
    DAY,
    HOUR,
    METRIC,
    OCTOBER,
    WARNING,
    a_rule,
    broken,
    figures,
    only_rule,
    raised,
)
from tests.scorecards.test_measures_turned import states

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
    fine.refresh_from_db()
    with override("en"):
        said = consequencewords.why_ended(fine)
        assert "30 cases were held, 25 of them still count" in said, "the rest does carry it"
        assert f"{less.number} takes its place" in said
    assert Proposal.objects.exclude(state__in=sorted(DEAD)).get(source_id=less.pk).amount == 2500
    Rollup.objects.filter(day__gte=OCTOBER).delete()
    assert raised(now + 3 * DAY) == [], "what is left carries nothing"
    for row, state in ((first, "in_force"), (fine, "cancelled"), (less, "cancelled")):
        row.refresh_from_db()
        assert row.state == state
    assert (
        not Proposal.objects.exclude(state__in=sorted(DEAD)).filter(source_id__in=[fine.pk, less.pk]).exists()
    )


def test_what_was_upheld_does_not_fall_with_days_that_another_measure_took_out_since(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    only_rule(desk, now, "figure", now - 400 * DAY, **METRIC)
    figures(shop.merchant, date(2026, 9, 1), 60, 300)
    at = datetime(2026, 10, 20, 2, tzinfo=now.tzinfo)
    (row,) = raised(at)
    said = services.measure_appeal(measure=row, text="不属实", actor=shop.owner, now=at + HOUR)
    services.measure_hear(measure=said, upheld=True, answer="属实", actor=desk.supervisor, now=at + DAY)
    a_rule(desk, now, "grade", now - 400 * DAY, **GRADE)
    formula = Formula.objects.get(code="merchants")
    missed = [
        {"metric": "refund_time", "verdict": "missed", "days": 31},
        {"metric": "dispute_rate_orders", "verdict": "missed", "days": 90},
    ]
    Snapshot.objects.create(
        formula=formula, rule=formula.versions.first(), subject_kind="merchant", subject_id=shop.merchant.pk,
        subject_name="甲", day=date(2026, 10, 31), month=OCTOBER, score=40, low=35, high=45, grade="D", volume=300,
        details={"items": missed}, at=now,
    )  # fmt: skip
    (grade,) = raised(now)
    said = services.measure_appeal(measure=grade, text="不属实", actor=shop.owner, now=now + HOUR)
    services.measure_hear(
        measure=said, upheld=False, answer="退款时间算错", actor=desk.supervisor, now=now + DAY
    )
    struck = Neutral.objects.get(metric="dispute_rate_orders")
    assert struck.since < date(2026, 9, 10)
    assert raised(now + 2 * DAY) == []
    assert states(row) == ["upheld"]
    Rollup.objects.filter(day__month=9).delete()
    raised(now + 3 * DAY)
    assert states(row) == ["cancelled"], "what carries it no more falls still"


def test_a_dry_run_says_what_would_fall_and_be_kept_and_leaves_nothing(
    desk: Cast, shop: Shop, broken: Any, at: Any, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    terms = METRIC | {"metric": "answer_in_time", "limit": "0.8", "remember": 180, "lag": 1}
    only_rule(desk, now, "answers", now - 60 * DAY, **terms)
    clocks = broken(shop.merchant, now, 8)
    noted(now + 3 * DAY)
    then = datetime(2026, 12, 10, 2, tzinfo=now.tzinfo)
    (row,) = raised(then)
    out: dict[str, Any] = {"cause": "platform", "reason": "接口故障", "actor": desk.supervisor}
    for clock in clocks:
        breach_exclude(clock=clock, now=then + HOUR, **out)
    noted(then + 2 * HOUR)
    at.move_to(then + DAY)
    models = [one for one in apps.get_models() if one._meta.managed and not one._meta.proxy]
    before = {one: sorted(map(str, one._base_manager.values_list())) for one in models}
    told = io.StringIO()
    with django_capture_on_commit_callbacks() as after:
        call_command("scorecards", dry_run=True, format="csv", stdout=told)
    assert after == []
    assert {one: sorted(map(str, one._base_manager.values_list())) for one in models} == before
    listed = list(csv.DictReader(io.StringIO(told.getvalue())))
    assert [one["about"] for one in listed if one["what"] == "falls"] == [row.number]
    kept = {(one["about"], one["month"]): int(one["count"]) for one in listed if one["what"] == "scores kept"}
    assert ("merchants", "2026-11") in kept
    tasks.score()
    rows = Snapshot.objects.values_list("formula__code", "month").annotate(Count("pk"))
    assert {(code, f"{month:%Y-%m}"): number for code, month, number in rows} == kept
    tasks.raise_measures()
    row.refresh_from_db()
    assert row.state == "cancelled", "as it was said"
