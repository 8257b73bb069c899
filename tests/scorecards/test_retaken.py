"""One breach or row fewer: a penalty gets smaller, whenever that comes out, and nothing else falls with it."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.ledger import services as ledger
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import DEAD
from aftersales.notices.models import Notice
from aftersales.scorecards import consequencewords, services
from aftersales.scorecards.models import ConsequenceVersion, MerchantMeasure, Rollup
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.scorecards.conftest import noted
from tests.scorecards.test_late_clocks import ANSWERS
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
    swept,
)
from tests.scorecards.test_measures_turned import states
from tests.scorecards.test_penalties_back import left_out

pytestmark = pytest.mark.django_db
__all__ = ["broken"]
FINE: dict[str, Any] = {"effect": "penalty", "amount": "100", "most": "9000", "days": 30}
Broken = Callable[..., list[Clock]]


def charges() -> list[Decimal]:
    """What measures charge, the smallest first."""
    rows = Proposal.objects.filter(source_kind="scorecards.merchantmeasure").exclude(state__in=sorted(DEAD))
    return sorted(rows.values_list("amount", flat=True))


def penalty(row: MerchantMeasure) -> Proposal:
    found: Proposal = Proposal.objects.get(source_kind="scorecards.merchantmeasure", source_id=row.pk)
    return found


def standing(**asked: Any) -> MerchantMeasure:
    found: MerchantMeasure = MerchantMeasure.objects.exclude(state="cancelled").get(**asked)
    return found


@pytest.fixture
def climbed(desk: Cast, shop: Shop, broken: Broken, now: datetime) -> Callable[..., Any]:
    """``climbed(*steps)``: warned, then a penalty for four breaches; these, what it made, and when."""

    def act(*steps: dict[str, Any], **terms: Any) -> tuple[list[Clock], MerchantMeasure, datetime]:
        ladder = LADDER | {"steps": [WARNING, FINE, *steps]} | terms
        only_rule(desk, now, "money", now - 60 * DAY, **ladder)
        broken(shop.merchant, now - 8 * DAY, 2)
        raised(now - 3 * DAY)
        clocks = broken(shop.merchant, now, 4)
        (fine,) = raised(now + 4 * DAY)
        assert charges() == [400]
        return clocks, fine, now + 4 * DAY

    return act


# ------------------------------------------------------------------------------------------------- by breaches
def test_what_remains_is_charged_though_the_window_is_gone(desk: Cast, climbed: Any) -> None:
    clocks, fine, at = climbed()
    assert swept(at + 31 * DAY) == 2
    left_out(desk, clocks[0], at + 40 * DAY)
    assert charges() == [300]
    ends = Notice.objects.filter(source="scorecards.measure_ended", subject_id=fine.pk)
    assert ends.values("body").distinct().count() == 2, "that its time is over, and that it is replaced"
    less = standing(effect="penalty")
    assert (less.state, less.ends_at, less.ended_at) == ("expired", fine.ends_at, fine.ends_at), (
        "nothing is lengthened"
    )
    told = Notice.objects.count()
    for clock in clocks[:2]:
        services.measures_recount(clock=clock.pk, actor=system_user(at), now=at + 41 * DAY)
    assert raised(at + 42 * DAY) == []
    assert (charges(), Notice.objects.count()) == ([300], told), "twice is as once"


def test_later_steps_rest_on_what_remains(
    desk: Cast, shop: Shop, broken: Broken, climbed: Any, now: datetime
) -> None:
    clocks, fine, _at = climbed()
    broken(shop.merchant, now + 20 * DAY, 3)
    (second,) = raised(now + 24 * DAY)
    broken(shop.merchant, now + 55 * DAY, 2)
    (third,) = raised(now + 60 * DAY)
    assert (second.rests_on, third.rests_on, charges()) == (fine, second, [200, 300, 400])
    left_out(desk, clocks[0], now + 61 * DAY)
    less = standing(amount=300, rests_on__effect="warning")
    second.refresh_from_db()
    assert (states(second, third), second.rests_on) == (["in_force", "in_force"], less)
    assert raised(now + 62 * DAY) == []
    assert charges() == [200, 300, 300]
    broken(shop.merchant, now + 63 * DAY, 2)
    (fourth,) = raised(now + 67 * DAY)
    assert fourth.rests_on == third, "the newest step is still the last one"


def test_a_restriction_of_the_next_step_goes_on(
    desk: Cast, shop: Shop, broken: Broken, climbed: Any, now: datetime
) -> None:
    clocks, _fine, _at = climbed({"effect": "restriction", "days": 60})
    more = broken(shop.merchant, now + 20 * DAY, 3)
    (hold,) = raised(now + 24 * DAY)
    services.measure_impose(measure=hold, actor=desk.supervisor, now=now + 25 * DAY)
    left_out(desk, clocks[0], now + 26 * DAY)
    left_out(desk, more[0], now + 26 * DAY)
    assert raised(now + 27 * DAY) == []
    shop.merchant.refresh_from_db()
    hold.refresh_from_db()
    assert (shop.merchant.state, hold.state, charges()) == ("restricted", "in_force", [300])
    assert (hold.figures["breaches"], hold.rests_on) == (2, standing(effect="penalty"))
    told = Event.objects.get(kind="measure.recounted")
    assert (told.payload["was"], told.payload["left"]) == (3, 2)
    left_out(desk, more[1], now + 28 * DAY)
    shop.merchant.refresh_from_db()
    assert (states(hold), shop.merchant.state) == (["cancelled"], "active"), "one is too few"


def test_what_was_posted_is_turned_back_and_the_smaller_sum_is_told_anew(
    desk: Cast, shop: Shop, climbed: Any
) -> None:
    clocks, fine, at = climbed()
    desk.certify(desk.supervisor, "lead")
    posted = ledger.proposal_approve(proposal=penalty(fine), actor=desk.supervisor, now=at + 15 * DAY)
    assert posted.state == "posted"
    left_out(desk, clocks[0], at + 16 * DAY)
    posted.refresh_from_db()
    less = penalty(standing(effect="penalty"))
    assert (posted.state, less.state, less.amount) == ("reversed", "notified", 300)
    noted(at + 16 * DAY)
    assert standing(effect="penalty").state == "in_force", "it does not follow the first one"


def test_a_waiting_appeal_is_heard_as_it_was_brought(desk: Cast, shop: Shop, climbed: Any) -> None:
    clocks, fine, at = climbed()
    first = ledger.proposal_appeal(proposal=penalty(fine), text="不属实", actor=shop.owner, now=at + HOUR)
    left_out(desk, clocks[0], at + 2 * HOUR)
    first.refresh_from_db()
    fine.refresh_from_db()
    assert (first.state, fine.state, fine.figures["bad"]) == ("appealed", "in_force", 4)
    ledger.proposal_hear(proposal=first, upheld=True, answer="属实", actor=desk.adjudicator, now=at + DAY)
    for _again in range(2):
        noted(at + DAY)
    less = penalty(standing(effect="penalty"))
    assert (charges(), less.state) == ([300], "notified")
    assert first.number in less.evidence
    fine.refresh_from_db()
    with override("en"):
        assert f"stays readable at {first.number}" in consequencewords.why_ended(fine)


def test_what_remains_is_held_beside_a_figure_over_the_rest(
    desk: Cast, shop: Shop, broken: Broken, climbed: Any, now: datetime
) -> None:
    clocks, _fine, _at = climbed(days=4)
    broken(shop.merchant, now + 5 * DAY, 3)
    a_rule(desk, now, "figure", now - 60 * DAY, **ANSWERS | {"count": 3, "limit": "0.9"})
    noted(now + 9 * DAY)
    services.refresh()
    at = datetime(2026, 12, 10, 2, tzinfo=now.tzinfo)
    (figure,) = raised(at)
    left_out(desk, clocks[0], at + HOUR)
    terms = ConsequenceVersion.objects.get(rule__code="money").terms
    ConsequenceVersion.objects.filter(rule__code="money").update(terms=terms | {"days": 90})
    assert raised(at + DAY) == []
    assert (charges(), states(figure)) == ([300], ["in_force"])


# ------------------------------------------------------------------------------------------------- by figures
def test_a_figure_of_months_ago_is_charged_for_what_remains(desk: Cast, shop: Shop, now: datetime) -> None:
    only_rule(desk, now, "figure", now - 400 * DAY, **METRIC | {"steps": [WARNING, FINE]})
    figures(shop.merchant, date(2026, 9, 1), 60, 300)
    (first,) = raised(datetime(2026, 10, 20, 2, tzinfo=now.tzinfo))
    figures(shop.merchant, OCTOBER, 60, 300)
    raised(now)
    at = datetime(2027, 2, 10, 2, tzinfo=now.tzinfo)
    for month, left in ((date(2026, 9, 1), 59), (OCTOBER, 59)):
        Rollup.objects.filter(day__year=2026, day__month=month.month).update(num=left)
    raised(at)
    assert raised(at + DAY) == []
    first.refresh_from_db()
    assert (charges(), first.state, first.figures["bad"]) == ([5900], "in_force", 59)
