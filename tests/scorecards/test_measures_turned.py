"""Measures ended once, turned back with what rested on them, and judged only by what a rule may look at."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import system_user
from aftersales.core import moves
from aftersales.ledger.models import Proposal
from aftersales.merchants.models import Lesson
from aftersales.merchants.services import deposit_due_change, merchant_move
from aftersales.merchants.services.training import lessons_sweep
from aftersales.merchants.states import Cause
from aftersales.scorecards import consequences, consequenceterms, consequencetrial, measurepages, services
from aftersales.scorecards.consequencestates import Effect
from aftersales.scorecards.models import (
    ConsequenceRule,
    ConsequenceVersion,
    Formula,
    MeasureFact,
    MerchantMeasure,
    Neutral,
    Snapshot,
)
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.services import measures
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.records import merchant as a_merchant
from tests.scorecards.test_measures import (
    METRIC,
    OCTOBER,
    TIERS,
    WARNING,
    a_course,
    a_rule,
    figures,
    only_rule,
    raised,
    refused,
    swept,
)

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SEPTEMBER = date(2026, 9, 1)


def imposed(shop: Shop, cast: Cast, now: datetime, effect: str, days: int, **more: Any) -> MerchantMeasure:
    """One measure, taken by a person."""
    given: dict[str, Any] = {"trigger": "breaches", "figures": {"breaches": 3, "days": 30, "count": 3}}
    row = MerchantMeasure(
        number=f"CS2611-{MerchantMeasure.objects.count() + 90001}", merchant=shop.merchant,
        rule=ConsequenceRule.objects.get(code="obligations"), citation="consequence.obligations v1",
        period=date(2026, 11, 1), proposed_by=system_user(now), proposed_at=now, effect=effect, days=days,
        **(given | more),
    )  # fmt: skip
    system = system_user(now)
    made = moves.create(row, actor=system, now=now, event="measure.proposed", payload=row.told())
    actor = cast.operations if effect in ("restriction", "suspension") else system
    return services.measure_impose(measure=made, actor=actor, now=now)


def appealed(row: MerchantMeasure, shop: Shop, now: datetime) -> MerchantMeasure:
    return services.measure_appeal(measure=row, text="不属实", actor=shop.owner, now=now)


def heard(row: MerchantMeasure, cast: Cast, now: datetime, *, upheld: bool = False) -> MerchantMeasure:
    return services.measure_hear(measure=row, upheld=upheld, answer="已核实", actor=cast.supervisor, now=now)


def states(*rows: MerchantMeasure) -> list[str]:
    for one in rows:
        one.refresh_from_db()
    return [one.state for one in rows]


# ------------------------------------------------------------------------------------------------- ended once
@pytest.mark.parametrize("upheld", [False, True])
def test_an_appeal_lengthens_no_measure_and_a_deposit_is_taken_down_once(
    desk: Cast, shop: Shop, now: datetime, upheld: bool
) -> None:
    row = imposed(shop, desk, now, "deposit", 3, amount=Decimal(5000))
    deposit_due_change(merchant=shop.merchant, by=Decimal(8000), actor=system_user(now), now=now)
    appealed(row, shop, now + HOUR)
    assert swept(now + 2 * DAY) == 0
    assert (swept(now + 4 * DAY), swept(now + 4 * DAY)) == (1, 0)
    shop.merchant.refresh_from_db()
    assert (states(row), shop.merchant.deposit_due) == (["appealed"], 8000)
    heard(row, desk, now + 5 * DAY, upheld=upheld)
    swept(now + 6 * DAY)
    shop.merchant.refresh_from_db()
    assert (states(row), shop.merchant.deposit_due) == (["expired" if upheld else "overturned"], 8000)


def test_a_shop_goes_back_to_what_people_left_it_as(desk: Cast, shop: Shop, now: datetime) -> None:
    hand: dict[str, Any] = {"actor": desk.operations, "reason": "监管要求", "cause": Cause.LAW}
    merchant_move(merchant=shop.merchant, move="restrict", now=now, **hand)
    imposed(shop, desk, now + HOUR, "suspension", 7)
    imposed(shop, desk, now + 2 * HOUR, "restriction", 20)
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "suspended", "nothing milder opens a shut shop"
    assert swept(now + 8 * DAY) == 1
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "restricted"
    assert swept(now + 21 * DAY) == 1
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "restricted", "the authority's order still stands"


def test_two_measures_hold_a_shop_until_the_last_is_over_and_people_overrule_both(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    imposed(shop, desk, now, "restriction", 7)
    imposed(shop, desk, now + HOUR, "restriction", 14)
    swept(now + 8 * DAY)
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "restricted"
    swept(now + 15 * DAY)
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "active"
    at = now + 16 * DAY
    imposed(shop, desk, at, "suspension", 7)
    shop.merchant.refresh_from_db()
    hand: dict[str, Any] = {"actor": desk.operations, "reason": "风险", "now": at + HOUR}
    merchant_move(merchant=shop.merchant, move="reinstate", cause=Cause.CURED, **hand)
    merchant_move(merchant=shop.merchant, move="suspend", cause=Cause.RISK, **hand)
    swept(at + 8 * DAY)
    shop.merchant.refresh_from_db()
    assert shop.merchant.state == "suspended"


# ------------------------------------------------------------------------------------------------- turned back
def test_what_rests_on_two_fallen_measures_falls_once(desk: Cast, shop: Shop, now: datetime) -> None:
    first = imposed(shop, desk, now, "points", 90, points=3)
    second = imposed(shop, desk, now + DAY, "points", 90, points=3, rests_on=first)
    tier = imposed(
        shop, desk, now + 2 * DAY, "weight", 28, weight=Decimal("0.8"), trigger="points",
        figures={"points": 6, "reached": 6},
    )  # fmt: skip
    appealed(first, shop, now + 3 * DAY)
    heard(first, desk, now + 4 * DAY)
    assert states(first, second, tier) == ["overturned", "cancelled", "cancelled"]


def test_lifted_early_it_is_still_appealed_and_what_rests_on_it_falls(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    first = imposed(shop, desk, now, "points", 90, points=3)
    second = imposed(shop, desk, now + DAY, "deposit", 30, amount=Decimal(500), rests_on=first)
    for one in (first, second):
        services.measure_lift(measure=one, reason="已整改", actor=desk.operations, now=now + 2 * DAY)
    appealed(first, shop, now + 3 * DAY)
    heard(first, desk, now + 4 * DAY)
    assert states(first, second) == ["overturned", "cancelled"]
    shop.merchant.refresh_from_db()
    assert shop.merchant.deposit_due == 0

    third = imposed(shop, desk, now + 5 * DAY, "points", 90, points=3)
    services.measure_lift(measure=third, reason="已整改", actor=desk.operations, now=now + 6 * DAY)
    appealed(third, shop, now + 6 * DAY)
    heard(third, desk, now + 7 * DAY, upheld=True)
    assert not measurepages.of_tab("standing", desk.supervisor, now + 7 * DAY).exists()
    assert measurepages.in_public(now, now + 7 * DAY, most=9) == [], "what no longer acts is not public"
    lift: dict[str, Any] = {"measure": third, "reason": "再次", "actor": desk.operations}
    refused("over_already", lambda: services.measure_lift(now=now + 7 * DAY, **lift))
    swept(now + 7 * DAY)
    assert states(third) == ["expired"]
    assert (third.ended_at, third.end_reason) == (now + 6 * DAY, "已整改")


def test_points_that_were_over_at_the_time_neither_hold_a_step_nor_are_shown_as_its_reason(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    lifted = imposed(shop, desk, now, "points", 90, points=9)
    services.measure_lift(measure=lifted, reason="已整改", actor=desk.operations, now=now + HOUR)
    old = imposed(shop, desk, now, "points", 90, points=6)
    tier = imposed(
        shop, desk, now + DAY, "weight", 28, weight=Decimal("0.8"), trigger="points",
        figures={"points": 6, "reached": 6},
    )  # fmt: skip
    MeasureFact.objects.create(measure=tier, merchant_id=shop.merchant.pk, kind="points", key=str(old.pk))
    shown = [one.words for one in measurepages.facts(tier, desk.supervisor)]
    assert len(shown) == 1
    assert old.number in shown[0]
    imposed(shop, desk, now + 2 * DAY, "points", 90, points=12)  # given later, it held nothing then
    appealed(old, shop, now + 3 * DAY)
    heard(old, desk, now + 4 * DAY)
    assert states(tier) == ["cancelled"]


def test_a_step_whose_ground_fell_meanwhile_is_not_raised(desk: Cast, shop: Shop, now: datetime) -> None:
    only_rule(desk, now, "twice", now - 200 * DAY, **METRIC)
    figures(shop.merchant, SEPTEMBER, 20, 300)
    (first,) = raised(datetime(2026, 10, 20, 2, tzinfo=now.tzinfo))
    figures(shop.merchant, OCTOBER, 30, 300)
    (plan,) = consequences.plans(now)
    assert plan.rests_on == first
    services.measure_cancel(measure=first, reason="先前", actor=system_user(now), now=now)
    assert measures._raise(plan, system_user(now), now) is False
    assert MerchantMeasure.objects.count() == 1


# ------------------------------------------------------------------------------------------------- what is judged
def test_a_figure_counts_from_the_first_day_of_the_rule(desk: Cast, shop: Shop, now: datetime) -> None:
    begin = datetime(2026, 10, 1, tzinfo=selectors.zone())
    only_rule(desk, now, "young", begin, **METRIC | {"days": 90})
    figures(shop.merchant, SEPTEMBER, 20, 300)
    assert raised(now) == [], "September came before the rule"
    figures(shop.merchant, OCTOBER, 20, 300)
    (row,) = raised(now)
    assert (row.figures["bad"], row.figures["since"]) == (20, "2026-10-01")


def test_overturning_the_second_measure_leaves_the_days_of_the_first(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    only_rule(desk, now, "twice", now - 200 * DAY, **METRIC | {"days": 90})
    figures(shop.merchant, SEPTEMBER, 20, 300)
    raised(datetime(2026, 10, 20, 2, tzinfo=now.tzinfo))
    figures(shop.merchant, OCTOBER, 30, 300)
    (second,) = raised(now)
    assert second.figures["bad"] == 30
    heard(appealed(second, shop, now + HOUR), desk, now + DAY)
    assert Neutral.objects.get().since == OCTOBER


def test_one_rule_that_cannot_be_followed_does_not_keep_the_others(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    bad = only_rule(desk, now, "a_gone", now - 200 * DAY, **METRIC)
    ConsequenceVersion.objects.filter(pk=bad.pk).update(terms=METRIC | {"metric": "no_such_figure"})
    much = a_rule(
        desk, now, "b_much", now - 200 * DAY, **METRIC | {"metric": "dispatch_in_time", "limit": "0.9"}
    )
    steps = [WARNING | {"days": 1000}]
    ConsequenceVersion.objects.filter(pk=much.pk).update(terms=much.terms | {"steps": steps, "z": "1.96"})
    a_rule(desk, now, "c_good", now - 200 * DAY, **METRIC)
    figures(shop.merchant, OCTOBER, 20, 300)
    figures(a_merchant("M-late", now), OCTOBER, 10, 300, code="dispatch_in_time")
    real = measures._propose

    def breaks(plan: Any, *rest: Any) -> Any:
        if plan.version.pk == much.pk:
            raise ValueError("too much")
        return real(plan, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measures, "_propose", breaks)
        (row,) = raised(now)
    assert row.rule.code == "c_good"
    assert len(raised(now)) == 1, "what failed once is tried again"


@pytest.mark.parametrize(
    "step",
    [
        {"effect": "weight", "weight": "0.9996", "days": 3},
        {"effect": "points", "points": 40000, "days": 3},
        {"effect": "deposit", "amount": "0.001", "days": 3},
        {"effect": "penalty", "amount": "1", "most": "9.999", "days": 3},
    ],
)
def test_what_a_measure_cannot_hold_is_no_term(desk: Cast, now: datetime, step: dict[str, Any]) -> None:
    terms = METRIC | {"steps": [WARNING, step]}
    refused("wrong_terms", lambda: only_rule(desk, now, "odd", now, **terms))


def test_a_rule_from_before_the_limit_of_settling_is_read_as_it_stands(
    desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(consequenceterms, "LATEST", 99)
        row = only_rule(desk, now, "of_before", now - 200 * DAY, **METRIC | {"lag": 70})
    assert consequences.terms_of(row).lag == 70
    assert raised(now) == []


def test_a_rule_whose_figures_settle_late_still_acts_and_each_month_in_its_turn(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    refused("wrong_terms", lambda: only_rule(desk, now, "never", now, **METRIC | {"lag": 70}))
    only_rule(desk, now, "patient", now - 200 * DAY, **METRIC | {"lag": 40})
    figures(shop.merchant, SEPTEMBER, 20, 300)
    figures(shop.merchant, OCTOBER, 20, 300)
    at = datetime(2026, 12, 20, 2, tzinfo=now.tzinfo)
    (first,) = raised(at)
    assert (first.period, first.step) == (SEPTEMBER, 1)
    (second,) = raised(at + DAY)
    assert (second.period, second.step, second.rests_on) == (OCTOBER, 2, first)
    assert raised(at + 2 * DAY) == []


def test_what_people_did_not_take_does_not_come_back_with_the_next_month(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    steps = [WARNING, {"effect": "restriction", "days": 7}]
    only_rule(desk, now, "hard", now - 200 * DAY, **METRIC | {"steps": steps, "days": 90})
    figures(shop.merchant, SEPTEMBER, 20, 300)
    raised(datetime(2026, 10, 20, 2, tzinfo=now.tzinfo))
    figures(shop.merchant, OCTOBER, 20, 300)
    (row,) = raised(now)
    services.measure_withdraw(measure=row, reason="促销积压", actor=desk.operations, now=now)
    assert raised(datetime(2026, 12, 20, 2, tzinfo=now.tzinfo)) == []


def test_only_the_first_formula_of_merchants_gives_the_grade(desk: Cast, shop: Shop, now: datetime) -> None:
    only_rule(
        desk, now, "grade", now - 200 * DAY, trigger="grade", grades=["D"], remember=90, steps=[WARNING]
    )
    standing = Formula.objects.get(code="merchants")
    trial = Formula.objects.create(code="zz_trial", name_zh="试", name_en="Trial", subject_kind="merchant")
    for formula, grade in ((standing, "A"), (trial, "D")):
        Snapshot.objects.create(
            formula=formula, rule=standing.versions.first(), subject_kind="merchant", subject_id=shop.merchant.pk,
            subject_name="甲", day=date(2026, 10, 31), month=OCTOBER, score=40, low=35, high=45, grade=grade,
            volume=300, details={"items": []}, at=now,
        )  # fmt: skip
    assert raised(now) == []


def test_a_penalty_by_points_is_not_multiplied_by_them(desk: Cast, shop: Shop, now: datetime) -> None:
    step = {"reached": 6, "effect": "penalty", "amount": "100", "most": "900", "days": 28}
    only_rule(desk, now, "tiers", now - DAY, **TIERS | {"steps": [step]})
    imposed(shop, desk, now, "points", 90, points=7)
    (row,) = raised(now + DAY)
    assert row.amount == Proposal.objects.get(source_id=row.pk).amount == 100


def test_a_training_order_that_nobody_followed_is_late(desk: Cast, shop: Shop, now: datetime) -> None:
    course = a_course(desk, now)
    imposed(shop, desk, now, "training", 5, course=course.code)
    lessons_sweep(actor=system_user(now), now=now)
    owed = Lesson.objects.filter(merchant=shop.merchant, course=course)
    at = now
    while at < now + 9 * DAY:
        at += 6 * HOUR
        swept(at)
        lessons_sweep(actor=system_user(at), now=at)
    assert owed.count() == owed.filter(late_told_at__isnull=False, ended_at__isnull=False).count() > 0


def test_the_trial_of_a_rule_by_points_asks_once(desk: Cast, shop: Shop, now: datetime) -> None:
    rule = only_rule(desk, now, "tiers", now - DAY, **TIERS)
    for number in range(6):
        imposed(shop, desk, now - (9 - number) * DAY, "points", 90, points=3)
    with CaptureQueriesContext(connection) as asked:
        trial = consequencetrial.tried(rule, None, now)
    assert sum("scorecards_merchantmeasure" in one["sql"] for one in asked.captured_queries) == 1
    assert trial.counts == [(Effect.WEIGHT, 0, 1)]
