"""One fact has one consequence, whichever of the two rule books asks first (order 116 §27)."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from accounts.services import system_user
from aftersales.ledger import incentives
from aftersales.ledger import services as ledger
from aftersales.ledger.models import IncentiveVersion, Proposal
from aftersales.merchants.models import Merchant
from aftersales.scorecards import consequences, consequencewords, services
from aftersales.scorecards.models import Formula, MerchantMeasure, MonthOutcome, Neutral, Snapshot
from tests.cast import Cast
from tests.ledger.conftest import late_rule
from tests.merchants.shops import Shop
from tests.records import merchant as a_merchant
from tests.scorecards.conftest import noted
from tests.scorecards.test_measures import (
    DAY,
    HOUR,
    LADDER,
    METRIC,
    OCTOBER,
    WARNING,
    a_rule,
    broken,
    figures,
    only_rule,
    raised,
    refused,
)
from tests.scorecards.test_months import DISPUTES, Rule, rule, said

pytestmark = pytest.mark.django_db
__all__ = ["broken", "rule"]
CODE = "dispute_rate_orders"
SCORE = {"window": "1m", "limit": "D", "formula": "merchants", "lag": "7", "wait": "3"}
GRADE = {"trigger": "grade", "grades": ["D"], "remember": 90, "steps": [WARNING]}


def late_points(month: date) -> dict[int, int]:
    """Whom the shipped rule about late merchants charges for the month, and for how many breaches."""
    version = IncentiveVersion.objects.get(rule__code="merchant_late_points")
    return {one.party_id: one.times for one in incentives.judged(version, month, dry=True)}


def test_breaches_that_a_measure_rests_on_are_not_charged_by_points(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    only_rule(desk, now, "ladder", now - DAY, **LADDER | {"count": 3})
    broken(shop.merchant, now, 3)
    at = now + 4 * DAY
    month = date(2026, 11, 1)
    assert late_points(month) == {shop.merchant.pk: 3}
    (warning,) = raised(at)
    assert late_points(month) == {}
    services.measure_cancel(measure=warning, reason="前一步已撤", actor=system_user(at), now=at + HOUR)
    assert late_points(month) == {shop.merchant.pk: 3}, "a fact that is free again may be judged anew"


def snapshot(merchant: Merchant, now: datetime) -> None:
    """A grade D that the disputes made."""
    formula = Formula.objects.get(code="merchants")
    Snapshot.objects.create(
        formula=formula, rule=formula.versions.first(), subject_kind="merchant", subject_id=merchant.pk,
        subject_name=merchant.name, day=date(2026, 10, 31), month=OCTOBER, score=40, low=35, high=45, grade="D",
        volume=300, details={"items": [{"metric": CODE, "verdict": "missed"}]}, at=now,
    )  # fmt: skip


Charge = Callable[[str], IncentiveVersion]


@pytest.fixture
def charge(rule: Rule) -> Charge:
    """``charge("metric")``: a rule in force that takes points for disputes, or for the grade D."""

    def of(sort: str) -> IncentiveVersion:
        terms = DISPUTES if sort == "metric" else SCORE
        trigger = f"metric.merchant.{CODE}" if sort == "metric" else "score.merchant"
        return rule(trigger, terms, consequence="penalty", amount=Decimal(2), cap=Decimal(6))

    return of


@pytest.mark.parametrize("measured", ["metric", "grade"])
@pytest.mark.parametrize("sort", ["metric", "score"])
def test_a_figure_leads_to_a_measure_or_to_points_and_never_to_both(
    desk: Cast, shop: Shop, charge: Charge, now: datetime, sort: str, measured: str
) -> None:
    """Two shops with the same bad October: against one a measure is taken first, the other is charged first."""
    only_rule(desk, now, "bad", now - 200 * DAY, **METRIC if measured == "metric" else GRADE)
    figures(shop.merchant, OCTOBER, 60, 300)
    snapshot(shop.merchant, now)
    (measure,) = raised(now)
    other = a_merchant("M-other", now)
    figures(other, OCTOBER, 60, 300)
    snapshot(other, now)

    version = charge(sort)
    found = said(version)
    assert found[shop.merchant.pk] == ("taken", None)
    assert found[other.pk][0] == "follows"
    services.month_run(version=version, month=OCTOBER, actor=desk.operations, now=now)
    assert [one.party_id for one in Proposal.objects.filter(fact_code=version.trigger)] == [other.pk]
    assert MonthOutcome.objects.get(party_id=shop.merchant.pk).said == "taken", (
        "he can read why nothing followed"
    )

    assert raised(now + DAY) == [], "what was charged leads to no measure"
    assert MerchantMeasure.objects.get() == measure


def test_a_reward_is_given_beside_a_measure(desk: Cast, shop: Shop, rule: Rule, now: datetime) -> None:
    """What was good is another fact, even where a measure was taken and is heard yet."""
    only_rule(desk, now, "bad", now - 200 * DAY, **METRIC)
    figures(shop.merchant, OCTOBER, 60, 300)
    raised(now)
    terms = {"window": "1m", "least": "50", "limit": "0.50", "z": "1.96", "lag": "7", "wait": "3"}
    version = rule(f"metric.merchant.{CODE}", terms)
    assert said(version)[shop.merchant.pk] == ("follows", 10)
    services.month_run(version=version, month=OCTOBER, actor=desk.operations, now=now)
    a_rule(desk, now, "worse", now - 200 * DAY, **METRIC)
    MerchantMeasure.objects.get().facts.update(freed_at=now)
    assert len(raised(now + DAY)) == 1, "who was praised for a figure was not charged for it"


def charged(desk: Cast, shop: Shop, charge: Charge, broken: Any, now: datetime, sort: str) -> datetime:
    """A rule of the ledger charges the shop for its October figure, or for three broken promises; when that was."""
    if sort == "figure":
        figures(shop.merchant, OCTOBER, 60, 300)
        services.month_run(version=charge("metric"), month=OCTOBER, actor=desk.operations, now=now)
        return now
    broken(shop.merchant, now, 3)
    late = late_rule(desk, now, from_count=1)
    IncentiveVersion.objects.filter(pk=late.pk).update(valid_from=now - 60 * DAY)
    at = datetime(2026, 12, 2, 2, tzinfo=now.tzinfo)
    ledger.incentives_raise(month=date(2026, 11, 1), actor=desk.system, now=at)
    return at


@pytest.mark.parametrize("fell_by", ["", "fact", "consequence"])
@pytest.mark.parametrize("sort", ["figure", "breaches"])
def test_a_fact_that_was_charged_wrongly_may_have_another_consequence_and_one_that_fell_has_none(
    desk: Cast, shop: Shop, charge: Charge, broken: Any, now: datetime, sort: str, fell_by: str
) -> None:
    terms = METRIC if sort == "figure" else LADDER | {"count": 3, "days": 90}
    only_rule(desk, now, "bad", now - 200 * DAY, **terms)
    at = charged(desk, shop, charge, broken, now, sort)
    (proposal,) = Proposal.objects.filter(party="merchant", party_id=shop.merchant.pk, amount__in=[2, 6, 30])
    assert raised(at) == [], "one fact has one consequence"
    ledger.proposal_notify(proposal=proposal, actor=desk.finance, now=at)
    ledger.proposal_appeal(proposal=proposal, text="处理过重", actor=shop.owner, now=at + HOUR)
    heard: dict[str, Any] = {
        "proposal": proposal,
        "upheld": False,
        "answer": "已核实",
        "actor": desk.supervisor,
    }
    refused("fell_by", lambda: ledger.proposal_hear(fell_by="no", now=at + HOUR, **heard))
    ledger.proposal_hear(fell_by=fell_by, now=at + DAY, **heard)
    found = raised(at + 2 * DAY)
    assert [one.rule.code for one in found] == (["bad"] if fell_by == "consequence" else [])
    assert raised(at + 3 * DAY) == []


def test_a_measure_that_was_the_wrong_consequence_leaves_its_fact_to_another_rule(
    desk: Cast, shop: Shop, charge: Charge, now: datetime
) -> None:
    """The rule that was wrong does not come back to it; the figure goes on counting."""
    only_rule(desk, now, "bad", now - 200 * DAY, **METRIC)
    figures(shop.merchant, OCTOBER, 60, 300)
    (first,) = raised(now)
    services.measure_appeal(measure=first, text="处理过重", actor=shop.owner, now=now + HOUR)
    heard: dict[str, Any] = {
        "measure": first,
        "upheld": False,
        "answer": "改为其他处理",
        "actor": desk.supervisor,
    }
    services.measure_hear(fell_by="consequence", now=now + DAY, **heard)
    assert not Neutral.objects.exists()
    assert raised(now + 2 * DAY) == []
    version = charge("metric")
    assert said(version, dry=True)[shop.merchant.pk][0] == "follows"
    a_rule(desk, now, "milder", now - 200 * DAY, **METRIC)
    (second,) = raised(now + 3 * DAY)
    assert (second.rule.code, second.step, second.rests_on) == ("milder", 1, None)
    assert said(version, dry=True)[shop.merchant.pk] == ("taken", None)


BREACHES = {
    "trigger": "breaches", "days": 60, "count": 5, "remember": 180,
    "steps": [WARNING, {"effect": "cap", "cap": 50, "days": 7}],
}  # fmt: skip
ANSWERS = METRIC | {"metric": "answer_in_time", "limit": "0.8", "lag": 1}


@pytest.mark.parametrize("first", ["breaches", "figure"])
def test_late_answers_and_the_figure_counted_from_them_are_one_fact(
    desk: Cast, shop: Shop, broken: Any, now: datetime, first: str
) -> None:
    terms = [BREACHES, ANSWERS] if first == "breaches" else [ANSWERS, BREACHES]
    only_rule(desk, now, "first", now - 60 * DAY, **terms[0])
    broken(shop.merchant, now, 8)
    noted(now + 20 * DAY)
    services.refresh()
    at = datetime(2026, 12, 10, 2, tzinfo=now.tzinfo)
    (one,) = raised(at)
    a_rule(desk, now, "second", now - 60 * DAY, **terms[1])
    assert raised(at + HOUR) == []
    services.measure_cancel(measure=one, reason="前一步已撤", actor=system_user(at), now=at + 2 * HOUR)
    assert len(raised(at + 3 * HOUR)) == 1, "of two that rest on one fact only one is taken in one run, too"
    assert raised(at + 4 * HOUR) == []


def test_a_figure_is_judged_by_the_late_answers_that_led_to_nothing_yet(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    only_rule(desk, now, "single", now - 60 * DAY, **BREACHES | {"days": 2})
    broken(shop.merchant, now, 5)
    assert len(raised(now + 4 * DAY)) == 1
    only_rule(desk, now, "figure", now - 60 * DAY, **ANSWERS)
    broken(shop.merchant, now + 5 * DAY, 4)
    noted(now + 9 * DAY)
    services.refresh()
    at = datetime(2026, 12, 10, 2, tzinfo=now.tzinfo)
    assert raised(at) == [], "nine were late, and four of them are too few"
    a_rule(desk, now, "stricter", now - 60 * DAY, **ANSWERS | {"count": 4, "limit": "0.9"})
    (row,) = raised(at + HOUR)
    assert (row.figures["bad"], row.figures["cases"], row.figures["answered"]) == (4, 4, 5)
    with override("en"):
        assert "without 5 further bad cases" in consequencewords.counting(row)


SHORT = METRIC | {"days": 31}
LONG = METRIC | {"days": 92, "steps": [WARNING, {"effect": "cap", "cap": 50, "days": 7}]}
NOVEMBER = date(2026, 11, 1)


@pytest.mark.parametrize("first", ["short", "charge", "long"])
def test_the_same_cases_are_not_held_against_a_shop_in_two_months(
    desk: Cast, shop: Shop, charge: Charge, now: datetime, first: str
) -> None:
    """Of two rules about one figure the window of one reaches back over the month that the other was about."""
    only_rule(desk, now, "long", now - 400 * DAY, **LONG)
    figures(shop.merchant, OCTOBER, 60, 300)
    at = datetime(2026, 12, 25, 2, tzinfo=now.tzinfo)
    if first == "short":
        only_rule(desk, now, "short", now - 400 * DAY, **SHORT)
    if first == "charge":
        services.month_run(version=charge("metric"), month=OCTOBER, actor=desk.operations, now=now)
        assert Proposal.objects.filter(party_id=shop.merchant.pk).exists()
    else:
        assert len(raised(now)) == 1
    a_rule(desk, now, "beside", now - 400 * DAY, **LONG)
    figures(shop.merchant, NOVEMBER, 3, 50)  # three are too few by themselves
    assert raised(at) == []
    figures(a_merchant("M-both", now), NOVEMBER, 30, 50)
    (row,) = raised(at)
    assert (row.period, row.figures["since"]) == (NOVEMBER, "2026-08-31"), "another shop's days are its own"


def test_nothing_is_held_against_a_month_without_a_bad_case_of_its_own(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    figures(shop.merchant, OCTOBER, 60, 300)
    figures(shop.merchant, NOVEMBER, 0, 50)
    terms = consequences.terms_of(only_rule(desk, now, "young", now - DAY, **LONG))
    assert consequences.monthly(terms, NOVEMBER, after={}) == []
    assert len(consequences.monthly(terms, OCTOBER, after={})) == 1


def test_an_earlier_month_is_judged_though_another_rule_was_about_the_next_one(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    only_rule(desk, now, "quick", now - 400 * DAY, **SHORT | {"limit": "0.3", "days": 30})
    a_rule(desk, now, "patient", now - 400 * DAY, **SHORT | {"lag": 40})
    figures(shop.merchant, OCTOBER, 60, 300)
    figures(shop.merchant, NOVEMBER, 50, 100)
    (quick,) = raised(datetime(2026, 12, 5, 2, tzinfo=now.tzinfo))
    (patient,) = raised(datetime(2026, 12, 12, 2, tzinfo=now.tzinfo))
    assert [(one.rule.code, one.period) for one in (quick, patient)] == [
        ("quick", NOVEMBER),
        ("patient", OCTOBER),
    ]
