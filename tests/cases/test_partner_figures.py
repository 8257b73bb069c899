"""What cases say of carriers and repair shops: from the very acts, by touched days alone as by a full count."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, ParcelItem, Repair
from aftersales.cases.services import Finding
from aftersales.core.errors import DomainError
from aftersales.orders import services as orders
from aftersales.orders.models import Order
from aftersales.scorecards import services as scorecards
from aftersales.scorecards.models import Rollup
from tests.cases.workshop import DAY, HOUR, arrive, back_home, diagnosed, fresh, parcel_of
from tests.cast import Cast
from tests.scorecards.conftest import noted

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]


def counted(now: datetime) -> Callable[[str, str], tuple[int, int]]:
    """What the refresh made of the events, and nothing else than a full count makes."""
    noted(now)
    scorecards.refresh()
    assert set(scorecards.recount().values()) == {0}

    def figure(code: str, name: str) -> tuple[int, int]:
        rows = Rollup.objects.filter(metric=code, subject_name=name)
        return sum(one.num for one in rows), sum(one.den for one in rows)

    return figure


def test_a_repair_shop_has_the_repairs_that_name_it_and_the_merchant_keeps_his(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({1: 1}, at=now, kind="repair", ground="quality")
    case = services.case_approve(case=case, actor=desk.agent, now=now)
    arrive(case, desk, now)
    with pytest.raises(DomainError) as why:
        diagnosed(case, desk, now + DAY, workshop="店" * 81)
    assert why.value.code == "workshop"
    repair = diagnosed(case, desk, now + DAY, workshop=" Fixit  一店 ")
    assert repair.workshop == "Fixit 一店"
    figure = counted(now + DAY)
    assert figure("repairs", "FIXIT 一店") == (1, 1), "whatever the case and the spaces"

    repair = services.repair_start(repair=repair, actor=desk.agent, now=now + DAY + HOUR)
    repair = services.repair_test(
        repair=repair,
        passed=True,
        found="battery_worn",
        words="更换电池。",
        actor=desk.agent,
        now=now + 2 * DAY,
    )
    services.repair_send_back(
        repair=repair, carrier="顺丰", tracking_no="SF8000", actor=desk.returns_receiver, now=now + 3 * DAY
    )
    back_home(fresh(case), desk, now + 4 * DAY)
    figure = counted(now + 4 * DAY)
    assert figure("repair_success", "FIXIT 一店") == (1, 1)
    assert figure("repair_diagnosis", "FIXIT 一店") == (1, 1)
    received = Repair.objects.get(pk=repair.pk).received_at
    assert figure("repair_time", "FIXIT 一店") == (int((now + 3 * DAY - received).total_seconds()), 1)
    assert figure("promises_kept", "FIXIT 一店") == (1, 1), "its time to repair"
    mine = Rollup.objects.get(metric="repair_success", subject_kind="merchant")
    assert (mine.num, mine.den) == (1, 1)


def test_a_carrier_has_the_damage_that_the_inspection_lays_to_it_and_the_returns_it_lost(
    open_case: Open, order: Order, desk: Cast, now: datetime
) -> None:
    who: dict[str, Any] = {"actor": system_user(), "now": now}
    orders.shipment_add(
        order=order, number="1", carrier="yto", merchant=order.merchant, shipped_at=now - 9 * DAY,
        delivered_at=now - 7 * DAY, promised_at=now - 6 * DAY, **who,
    )  # fmt: skip
    case = services.case_approve(case=open_case({1: 1}), actor=desk.lead, now=now)
    parcel = arrive(case, desk, now)
    found = {
        one.pk: Finding(accepted=one.received, grade="broken", resellable=False, cause="carrier")
        for one in ParcelItem.objects.filter(parcel=parcel)
    }
    services.parcel_inspect(
        parcel=parcel, findings=found, actor=desk.returns_receiver, now=now + 2 * DAY, keep=True
    )
    figure = counted(now + 2 * DAY)
    assert figure("parcels", "YTO") == (1, 1)
    assert figure("carriage_time", "YTO") == (2 * 24 * 3600, 1)
    assert figure("carrier_damage", "YTO") == (1, 1), (
        "the carrier that brought it, not the one that took it back"
    )
    assert figure("carrier_damage", "顺丰") == (0, 0)
    assert figure("lost_parcels", "顺丰") == (0, 1)

    later = now + 3 * DAY
    case = services.case_approve(case=open_case({0: 1}, at=later), actor=desk.lead, now=later)
    sent = services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no="SF9000", actor=desk.agent, now=later
    )
    services.parcel_lose(parcel=sent, actor=desk.lead, now=later + timedelta(days=5))
    figure = counted(later + timedelta(days=5))
    assert figure("lost_parcels", "顺丰") == (1, 2)
