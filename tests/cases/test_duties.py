"""What a merchant owes after an approval: an address, the word that goods came, the replacement; and his silence."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel
from aftersales.cases.services.obliging import addresses_follow
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core.errors import Refused
from aftersales.merchants import services as merchants
from aftersales.merchants.models import Merchant, ReturnAddress
from aftersales.merchants.services.addresses import address_add
from aftersales.notices.models import Notice
from aftersales.orders import services as orders
from aftersales.orders.models import Order
from tests.cases.workshop import DAY, HOUR, arrive, fresh, parcel_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]
ADDRESS = "杭州市文三路 1 号"


@pytest.fixture
def shop(order: Order, now: datetime) -> Merchant:
    """It can be written to, and nobody knows where it takes goods back."""
    row: Merchant = Merchant.objects.get(pk=order.merchant_id)
    ReturnAddress.objects.filter(merchant=row).update(is_default=False, active_to=now)
    merchants.contact_save(
        merchant=row, role="aftersales", email="shop@example.com", actor=system_user(), now=now
    )
    return row


def clocks(case: Case, promise: str) -> list[str]:
    rows = Clock.objects.filter(subject_kind="cases.case", subject_id=case.pk, promise=promise)
    return list(rows.order_by("id").values_list("state", flat=True))


def approved(open_case: Open, desk: Cast, now: datetime, **more: Any) -> Case:
    return services.case_approve(case=open_case(**({"pieces": {0: 1}} | more)), actor=desk.agent, now=now)


def written(template: str) -> str:
    return "\n".join(Notice.objects.filter(source=template).values_list("body", flat=True))


def give(shop: Merchant, now: datetime) -> None:
    address_add(merchant=shop, name="总仓", place=ADDRESS, contact="退货组", actor=system_user(), now=now)
    addresses_follow(now=now)


def test_goods_without_an_address_wait_for_it_and_the_customers_time_runs_from_then(
    shop: Merchant, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = approved(open_case, desk, now, ground="quality")
    work_off(now)
    assert (clocks(case, "return_address"), parcel_of(case).ship_by) == (["running"], None)
    assert case.number in written("case.address_wanted")
    assert "请等我们的通知" in written("case.approved")
    assert "寄回地址：" not in written("case.approved")
    later = now + 30 * DAY
    services.parcels_warn(now=later)
    services.parcels_expire(now=later)
    assert parcel_of(case).state == "awaited"
    assert addresses_follow(now=later) == 0
    give(shop, later)
    work_off(later)
    assert parcel_of(case).ship_by == later + 7 * DAY
    assert ADDRESS in written("case.address_given")
    assert addresses_follow(now=later) == 0
    assert Notice.objects.filter(source="case.address_given").count() == 1


def test_who_gives_no_address_in_time_leaves_a_breach_and_a_person_decides_until_it_comes(
    shop: Merchant, open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = approved(open_case, desk, now, ground="quality")
    late = now + 25 * HOUR
    sweep(late)
    work_off(late)
    assert (clocks(case, "return_address"), fresh(case).review) == (["breached"], "no_address")
    give(shop, late)
    assert fresh(case).review == ""
    assert Clock.objects.get(subject_id=case.pk, promise="return_address").breached_at is not None


def test_the_rule_asks_for_the_address_too(
    shop: Merchant, order: Order, open_case: Open, now: datetime, work_off: WorkOff
) -> None:
    orders.shipment_add(
        order=order, number="1", actor=system_user(), now=now, merchant=order.merchant, status="delivered",
        shipped_at=now - 4 * DAY, delivered_at=now - 2 * DAY, signed_by="self",
    )  # fmt: skip
    case = open_case({0: 1})
    work_off(now)
    assert (fresh(case).state, fresh(case).decided_how) == ("approved", "rule")
    assert clocks(case, "return_address") == ["running"]
    assert parcel_of(case).ship_by is None


def test_delivered_goods_are_confirmed_in_time_or_a_person_looks(
    open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = approved(open_case, desk, now, ground="quality")
    parcel = services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no="SF1000", actor=desk.agent, now=now
    )
    services.parcel_at_door(parcel=parcel, actor=desk.agent, now=now + DAY)
    assert clocks(case, "receipt") == ["running"]
    with pytest.raises(Refused, match="delivered already|已登记送达"):
        services.parcel_at_door(parcel=parcel, actor=desk.agent, now=now + DAY)
    late = now + 4 * DAY
    sweep(late)
    work_off(late)
    assert fresh(case).review == "unconfirmed"
    counts = {one.pk: one.announced for one in parcel.items.all()}
    services.parcel_receive(
        parcel=fresh(parcel), arrival=services.Arrival(counts), actor=desk.returns_receiver, now=late
    )
    assert (fresh(case).review, clocks(case, "receipt")) == ("", ["met_late"])


def test_what_is_on_its_way_for_too_long_counts_as_delivered_until_it_is_known_to_be_lost(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = approved(open_case, desk, now, ground="quality")
    services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no="SF1000", actor=desk.agent, now=now
    )
    assert services.parcels_presume(now=now + 6 * DAY) == 0
    assert services.parcels_presume(now=now + 7 * DAY) == 1
    assert services.parcels_presume(now=now + 8 * DAY) == 0
    assert clocks(case, "receipt") == ["running"]
    services.parcel_lose(parcel=parcel_of(case), actor=desk.returns_receiver, now=now + 8 * DAY)
    assert clocks(case, "receipt") == ["met"]


def test_the_replacement_is_owed_once_the_goods_are_back_and_again_when_it_was_lost(
    open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = approved(open_case, desk, now, kind="exchange", ground="wrong_item")
    assert clocks(case, "replacement") == []
    arrive(case, desk, now + DAY)
    assert clocks(case, "replacement") == ["running"]
    sweep(now + 4 * DAY)
    work_off(now + 4 * DAY)
    assert fresh(case).review == "not_sent"
    sent = services.exchange_send(
        case=fresh(case), carrier="顺丰", tracking_no="SF9001", actor=desk.agent, now=now + 5 * DAY
    )
    assert (fresh(case).review, clocks(case, "replacement")) == ("", ["met_late"])
    services.parcel_lose(parcel=sent, actor=desk.returns_receiver, now=now + 6 * DAY)
    assert clocks(case, "replacement") == ["met_late", "running"]
    services.case_turn(case=fresh(case), kind="return", actor=desk.agent, now=now + 7 * DAY)
    assert clocks(case, "replacement") == ["met_late", "cancelled"]


def test_the_platforms_own_shop_owes_nothing_to_itself(
    order: Order, open_case: Open, desk: Cast, now: datetime
) -> None:
    Merchant.objects.filter(pk=order.merchant_id).update(self_run=True)
    ReturnAddress.objects.filter(merchant=order.merchant_id).update(is_default=False, active_to=now)
    case = approved(open_case, desk, now, ground="quality")
    assert parcel_of(case).ship_by == now + 7 * DAY
    services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no="SF1000", actor=desk.agent, now=now
    )
    services.parcels_presume(now=now + timedelta(days=9))
    assert CaseParcel.objects.get(case=case).arrived_at is not None
    assert clocks(case, "receipt") == clocks(case, "return_address") == []
