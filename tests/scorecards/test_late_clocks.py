"""One late clock has one main consequence, whichever figure, score or rule of the two books counts it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.clocks.services import breach_exclude
from aftersales.ledger import incentives
from aftersales.ledger import services as ledger
from aftersales.ledger.models import IncentiveVersion, Proposal
from aftersales.scorecards import consequences, rewardpages, services
from aftersales.scorecards.consequenceclocks import answered
from aftersales.scorecards.models import Formula, MerchantMeasure, Neutral, Snapshot
from aftersales.scorecards.rewards import asking, rules, selectors, taken
from aftersales.scorecards.rewards.rules import Rung
from aftersales.scorecards.services import measures
from tests.cast import Cast
from tests.ledger.conftest import late_rule
from tests.merchants.shops import Shop, a_shop
from tests.scorecards.conftest import noted
from tests.scorecards.test_measures import (
    DAY,
    HOUR,
    METRIC,
    TIERS,
    WARNING,
    a_rule,
    broken,
    only_rule,
    raised,
)
from tests.scorecards.test_measures_turned import imposed, states
from tests.scorecards.test_months import Rule, rule, said

pytestmark = pytest.mark.django_db
__all__ = ["broken", "rule"]
NOVEMBER = date(2026, 11, 1)
ANSWERS: dict[str, Any] = METRIC | {"metric": "answer_in_time", "limit": "0.8", "lag": 1}
DUTIES: dict[str, Any] = ANSWERS | {"metric": "obligations_kept"}
BREACHES: dict[str, Any] = {
    "trigger": "breaches", "days": 60, "count": 5, "remember": 180,
    "steps": [WARNING, {"effect": "cap", "cap": 50, "days": 7}],
}  # fmt: skip
CHARGE = {"window": "1m", "least": "4", "limit": "0.8", "count": "4", "z": "1.96", "lag": "7", "wait": "3"}
SCORE = {"window": "1m", "limit": "D", "formula": "merchants", "lag": "7", "wait": "3"}
GRADE: dict[str, Any] = {"trigger": "grade", "grades": ["D"], "remember": 90, "lag": 1, "steps": [WARNING]}
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


def charge(rule: Rule, trigger: str, **more: str) -> IncentiveVersion:
    terms = SCORE if trigger == "score.merchant" else CHARGE | more
    return rule(trigger, terms, consequence="penalty", amount=Decimal(2), cap=Decimal(40))


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


# --------------------------------------------------------------------------------------------------- the ledger
@pytest.mark.parametrize("terms", [BREACHES, DUTIES])
def test_no_monthly_rule_charges_late_clocks_that_a_measure_rests_on(
    desk: Cast, shop: Shop, cast: Cast, rule: Rule, late: Broken, now: datetime, later: datetime, terms: Any
) -> None:
    only_rule(desk, now, "held", now - 60 * DAY, **terms)
    late(shop.merchant, now, 8)
    assert len(raised(later)) == 1
    other = a_shop(cast, now, "乙")
    late(other.merchant, now + DAY, 8)
    version = charge(rule, "metric.merchant.answer_in_time")
    assert said(version, NOVEMBER) == {shop.merchant.pk: ("taken", None), other.merchant.pk: ("follows", 2)}
    services.month_run(version=version, month=NOVEMBER, actor=desk.operations, now=later)
    assert [one.party_id for one in Proposal.objects.filter(fact_code=version.trigger)] == [other.merchant.pk]
    assert raised(later + HOUR) == [], "what was charged leads to no measure either"


def test_a_monthly_rule_charges_the_late_clocks_that_led_to_nothing_yet(
    desk: Cast, shop: Shop, rule: Rule, late: Broken, now: datetime, later: datetime
) -> None:
    only_rule(desk, now, "single", now - 60 * DAY, **BREACHES | {"days": 2})
    late(shop.merchant, now, 5)
    (held,) = raised(now + 4 * DAY)
    late(shop.merchant, now + 5 * DAY, 4)
    version = charge(rule, "metric.merchant.promises_kept", each="case")
    (one,) = [one for one in selectors.judged(version, NOVEMBER) if one.party_id == shop.merchant.pk]
    assert (str(one.said), one.times, one.amount) == ("follows", 4, 8)
    assert (one.proofs[0].num, one.proofs[0].den, one.proofs[0].spent) == (0, 4, 5)
    shown = rewardpages.Shown(version, NOVEMBER, None, [one], 1)
    (row,) = rewardpages.rows_of(shown, [one], desk.operations, None)
    assert row.figure.startswith("0 / 4")
    assert "5" in row.figure, "and how many led to something already"
    assert taken.holds(version, shop.merchant.pk, NOVEMBER), "nothing was counted yet"
    services.month_run(version=version, month=NOVEMBER, actor=desk.operations, now=later)
    proposal = Proposal.objects.get(fact_code=version.trigger)
    assert (proposal.amount, proposal.calculation["spent"]) == (8, "5")
    assert states(held) == ["in_force"]


def test_a_measure_that_came_since_the_month_was_counted_goes_first(
    desk: Cast, shop: Shop, rule: Rule, late: Broken, now: datetime, later: datetime, monkeypatch: Any
) -> None:
    only_rule(desk, now, "single", now - 60 * DAY, **BREACHES)
    late(shop.merchant, now, 8)
    version = charge(rule, "metric.merchant.answer_in_time")
    propose = ledger.incentives_propose

    def meanwhile(**given: Any) -> int:
        assert len(raised(later)) == 1
        return propose(**given)

    monkeypatch.setattr(ledger, "incentives_propose", meanwhile)
    run = services.month_run(version=version, month=NOVEMBER, actor=desk.operations, now=later)
    assert (run.given, Proposal.objects.filter(fact_code=version.trigger).count()) == (0, 0)


def test_late_clocks_of_a_figure_that_a_measure_rests_on_are_not_charged_one_by_one(
    desk: Cast, shop: Shop, late: Broken, now: datetime, later: datetime
) -> None:
    only_rule(desk, now, "answers", now - 60 * DAY, **ANSWERS)
    late(shop.merchant, now, 8)
    slow = late_rule(desk, now, from_count=1)
    IncentiveVersion.objects.filter(pk=slow.pk).update(valid_from=now - 60 * DAY)
    slow.refresh_from_db()
    assert [one.times for one in incentives.judged(slow, NOVEMBER)] == [8]
    (row,) = raised(later)
    assert incentives.judged(slow, NOVEMBER) == []
    ledger.incentives_raise(month=NOVEMBER, actor=desk.system, now=later)
    assert not Proposal.objects.filter(citation=slow.citation).exists()
    assert raised(later + DAY) == []
    assert states(row) == ["in_force"]


# ---------------------------------------------------------------------------------------------------- the score
def graded(shop: Shop, now: datetime, answers: int) -> Snapshot:
    """A grade D of November that late answers made: worth all that the score is."""
    formula = Formula.objects.get(code="merchants")
    figure = {"num": 0, "den": answers, "days": 30}
    item = {
        "metric": "answer_in_time", "verdict": "missed", "prior": ["0.05", "1", 20], "rate": "0", "low": "0",
        "high": "0.3", "drawn": "0", "weight": "100", "gained": "0", "worst": "0", "best": "0",
    }  # fmt: skip
    details = {"volume": {"num": 300, "den": 300, "days": 30}, "items": [item | figure], "extras": []}
    made: Snapshot = Snapshot.objects.create(
        formula=formula, rule=formula.versions.first(), subject_kind="merchant", subject_id=shop.merchant.pk,
        subject_name=shop.merchant.name, day=date(2026, 11, 30), month=NOVEMBER, score=0, low=0, high=20, grade="D",
        volume=300, details=details, at=now,
    )  # fmt: skip
    return made


def test_late_clocks_behind_a_grade_lead_to_nothing_else(
    desk: Cast, shop: Shop, rule: Rule, late: Broken, now: datetime, later: datetime
) -> None:
    only_rule(desk, now, "grades", now - 60 * DAY, **GRADE)
    late(shop.merchant, now, 12)
    graded(shop, later, 12)
    (row,) = raised(later)
    assert row.figures["since_of"] == {"answer_in_time": "2026-11-01"}
    a_rule(desk, now, "single", now - 60 * DAY, **BREACHES)
    a_rule(desk, now, "duties", now - 60 * DAY, **DUTIES)
    assert raised(later + HOUR) == []
    version = charge(rule, "metric.merchant.obligations_kept")
    assert said(version, NOVEMBER)[shop.merchant.pk] == ("taken", None)
    cancelled(row, later + DAY)
    assert said(version, NOVEMBER)[shop.merchant.pk] == ("follows", 2)
    assert len(raised(later + 2 * DAY)) == 1


@pytest.mark.parametrize("number", [0, 5, 12])
def test_a_grade_is_held_by_what_led_to_nothing_yet(
    desk: Cast, shop: Shop, rule: Rule, late: Broken, now: datetime, later: datetime, number: int
) -> None:
    """Of 17 late answers so many led to a measure; the rest are bad enough, unless hardly any are left."""
    if number:
        only_rule(desk, now, "single", now - 60 * DAY, **BREACHES | {"days": 2, "count": number})
        late(shop.merchant, now, number)
        assert len(raised(now + 4 * DAY)) == 1
    late(shop.merchant, now + 5 * DAY, 17 - number)
    only_rule(desk, now, "grades", now - 60 * DAY, **GRADE)
    graded(shop, later, 17)
    version = charge(rule, "score.merchant")
    found = said(version, NOVEMBER)[shop.merchant.pk][0]
    assert found == ("taken" if number == 12 else "follows")
    assert len(raised(later)) == (0 if number == 12 else 1), (
        "five of seventeen are less than the floor of ten"
    )


def test_a_score_that_was_charged_takes_its_late_clocks_with_it(
    desk: Cast, shop: Shop, rule: Rule, late: Broken, now: datetime, later: datetime
) -> None:
    only_rule(desk, now, "single", now - 60 * DAY, **BREACHES)
    a_rule(desk, now, "duties", now - 60 * DAY, **DUTIES)
    late(shop.merchant, now, 12)
    graded(shop, later, 12)
    services.month_run(
        version=charge(rule, "score.merchant"), month=NOVEMBER, actor=desk.operations, now=later
    )
    assert Proposal.objects.filter(fact_code="score.merchant").count() == 1
    assert raised(later + HOUR) == []


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


def test_what_was_charged_since_takes_nothing_from_what_was_judged_before(
    desk: Cast, shop: Shop, late: Broken, now: datetime, later: datetime
) -> None:
    late(shop.merchant, now, 8)
    slow = late_rule(desk, now, from_count=1)
    IncentiveVersion.objects.filter(pk=slow.pk).update(valid_from=now - 60 * DAY)
    ledger.incentives_raise(month=NOVEMBER, actor=desk.system, now=later)
    for at, spent in ((later - HOUR, 0), (later + HOUR, 8)):
        found = answered("answer_in_time", NOVEMBER, date(2026, 11, 30), before={shop.merchant.pk: at})
        assert len(found.get(shop.merchant.pk, ())) == spent


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


# -------------------------------------------------------------------------------------------------------- points
def test_no_step_is_raised_on_points_that_fell_meanwhile(desk: Cast, shop: Shop, now: datetime) -> None:
    only_rule(desk, now, "tiers", now - DAY, **TIERS)
    kept = imposed(shop, desk, now, "points", 90, points=3)
    fallen = imposed(shop, desk, now, "points", 90, points=3)
    (plan,) = consequences.plans(now + HOUR)
    cancelled(fallen, now + HOUR)
    assert measures._raise(plan, system_user(now), now + HOUR) is False
    assert set(MerchantMeasure.objects.all()) == {kept, fallen}


def test_without_answered_cases_no_harder_step_is_reached_by_a_score(rule: Rule) -> None:
    """An item with too few cases left counts as neutral, which may be less than it was."""
    steps = tuple(Rung(limit, (Decimal(amount), "")) for limit, amount in (("C", 2), ("D", 5)))
    asked = replace(asking.asked(charge(rule, "score.merchant")), rungs=steps)

    def stand(grade: str) -> Any:
        return selectors.Stand(1, Decimal(60), Decimal(50), Decimal(70), grade)

    whole = rules.scored(asked, "ABCD", stand("C"), {}, party=1)
    rest = rules.rest_of_score(asked, whole, SimpleNamespace(grades="ABCD", score=stand("D"), spent=1))
    assert (whole.amount, rest.amount, rest.reached) == (2, 2, "C")
