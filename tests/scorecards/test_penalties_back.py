"""A penalty that a measure led to is turned back in the ledger: by whom, and what falls with it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils.translation import override

from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.clocks.services import breach_exclude
from aftersales.core.errors import Refused
from aftersales.ledger import pages
from aftersales.ledger import services as ledger
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import DEAD
from aftersales.merchants.services import merchant_change
from aftersales.notices.models import Notice
from aftersales.scorecards import consequencewords
from aftersales.scorecards.models import MerchantMeasure
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.scorecards.conftest import noted
from tests.scorecards.test_measures import DAY, HOUR, LADDER, WARNING, broken, only_rule, raised, twice_broken

pytestmark = pytest.mark.django_db
__all__ = ["broken"]
FINE = {"steps": [WARNING, {"effect": "penalty", "amount": "100", "most": "150", "days": 30}]}


@pytest.fixture
def fined(desk: Cast, shop: Shop, broken: Any, now: datetime) -> tuple[MerchantMeasure, Proposal, datetime]:
    only_rule(desk, now, "money", now - DAY, **LADDER | FINE)
    fine, at = twice_broken(shop, broken, now)
    merchant_change(merchant=shop.merchant, manager=desk.supervisor, actor=desk.operations, now=at)
    return fine, Proposal.objects.get(source_kind="scorecards.merchantmeasure", source_id=fine.pk), at


def test_whoever_looks_after_the_shop_turns_its_penalty_back_by_no_way(
    desk: Cast, shop: Shop, fined: tuple[MerchantMeasure, Proposal, datetime]
) -> None:
    fine, proposal, at = fined
    desk.certify(desk.supervisor, "lead")
    who: dict[str, Any] = {"proposal": proposal, "actor": desk.supervisor, "now": at + HOUR}

    def refused(act: Callable[..., Any], **more: Any) -> None:
        with pytest.raises(Refused) as why:
            act(**who | more)
        assert why.value.code == "own_merchant"

    refused(ledger.proposal_withdraw, reason="算了")
    appealed = ledger.proposal_appeal(proposal=proposal, text="不属实", actor=shop.owner, now=at)
    refused(ledger.proposal_hear, upheld=False, answer="算了")
    hear: dict[str, Any] = {"proposal": appealed, "upheld": True, "answer": "属实", "now": at + HOUR}
    ledger.proposal_hear(actor=desk.adjudicator, **hear)
    posted = ledger.proposal_approve(proposal=appealed, actor=desk.supervisor, now=at + 2 * HOUR)
    merchant_change(merchant=shop.merchant, manager=desk.finance, actor=desk.operations, now=at)
    turn: dict[str, Any] = {"proposal": posted, "reason": "记录有误", "actor": desk.finance}
    refused(ledger.proposal_reverse, now=at + 3 * HOUR, **turn)
    merchant_change(merchant=shop.merchant, manager=desk.supervisor, actor=desk.operations, now=at)
    noted(at + 4 * HOUR)
    fine.refresh_from_db()
    assert fine.state == "in_force"
    ledger.proposal_reverse(now=at + 5 * HOUR, **turn)
    noted(at + 6 * HOUR)
    fine.refresh_from_db()
    assert fine.state == "overturned", "another person may"


def test_a_penalty_that_is_withdrawn_ends_its_measure_and_its_fact_goes_on_counting(
    desk: Cast, shop: Shop, fined: tuple[MerchantMeasure, Proposal, datetime], counted: Any
) -> None:
    fine, proposal, at = fined
    assert pages.falls(proposal) == ("overturn", "reverse"), "who withdraws is not asked about the fact"
    ledger.proposal_withdraw(proposal=proposal, reason="首次，从宽", actor=desk.finance, now=at + HOUR)
    proposal.refresh_from_db()
    assert proposal.fell_by == "", "nor does it say that it fell"
    for _again in range(2):
        noted(at + 2 * HOUR)
    fine.refresh_from_db()
    assert (fine.state, fine.end_reason) == ("lifted", "首次，从宽")
    assert not BreachExclusion.objects.exists(), "nobody heard an appeal"
    kept = counted(at + 3 * HOUR, "merchant", shop.merchant.pk)["obligations_kept"]
    assert (kept.num, kept.den) == (0, 4)
    assert raised(at + DAY) == [], "nor does the same fact lead to another penalty"


def left_out(desk: Cast, clock: Clock, now: datetime) -> None:
    breach_exclude(clock=clock, cause="platform", reason="我们处理的", actor=desk.operations, now=now)
    for _again in range(2):
        noted(now)


def test_a_penalty_for_each_case_is_taken_anew_for_those_that_remain(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    steps = [WARNING, {"effect": "penalty", "amount": "100", "most": "300", "days": 30}]
    only_rule(desk, now, "money", now - DAY, **LADDER | {"steps": steps})
    broken(shop.merchant, now, 2)
    (warning,) = raised(now + 4 * DAY)
    clocks = broken(shop.merchant, now + 5 * DAY, 4)
    at = now + 9 * DAY
    (fine,) = raised(at)
    proposal = Proposal.objects.get(source_kind="scorecards.merchantmeasure", source_id=fine.pk)
    assert (fine.amount, proposal.amount) == (300, 300)
    for clock, state, held in ((clocks[0], "in_force", 3), (clocks[1], "cancelled", 3)):
        left_out(desk, clock, at + HOUR)
        fine.refresh_from_db()
        assert (fine.state, fine.figures["bad"]) == (state, held), "three cost as much as four, two do not"
    proposal.refresh_from_db()
    assert proposal.state in DEAD
    again = MerchantMeasure.objects.exclude(state="cancelled").get(effect="penalty")
    assert (again.amount, again.rests_on, again.step) == (200, warning, fine.step)
    assert (again.proposed_at, again.begins_at, again.ends_at) == (at, at, fine.ends_at)
    assert set(again.facts.values_list("key", flat=True)) == {str(one.pk) for one in clocks[2:]}
    charged = Proposal.objects.exclude(state__in=sorted(DEAD))
    penalty = charged.get(source_kind="scorecards.merchantmeasure")
    assert (penalty.source_id, penalty.amount, penalty.state) == (again.pk, 200, "notified")
    assert penalty.evidence == [again.number, fine.number, proposal.number]
    with override("en"):
        said = consequencewords.why_ended(fine)
        assert said.startswith("Breaches were left out: 3 were held, 2 of them still count.")
        assert f"{again.number} takes its place" in said
        assert f"in the place of {fine.number}" in consequencewords.counting(again)
    told = Notice.objects.filter(source="scorecards.measure_ended", merchant_id=shop.merchant.pk)
    assert again.number in told.get().body
    assert "200.00" in told.get().body
    assert Notice.objects.filter(source="scorecards.measure").count() == 2, "nothing new is held against him"
    assert raised(at + DAY) == []


def test_who_was_let_off_a_penalty_is_not_charged_a_smaller_one(
    desk: Cast, shop: Shop, broken: Any, now: datetime
) -> None:
    steps = [WARNING, {"effect": "penalty", "amount": "100", "most": "900", "days": 30}]
    only_rule(desk, now, "money", now - DAY, **LADDER | {"steps": steps})
    broken(shop.merchant, now, 2)
    raised(now + 4 * DAY)
    clocks = broken(shop.merchant, now + 5 * DAY, 3)
    at = now + 9 * DAY
    (fine,) = raised(at)
    proposal = Proposal.objects.get(source_kind="scorecards.merchantmeasure", source_id=fine.pk)
    ledger.proposal_withdraw(proposal=proposal, reason="首次，从宽", actor=desk.finance, now=at + HOUR)
    for _again in range(2):
        noted(at + HOUR)
    left_out(desk, clocks[0], at + 2 * HOUR)
    fine.refresh_from_db()
    assert fine.state == "lifted"
    assert raised(at + DAY) == []
