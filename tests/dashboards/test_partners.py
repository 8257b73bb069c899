"""Carriers, repair shops and vendors: every figure derived by hand, beside the others, down to the very rows."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.services import system_user
from aftersales.cases.models import Repair
from aftersales.orders import services as orders
from aftersales.scorecards import services
from aftersales.scorecards.models import Rollup
from aftersales.standards.models import Parameter
from tests.cast import Cast
from tests.records import merchant as a_merchant
from tests.records import order as an_order

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CARRIER = "/overview/partners/carrier/"


@pytest.fixture(autouse=True)
def at(now: Any, settings: Any) -> Any:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def sheet_of(answer: Any) -> list[list[str]]:
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def figure(code: str, name: str, **narrowed: Any) -> tuple[int, int]:
    rows = Rollup.objects.filter(metric=code, subject_name=name, **narrowed)
    return sum(one.num for one in rows), sum(one.den for one in rows)


@pytest.fixture
def parcels(now: Any) -> Any:
    """Sends parcels of one shop in Zhejiang: placed ten days ago, promised for six, handed over after a day."""
    shop = a_merchant("SENDER", now, province="浙江")

    def send(
        carrier: str, number: int, *, to: str = "广东", days: int = 2, sent: int = 1, **more: Any
    ) -> Any:
        found = []
        placed = now - 10 * DAY
        for place in range(number):
            row = an_order(
                f"{carrier.strip().upper()}-{to}-{days}-{sent}-{place}", now, merchant=shop, ship_province=to
            )
            orders.line_add(
                order=row,
                line_no=1,
                merchant=shop,
                dispatch_due_at=placed + 2 * DAY,
                actor=system_user(),
                now=now,
            )
            given = {
                "carrier": carrier, "promised_at": placed + 4 * DAY, "shipped_at": placed + sent * DAY,
                "delivered_at": placed + (sent + days) * DAY, "merchant": shop, **more,
            }  # fmt: skip
            orders.shipment_add(order=row, number="1", actor=system_user(), now=now, **given)
            found.append(row)
        return found

    return send


def test_a_carrier_is_judged_by_what_it_carried_and_not_by_the_sellers_delay(
    cast: Cast, parcels: Any, open_ticket: Any, now: Any
) -> None:
    parcels("顺丰", 30)
    parcels(" yto", 20)
    late = parcels("YTO", 10, to="云南", days=5)
    parcels("YTO", 3, to="云南", days=3, sent=3)
    lost = parcels("YTO", 2, to="西藏", delivered_at=None, status="lost")
    for row in late[:4]:
        open_ticket(at=now - DAY, order_id=row.pk, kind="logistics", subject=f"慢 {row.pk}")
    open_ticket(at=now - DAY, order_id=late[5].pk, kind="quality", subject="坏了")
    services.recount()

    assert figure("delivery_in_time", "YTO") == (20, 30), "three that the seller sent late are not its fault"
    assert figure("parcels", "YTO") == (35, 35)
    assert figure("lost_parcels", "YTO") == (2, 35)
    assert figure("carrier_problems", "YTO") == (4, 35), "about delivery only"
    assert figure("delivery_in_time", "YTO", category="云南") == (0, 10)
    took = Rollup.objects.get(metric="carriage_time", subject_name="顺丰")
    assert took.samples == [2 * 24 * 3600] * 30

    browser = cast.client("operations")
    page = text_of(browser.get(CARRIER))
    assert page.index("顺丰") > page.index("YTO"), "who had the most first"
    assert "66.7" in page
    worst = text_of(browser.get(f"{CARRIER}?sort=delivery_in_time"))
    assert worst.index("YTO") < worst.index("顺丰")
    listed = sheet_of(browser.get(f"{CARRIER}?format=csv"))
    assert [row[:3] for row in listed[1:]] == [["YTO", "35", "35"], ["顺丰", "30", "30"]]

    one = text_of(browser.get(f"{CARRIER}one/?name=YTO"))
    assert "云南" in one
    assert "100.0" in one, "beside it all others, which were in time"
    rows = text_of(browser.get(f"{CARRIER}one/delivery_in_time/?name=YTO&which=bad&region=云南"))
    assert all(row.external_no in rows for row in late)
    out = text_of(browser.get(f"{CARRIER}one/delivery_in_time/?name=YTO&which=excluded"))
    assert out.count("YTO-云南-3-3-") == 3
    assert lost[0].external_no in text_of(browser.get(f"{CARRIER}one/lost_parcels/?name=YTO"))

    lanes = sheet_of(browser.get(f"{CARRIER}lanes/?name=YTO&format=csv"))
    assert lanes[1][:4] == ["浙江", "云南", "10", "10"]
    assert "浙江 → 云南" in text_of(browser.get(f"{CARRIER}lanes/?name=YTO"))


def test_a_month_is_that_month_and_what_nobody_carried_is_not_there(
    cast: Cast, parcels: Any, now: Any
) -> None:
    parcels("顺丰", 2)
    services.recount()
    browser = cast.client("operations")
    month = f"{now - 10 * DAY:%Y-%m}"
    assert "顺丰" in text_of(browser.get(f"{CARRIER}?month={month}"))
    assert "顺丰" not in text_of(browser.get(f"{CARRIER}?month=2020-01"))
    assert browser.get(f"{CARRIER}one/?name=没有").status_code == 404
    assert browser.get(f"{CARRIER}one/").status_code == 404
    assert browser.get("/overview/partners/person/").status_code == 404
    assert cast.client("lead").get(CARRIER).status_code == 404, "his team is his, not trade"
    assert cast.client("supervisor").get("/overview/partners/vendor/").status_code == 200
    assert Parameter.objects.filter(code="partner_figures_floor").exists()


def test_a_correction_of_the_carrier_moves_the_parcel_and_its_tickets(
    parcels: Any, open_ticket: Any, now: Any
) -> None:
    (row,) = parcels("YTO", 1)
    open_ticket(at=now - DAY, order_id=row.pk, kind="logistics")
    services.recount()
    assert figure("carrier_problems", "YTO") == (1, 1)
    parcel = row.shipments.get()
    orders.shipment_change(
        shipment=parcel, actor=system_user(), now=now, version=parcel.version, reason="更正", carrier="中通"
    )
    services.touch(subject_kind="orders.shipment", subject_id=parcel.pk)
    services.refresh()
    assert figure("carrier_problems", "YTO") == (0, 0)
    assert figure("carrier_problems", "中通") == (1, 1)
    assert services.recount() == dict.fromkeys(services.recount(), 0), "a full count finds nothing else"
    assert not Repair.objects.exists()
