"""Goods come when they come: before a dispute, during it, after the ruling. What was decided is paid either way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, Repair
from aftersales.cases.services import Arrival, Finding
from aftersales.core.models import Event
from tests.cases.test_rulings import FOR_CUSTOMER
from tests.cases.test_rulings import ruled as ruling
from tests.cases.workshop import arrive, fresh, parcel_of
from tests.cast import Cast
from tests.records import said

D = Decimal
Open = Callable[..., Case]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FULL = replace(FOR_CUSTOMER, goods_back=True)


def approved(open_case: Open, desk: Cast, now: datetime) -> Case:
    """Two faulty cups are to come back: ¥46.68 and ¥4.66 of freight."""
    return services.case_approve(case=open_case({0: 2}, ground="quality"), actor=desk.lead, now=now)


def seen(case: Case, desk: Cast, at: datetime, **found: int) -> CaseParcel:
    """The parcel comes and is judged."""
    parcel = services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no="SF123456789", actor=desk.agent, now=at
    )
    item = parcel.items.get()
    return services.parcel_process(
        parcel=parcel,
        arrival=Arrival({item.pk: 2}),
        findings={item.pk: Finding(grade="opened", **found)},
        actor=desk.returns_receiver,
        now=at,
        keep=True,
    )


def disputed(case: Case, by: str, desk: Cast, at: datetime) -> Any:
    return services.dispute_open(case=fresh(case), by=by, actor=desk.agent, now=at)


def standing(case: Case) -> tuple[str, Decimal, Decimal]:
    now = fresh(case)
    return now.state, now.agreed, now.paying


def test_goods_that_were_seen_before_the_dispute_do_not_hold_the_ruled_money(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    before = approved(open_case, desk, now)
    seen(before, desk, now, accepted=2)
    ruling(disputed(before, "merchant", desk, now + DAY), FULL, desk.adjudicator, now + 2 * DAY)
    assert standing(before) == ("approved", D("51.34"), D("51.34"))
    assert fresh(before).settled_at == now + 2 * DAY


def test_goods_that_came_during_the_dispute_are_owed_from_the_ruling_on(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = approved(open_case, desk, now)
    dispute = disputed(case, "merchant", desk, now)
    seen(case, desk, now + DAY, accepted=2)
    assert not Event.objects.filter(kind="case.goods_in").exists()
    ruling(dispute, FULL, desk.adjudicator, now + 2 * DAY)
    assert standing(case) == ("approved", D("51.34"), D("51.34"))
    assert Event.objects.get(kind="case.goods_in").at == now + 2 * DAY


def test_a_ruling_binds_over_an_inspection_that_the_adjudicator_knew(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = approved(open_case, desk, now)
    seen(case, desk, now, missing=2)
    assert standing(case)[1] == 0
    ruling(disputed(case, "customer", desk, now + DAY), FULL, desk.adjudicator, now + 2 * DAY)
    assert standing(case) == ("approved", D("51.34"), D("51.34"))
    assert services.receipt_preview(fresh(case)).total == D("51.34")


def test_what_is_inspected_after_the_ruling_counts_again(open_case: Open, desk: Cast, now: datetime) -> None:
    case = approved(open_case, desk, now)
    ruling(disputed(case, "customer", desk, now), FULL, desk.adjudicator, now + DAY)
    seen(case, desk, now + 2 * DAY, accepted=1, missing=1)
    assert standing(case)[:2] == ("approved", D("25.67"))


def test_a_settlement_after_the_goods_were_seen_is_paid(open_case: Open, desk: Cast, now: datetime) -> None:
    case = approved(open_case, desk, now)
    seen(case, desk, now, accepted=1, missing=1)
    dispute = disputed(case, "merchant", desk, now + DAY)
    offer = services.settlement_propose(
        dispute=dispute, by="merchant", amount=D(30), goods_back=True, actor=desk.agent, now=now + DAY
    )
    services.settlement_accept(
        settlement=offer, by="customer", actor=desk.lead, consent=said(now + 2 * DAY), now=now + 2 * DAY
    )
    assert standing(case)[1] == D(30)
    assert fresh(case).settled_at == now + 2 * DAY


def test_a_dispute_that_is_withdrawn_lets_the_goods_count(open_case: Open, desk: Cast, now: datetime) -> None:
    case = approved(open_case, desk, now)
    dispute = disputed(case, "merchant", desk, now)
    seen(case, desk, now + DAY, accepted=1, missing=1)
    services.dispute_withdraw(dispute=dispute, by="merchant", actor=desk.agent, now=now + 2 * DAY)
    assert standing(case)[1] == D("25.67")
    [payment] = services.payment_propose(case=fresh(case), actor=desk.agent, now=now + 2 * DAY)
    assert payment.amount == D("25.67")


def test_goods_never_sent_during_a_dispute_give_nothing_when_it_is_withdrawn(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = approved(open_case, desk, now)
    dispute = disputed(case, "merchant", desk, now)
    assert services.parcels_expire(now=now + 60 * DAY) == 1
    services.dispute_withdraw(dispute=dispute, by="merchant", actor=desk.agent, now=now + 60 * DAY)
    assert standing(case)[1:] == (0, 0)


def test_an_appeal_decided_after_the_goods_came_is_paid(open_case: Open, desk: Cast, now: datetime) -> None:
    case = approved(open_case, desk, now)
    dispute = disputed(case, "customer", desk, now)
    ruling(dispute, FULL, desk.adjudicator, now)
    seen(case, desk, now + DAY, accepted=2)
    services.dispute_appeal(
        dispute=dispute, by="merchant", actor=desk.agent, now=now + DAY, words="不是质量问题"
    )
    part = replace(FULL, outcome="part_refund", amount=D(20))
    services.appeal_decide(dispute=dispute, draft=part, actor=desk.person("adjudicator"), now=now + 2 * DAY)
    assert standing(case) == ("approved", D(20), D(20))


def test_a_repair_whose_goods_came_during_the_dispute_goes_into_the_workshop(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = services.case_approve(
        case=open_case({1: 1}, kind="repair", ground="quality"), actor=desk.lead, now=now
    )
    dispute = disputed(case, "merchant", desk, now)
    arrive(fresh(case), desk, now + DAY)
    assert not Repair.objects.exists()
    services.dispute_withdraw(dispute=dispute, by="merchant", actor=desk.agent, now=now + 2 * DAY)
    assert Repair.objects.get().case_id == case.pk
