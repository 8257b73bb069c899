"""Dispatch and delivery: what a disaster at either end excuses, and what a promotion gives more time for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.services import system_user
from aftersales.clocks.services import circumstance_draft
from aftersales.core.errors import DomainError
from aftersales.merchants import services as merchants
from aftersales.orders import services as orders
from aftersales.scorecards import selectors, services
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import services as rule_book
from aftersales.standards.promoting import services as promotions
from tests.cast import Cast
from tests.records import merchant as a_merchant
from tests.records import order as an_order

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def at(now: Any) -> Any:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def sold(now: Any) -> Callable[..., Any]:
    """An order of ten days ago that had to leave in two days and to arrive in four; it did neither by its time."""
    number = 0

    def sell(
        shop: Any, *, to: str = "广东", sent: float = 3, arrived: float = 6, due: Any = 2, **columns: Any
    ) -> Any:
        nonlocal number
        number += 1
        row = an_order(f"S-{number}", now, merchant=shop, ship_province=to, **columns)
        placed = row.placed_at
        who = {"actor": system_user(), "now": now}
        limit = placed + due * DAY if due is not None else None
        orders.line_add(order=row, line_no=1, merchant=shop, dispatch_due_at=limit, **who)
        orders.shipment_add(
            order=row, number="1", carrier="YTO", merchant=shop, promised_at=placed + 4 * DAY,
            shipped_at=placed + sent * DAY, delivered_at=placed + arrived * DAY, **who,
        )  # fmt: skip
        return row

    return sell


def figure(code: str, shop: Any) -> tuple[int, int]:
    rows = Rollup.objects.filter(metric=code, subject_kind="merchant", subject_id=shop.pk)
    return sum(one.num for one in rows), sum(one.den for one in rows)


def behind(code: str, kind: SubjectKind, subject: Any, now: Any) -> dict[str, str]:
    rows = selectors.rows_behind(
        code=code,
        kind=kind,
        subject=subject,
        since=(now - 30 * DAY).date(),
        until=now.date(),
        which="excluded",
    )
    return {one.excluded: str(one.reason) for one in rows}


def declared(desk: Cast, now: Any, **terms: Any) -> Any:
    facts: dict[str, Any] = {
        "code": "flood", "name_zh": "河南暴雨", "name_en": "Rain in Henan", "cause": "disaster",
        "begins_at": now - 9 * DAY, "ends_at": now - 7 * DAY, "provinces": ["河南"], "source_ref": "12",
        "source_zh": "公告", "source_en": "Announcement",
    }  # fmt: skip
    draft = circumstance_draft(actor=desk.operations, now=now, **(facts | terms))
    return rule_book.rule_activate(draft=draft, actor=desk.supervisor, now=now)


def touched(row: Any) -> None:
    services.touch(subject_kind=row._meta.label_lower, subject_id=row.pk)
    services.refresh()


def is_whole() -> bool:
    """A full count finds nothing that the refresh did not."""
    return set(services.recount().values()) == {0}


def test_each_end_excuses_what_failed_and_the_list_says_which_disaster_where(
    desk: Cast, sold: Callable[..., Any], now: Any
) -> None:
    here, there = a_merchant("HERE", now, province="河南省"), a_merchant("THERE", now, province="浙江")
    sold(here)
    sold(there, to="河南")
    sold(there)
    sold(there, to="河南", sent=1, arrived=3)  # in time all the same
    services.recount()
    assert figure("dispatch_in_time", there) == (1, 3)

    flood = declared(desk, now)
    touched(flood)
    assert figure("dispatch_in_time", here) == (0, 0)
    assert figure("dispatch_in_time", there) == (1, 2), (
        "the one bound for the flood is left out, the good one counts"
    )
    assert figure("delivery_in_time", there) == (1, 2)
    assert is_whole()
    assert "河南暴雨" in behind("dispatch_in_time", SubjectKind.MERCHANT, here.pk, now)["struck_dispatch"]
    assert "河南暴雨" in behind("delivery_in_time", SubjectKind.MERCHANT, there.pk, now)["struck_delivery"]
    assert len(metric("delivery_in_time").excused_at) == 2
    assert metric("mean_score").excused_at == ()

    merchants.merchant_change(
        merchant=here, actor=system_user(), now=now, version=here.version, province="江苏"
    )
    touched(here)
    assert figure("dispatch_in_time", here) == (0, 1), "it never was there"
    assert is_whole()
    rule_book.rule_retire(row=flood, actor=desk.supervisor, now=now)
    touched(flood)
    assert figure("delivery_in_time", there) == (1, 3)
    assert is_whole()


@pytest.mark.parametrize(
    ("terms", "left"),
    [
        ({"promises": ["delivery"]}, 0),
        ({"promises": ["merchant_answer"]}, 1),
        ({"begins_at": timedelta(days=-30), "ends_at": timedelta(days=-11)}, 1),
        ({"begins_at": timedelta(days=-5), "ends_at": timedelta(days=-1)}, 1),
        ({"cause": "outage", "provinces": []}, 1),
        ({"cause": "outage", "provinces": [], "promises": ["delivery"]}, 0),
    ],
)
def test_only_the_duties_and_the_time_that_were_declared(
    terms: Any, left: int, desk: Cast, sold: Callable[..., Any], now: Any
) -> None:
    shop = a_merchant("SHOP", now, province="浙江")
    sold(shop, to="河南", sent=1)
    given = {name: now + value if isinstance(value, timedelta) else value for name, value in terms.items()}
    declared(desk, now, **given)
    services.recount()
    assert figure("delivery_in_time", shop) == (0, left)
    carrier = Rollup.objects.filter(metric="delivery_in_time", subject_name="YTO")
    assert sum(one.den for one in carrier) == left, "the carrier is excused as the shop is"


def test_a_promotion_gives_more_time_to_what_is_ordered_in_it_and_never_past_the_promise(
    desk: Cast, sold: Callable[..., Any], now: Any
) -> None:
    """The orders are made ten days before each moment."""
    row = promotions.promotion_draft(
        name_zh="双 11", name_en="Double 11", starts_at=now + DAY, ends_at=now + 6 * DAY, reason="高峰",
        actor=desk.operations, now=now,
    )  # fmt: skip
    said: dict[str, Any] = {
        "sort": "number",
        "code": "dispatch_extension_hours",
        "actor": desk.operations,
        "now": now,
    }
    row = promotions.override_set(promotion=row, value=500, **said)
    with pytest.raises(DomainError) as why:
        promotions.promotion_activate(promotion=row, actor=desk.supervisor, now=now)
    assert "168" in str(why.value), "customers keep what they were promised"
    row = promotions.override_set(promotion=row, value=72, **said)
    promotions.promotion_activate(promotion=row, actor=desk.supervisor, now=now)

    shop = a_merchant("SHOP", now)
    counted = {}
    for name, placed, sent, presale in (
        ("before", now, 3, False), ("in it", now + 2 * DAY, 3, False), ("past the promise", now + 2 * DAY, 4.5, False),
        ("presale", now + 2 * DAY, 3, True), ("after it", now + 7 * DAY, 3, False),
    ):  # fmt: skip
        had = figure("dispatch_in_time", shop)
        order = sold(shop, sent=sent, is_presale=presale)
        moved = placed - order.placed_at
        orders.order_change(
            order=order, placed_at=placed, actor=system_user(), now=now, version=order.version
        )
        line, parcel = order.lines.get(), order.shipments.get()
        type(line).objects.filter(pk=line.pk).update(dispatch_due_at=line.dispatch_due_at + moved)
        type(parcel).objects.filter(pk=parcel.pk).update(
            promised_at=parcel.promised_at + moved, shipped_at=parcel.shipped_at + moved, delivered_at=None
        )
        services.recount(codes=["dispatch_in_time"])
        now_has = figure("dispatch_in_time", shop)
        counted[name] = now_has[0] - had[0]
    assert counted == {"before": 0, "in it": 1, "past the promise": 0, "presale": 0, "after it": 0}


def test_a_parcel_that_nobody_told_a_dispatch_limit_of_is_not_handed_over_late(
    sold: Callable[..., Any], now: Any
) -> None:
    """It left after its promised delivery: that is no limit of dispatch."""
    shop = a_merchant("SHOP", now)
    sold(shop, due=None, sent=5, status="delivered")
    services.recount()
    assert figure("dispatch_in_time", shop) == (0, 0), "it has no limit"
    assert figure("late_by_seller", shop) == (0, 1)
    assert figure("late_by_carrier", shop) == (1, 1), "late on the way, without a known limit"
    carrier = Rollup.objects.filter(metric="delivery_in_time", subject_name="YTO")
    assert [(one.num, one.den) for one in carrier] == [(0, 1)], "no seller to blame"


def test_each_seller_of_an_order_is_excused_by_his_own_time(desk: Cast, now: Any) -> None:
    """The flood came when the first seller's limit and promise were over; the other's were not."""
    first, second = (a_merchant(code, now, province="河南") for code in ("FIRST", "SECOND"))
    row = an_order("S-1", now, status="delivered")
    placed, who = row.placed_at, {"actor": system_user(), "now": now}
    for number, shop, limit, promise in ((1, first, 2, 4), (2, second, 8, 9)):
        orders.line_add(order=row, line_no=number, merchant=shop, dispatch_due_at=placed + limit * DAY, **who)
        orders.shipment_add(
            order=row, number=str(number), merchant=shop, promised_at=placed + promise * DAY,
            shipped_at=placed + (limit + 0.5) * DAY, delivered_at=now, **who,
        )  # fmt: skip
    services.recount()
    touched(declared(desk, now, begins_at=placed + 5 * DAY, ends_at=placed + 6 * DAY))
    for code in ("dispatch_in_time", "delivery_in_time"):
        assert figure(code, first) == (0, 1), code
        assert figure(code, second) == (0, 0), code
    assert is_whole()


def test_each_parcel_is_excused_by_its_own_promise(desk: Cast, sold: Callable[..., Any], now: Any) -> None:
    shop = a_merchant("SHOP", now, province="河南")
    row = sold(shop, status="shipped")
    row.shipments.update(delivered_at=None)
    orders.shipment_add(
        order=row, number="2", carrier="YTO", merchant=shop, promised_at=row.placed_at + 9 * DAY,
        actor=system_user(), now=now,
    )  # fmt: skip
    touched(declared(desk, now, begins_at=row.placed_at + 5 * DAY, ends_at=row.placed_at + 6 * DAY))
    services.recount()
    assert figure("overdue", shop)[0] == 1, "the first one's promise was over when the flood came"
    carrier = Rollup.objects.filter(metric="overdue", subject_name="YTO")
    assert sum(one.num for one in carrier) == 1


def test_what_the_flood_kept_from_leaving_is_excused_by_its_dispatch_limit(desk: Cast, now: Any) -> None:
    shop, dry = a_merchant("SHOP", now, province="河南"), a_merchant("DRY", now, province="浙江")
    who = {"actor": system_user(), "now": now}
    for one in (shop, dry):
        row = an_order(f"S-{one.code}", now, merchant=one, status="processing")
        orders.line_add(order=row, line_no=1, dispatch_due_at=row.placed_at + 2 * DAY, **who)
    services.recount()
    assert figure("undelivered", shop) == (1, 1)
    touched(declared(desk, now))
    assert figure("undelivered", shop) == (0, 0)
    assert figure("undelivered", dry) == (1, 1)
    assert "河南暴雨" in behind("undelivered", SubjectKind.MERCHANT, shop.pk, now)["struck_dispatch"]
    assert is_whole()


def test_a_disaster_within_the_time_that_a_promotion_gave_excuses_too(
    desk: Cast, sold: Callable[..., Any], now: Any
) -> None:
    """Ordered on the second day, to leave by the fourth, promoted by the seventh; the flood was on the fifth."""
    said: dict[str, Any] = {"actor": desk.operations, "now": now}
    row = promotions.promotion_draft(
        name_zh="双 11", name_en="Double 11", starts_at=now + DAY, ends_at=now + 6 * DAY, reason="高峰", **said
    )  # fmt: skip
    row = promotions.override_set(
        promotion=row, sort="number", code="dispatch_extension_hours", value=72, **said
    )
    promotions.promotion_activate(promotion=row, actor=desk.supervisor, now=now)
    shop = a_merchant("SHOP", now, province="河南")
    order = sold(shop)
    type(order).objects.filter(pk=order.pk).update(placed_at=now + 2 * DAY, paid_at=None)
    order.lines.update(dispatch_due_at=now + 4 * DAY)
    order.shipments.update(promised_at=None, shipped_at=now + 8 * DAY, delivered_at=None)
    services.recount()
    assert figure("dispatch_in_time", shop) == (0, 1)
    touched(declared(desk, now, begins_at=now + 5 * DAY, ends_at=now + 6 * DAY))
    assert figure("dispatch_in_time", shop) == (0, 0)
    assert is_whole()
