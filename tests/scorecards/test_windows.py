"""Windows longer than a month: days from which something followed count no more, in whichever of the two rule books."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from accounts.services import system_user
from aftersales.ledger import services as ledger
from aftersales.ledger.models import IncentiveVersion, Proposal
from aftersales.scorecards import services
from aftersales.scorecards.consequencedays import Span
from aftersales.scorecards.models import Formula, Snapshot
from aftersales.scorecards.rewards import selectors
from aftersales.scorecards.rewards.charged import charged_figures
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.records import merchant as a_merchant
from tests.scorecards.test_measures import DAY, HOUR, METRIC, OCTOBER, figures, only_rule, raised
from tests.scorecards.test_months import DISPUTES, Rule, rule, said

pytestmark = pytest.mark.django_db
__all__ = ["rule"]
CODE = "dispute_rate_orders"
SEPTEMBER, NOVEMBER = date(2026, 9, 1), date(2026, 11, 1)
SHORT = METRIC | {"days": 31}
SCORE = {"window": "1m", "limit": "D", "formula": "merchants", "lag": "7", "wait": "3"}


@pytest.fixture
def long(rule: Rule) -> IncentiveVersion:
    """Ninety days, in force since September: two points beyond 2 %, six beyond 5 %."""
    return rule(f"metric.merchant.{CODE}", DISPUTES, consequence="penalty", amount=Decimal(2), cap=Decimal(6))


@pytest.fixture
def later(now: datetime) -> datetime:
    """November is over, and its figures have settled."""
    return datetime(2026, 12, 12, 2, tzinfo=now.tzinfo)


# ----------------------------------------------------------------------------------- a measure, and then the ledger
def test_a_long_window_charges_nothing_for_a_month_that_a_measure_was_about(
    desk: Cast, shop: Shop, long: IncentiveVersion, now: datetime
) -> None:
    only_rule(desk, now, "short", now - 400 * DAY, **SHORT)
    figures(shop.merchant, OCTOBER, 60, 300)
    (row,) = raised(now)
    figures(shop.merchant, NOVEMBER, 3, 50)  # three are too few by themselves
    other = a_merchant("M-other", now)
    figures(other, OCTOBER, 60, 300)
    figures(other, NOVEMBER, 3, 50)
    assert said(long) == {shop.merchant.pk: ("taken", None), other.pk: ("follows", 6)}
    assert said(long, NOVEMBER) == {shop.merchant.pk: ("taken", None), other.pk: ("follows", 6)}
    assert said(long, SEPTEMBER) == {}
    services.measure_cancel(measure=row, reason="前一步已撤", actor=system_user(now), now=now + HOUR)
    assert said(long, NOVEMBER)[shop.merchant.pk] == ("follows", 6), "what is free again may be judged"


@pytest.mark.parametrize(("october", "follows"), [((60, 300), 6), ((20, 600), 2)])
def test_a_long_window_charges_the_days_that_led_to_nothing_yet(
    desk: Cast, shop: Shop, long: IncentiveVersion, later: datetime, now: datetime, october: Any, follows: int
) -> None:
    """By hand: 12 of 100 lie beyond 5 % (lower bound 0.0700), 32 of 700 beyond 2 % only (0.0326): nobody reaches a
    higher step because a measure was taken before.
    """
    only_rule(desk, now, "short", now - 400 * DAY, **SHORT)
    figures(shop.merchant, OCTOBER, *october)
    assert len(raised(now)) == 1
    figures(shop.merchant, NOVEMBER, 12, 100)
    (one,) = selectors.judged(long, NOVEMBER)
    assert (one.said, one.amount) == ("follows", follows)
    assert (one.proofs[0].num, one.proofs[0].den, one.proofs[0].days) == (12, 100, 30)
    services.month_run(version=long, month=NOVEMBER, actor=desk.operations, now=later)
    proposal = Proposal.objects.get(fact_code=long.trigger)
    assert proposal.calculation["window"] == "2026-11-01 – 2026-11-30"
    ((who, code, since, until),) = [
        (one.merchant_id, one.code, one.since, one.until) for one in charged_figures([CODE], SEPTEMBER)
    ]
    assert (who, code, since, until) == (shop.merchant.pk, CODE, NOVEMBER, date(2026, 11, 30))


def test_the_rows_behind_a_charge_are_those_of_the_days_that_were_counted(
    desk: Cast, shop: Shop, long: IncentiveVersion, now: datetime, monkeypatch: Any
) -> None:
    only_rule(desk, now, "short", now - 400 * DAY, **SHORT | {"lag": 1})
    figures(shop.merchant, SEPTEMBER, 60, 300)
    assert len(raised(now)) == 1
    figures(shop.merchant, OCTOBER, 12, 100)
    services.month_run(version=long, month=OCTOBER, actor=desk.operations, now=now)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    page = desk.client(desk.merchant_manager).get(
        reverse("rewards:rows", args=["test", "2026-10", shop.merchant.pk, CODE])
    )
    assert (page.context["since"], page.context["until"]) == (OCTOBER, date(2026, 10, 31))


def test_a_measure_on_an_earlier_month_that_came_since_the_month_was_counted_goes_first(
    desk: Cast, shop: Shop, long: IncentiveVersion, now: datetime, later: datetime, monkeypatch: Any
) -> None:
    only_rule(desk, now, "short", now - 400 * DAY, **SHORT)
    figures(shop.merchant, OCTOBER, 60, 300)
    figures(shop.merchant, NOVEMBER, 12, 100)
    propose = ledger.incentives_propose

    def meanwhile(**given: Any) -> int:
        (row,) = raised(later)
        assert row.period == OCTOBER
        return propose(**given)

    monkeypatch.setattr(ledger, "incentives_propose", meanwhile)
    run = services.month_run(version=long, month=NOVEMBER, actor=desk.operations, now=later)
    assert (run.given, Proposal.objects.filter(fact_code=long.trigger).count()) == (0, 0)


def test_a_measure_that_was_known_when_the_month_was_counted_keeps_no_charge_back(
    desk: Cast, shop: Shop, long: IncentiveVersion, now: datetime, later: datetime
) -> None:
    only_rule(desk, now, "short", now - 400 * DAY, **SHORT)
    figures(shop.merchant, OCTOBER, 60, 300)
    raised(now)
    figures(shop.merchant, NOVEMBER, 12, 100)
    run = services.month_run(version=long, month=NOVEMBER, actor=desk.operations, now=later)
    assert run.given == 1
    assert raised(later + DAY) == []


# ----------------------------------------------------------------------------------- the ledger, and then a measure
def test_no_measure_rests_on_days_that_a_long_window_charged(
    desk: Cast, shop: Shop, long: IncentiveVersion, now: datetime
) -> None:
    """A patient rule judges September when October was charged with it; of another shop nothing was charged."""
    only_rule(desk, now, "patient", now - 400 * DAY, **SHORT | {"lag": 40, "days": 30})
    figures(shop.merchant, SEPTEMBER, 60, 300)
    figures(shop.merchant, OCTOBER, 12, 100)
    other = a_merchant("M-other", now)
    figures(other, SEPTEMBER, 60, 300)
    services.month_run(version=long, month=OCTOBER, actor=desk.operations, now=now)
    assert [one.party_id for one in Proposal.objects.filter(fact_code=long.trigger)] == [shop.merchant.pk]
    assert [(one.merchant_id, one.period) for one in raised(now)] == [(other.pk, SEPTEMBER)]


def test_a_score_that_was_charged_takes_the_days_that_it_looked_at(
    desk: Cast, shop: Shop, rule: Rule, now: datetime
) -> None:
    formula = Formula.objects.get(code="merchants")
    Snapshot.objects.create(
        formula=formula, rule=formula.versions.first(), subject_kind="merchant", subject_id=shop.merchant.pk,
        subject_name=shop.merchant.name, day=date(2026, 10, 31), month=OCTOBER, score=40, low=35, high=45, grade="D",
        volume=300, details={"items": [{"metric": CODE, "verdict": "missed", "days": 60}]}, at=now,
    )  # fmt: skip
    version = rule("score.merchant", SCORE, consequence="penalty", amount=Decimal(2), cap=Decimal(6))
    services.month_run(version=version, month=OCTOBER, actor=desk.operations, now=now)
    assert charged_figures([CODE], OCTOBER) == [
        Span(shop.merchant.pk, CODE, date(2026, 9, 2), date(2026, 10, 31), now)
    ]
