"""One merchant on one page: what every room knows of him, each with its link, and only for who may see it."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from aftersales.improvement.models import Warning
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import merchant_change
from aftersales.merchants.services.talks import talk_note
from aftersales.scorecards import services
from aftersales.scorecards.models import Plan
from aftersales.scorecards.services import rectification
from tests.cast import Cast
from tests.records import merchant as a_merchant
from tests.scorecards.test_measure_pages import imposed

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at(now: datetime, settings: Any) -> Any:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False) as moving:
        yield moving


@pytest.fixture
def shop(cast: Cast, now: datetime) -> Merchant:
    row = a_merchant("S1", now, self_run=True)
    merchant_change(merchant=row, manager=cast.merchant_manager, actor=cast.operations, now=now)
    row.refresh_from_db()
    return row


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def a_warning(shop: Merchant, number: str, now: datetime) -> Warning:
    row = Warning(
        number=number, kind="merchant", key=str(shop.pk), merchant=shop, first_day=now.date(), last_day=now.date(),
        observed=30, expected=Decimal(3), limit=9, strength=130, tickets=30, raised_at=now,
    )  # fmt: skip
    row.save()
    return row


def test_one_page_gathers_what_every_room_says_of_a_shop(cast: Cast, shop: Merchant, now: datetime) -> None:
    measure = imposed(shop, now)
    talk_note(
        merchant=shop, day=now.date(), channel="phone", spoken_with="owner", subject="score", agreed="每日补齐库存",
        next_on=now.date() + 3 * DAY, actor=cast.merchant_manager, now=now,
    )  # fmt: skip
    plan = rectification.plan_open(
        merchant=shop,
        cause="measure",
        asked="请说明",
        decisions=[measure.number],
        actor=cast.merchant_manager,
        now=now,
    )
    foreign = a_warning(a_merchant("S2", now), "YJ2611-0002", now)
    warning = a_warning(shop, "YJ2611-0001", now)
    beside = f"/overview/merchants/{shop.public_id}/beside/"
    page = text_of(cast.client("merchant_manager").get(beside))
    for link in (
        f"/measures/{measure.number}/", f"/desk/plans/{plan.number}/", f"/desk/shops/{shop.code}/#h-talks",
        f"/improvement/warnings/{warning.number}/",
    ):  # fmt: skip
        assert link in page, link
    assert "每日补齐库存" in page
    assert foreign.number not in page
    # who has no business with the log sees the rest without it
    public = text_of(cast.client("finance").get(f"/measures/{measure.number}/"))
    assert f"/overview/merchants/{shop.public_id}/" not in public
    assert f"/desk/shops/{shop.code}/" not in public


def test_the_desk_the_figures_and_the_measure_lead_to_each_other(
    cast: Cast, shop: Merchant, now: datetime, at: Any
) -> None:
    measure = imposed(shop, now)
    manager = cast.client("merchant_manager")
    desk, figures = f"/desk/shops/{shop.code}/", f"/overview/merchants/{shop.public_id}/"
    assert desk in text_of(manager.get(figures))
    mine = text_of(manager.get(desk))
    assert figures in mine
    assert f"/measures/{measure.number}/" in mine
    its = text_of(manager.get(f"/measures/{measure.number}/"))
    assert figures in its
    assert f"{desk}?measure={measure.number}" in its
    # a plan is asked for from the measure: the form opens filled in, the plan names the measure
    opened = text_of(manager.get(desk, {"measure": measure.number}))
    assert '<dialog class="dlg wide" id="plan" data-open' in opened
    assert f'value="{measure.number}"' in opened
    sent = {"plan-cause": "measure", "plan-asked": "请整改", "plan-decisions": measure.number}
    manager.post(f"{desk}plan/", sent)
    plan = Plan.objects.get(merchant=shop)
    assert f"/measures/{measure.number}/" in text_of(manager.get(f"/desk/plans/{plan.number}/"))
    # another shop's measure is none of its facts
    other = imposed(a_merchant("S2", now), now)
    manager.post(f"{desk}plan/", sent | {"plan-cause": "other", "plan-decisions": other.number})
    assert Plan.objects.filter(merchant=shop).count() == 1
    # failed, it leads on to what stands against the shop
    at.shift(40 * DAY)
    later = now + 40 * DAY
    rectification.plan_close(
        plan=plan, outcome="fail", words="没有整改", actor=cast.merchant_manager, now=later
    )
    manager = cast.client("merchant_manager")
    assert "/measures/?merchant=S1" in text_of(manager.get(f"/desk/plans/{plan.number}/"))


def test_an_appealed_measure_is_in_dispute_on_the_managers_list(
    cast: Cast, shop: Merchant, now: datetime
) -> None:
    measure = imposed(shop, now)
    manager = cast.client("merchant_manager")
    assert "#h-contested" not in text_of(manager.get("/desk/shops/"))
    services.measure_appeal(measure=measure, text="证据在此", actor=cast.supervisor, now=now)
    assert "#h-contested" in text_of(manager.get("/desk/shops/"))
    assert f"/measures/{measure.number}/" in text_of(manager.get(f"/desk/shops/{shop.code}/"))


def test_months_by_figures_stand_beside_the_merchant(cast: Cast, shop: Merchant, now: datetime) -> None:
    from aftersales.ledger.models import IncentiveVersion
    from aftersales.scorecards.models import MonthOutcome, MonthRun

    mine = IncentiveVersion.objects.select_related("rule").filter(rule__party="merchant", unit="points")
    version = mine.first()
    assert version is not None
    run = MonthRun.objects.create(
        rule=version.rule, rule_version=version, month=date(2026, 10, 1), looked=1, given=1, by=cast.operations,
        counted_at=now,
    )  # fmt: skip
    MonthOutcome(
        run=run, party="merchant", party_id=shop.pk, subject_id=shop.pk, said="follows", amount=Decimal(20)
    ).save()
    page = text_of(cast.client("operations").get(f"/overview/merchants/{shop.public_id}/beside/"))
    assert f"/rules/months/{version.rule.code}/2026-10/" in page or f"{version.rule.code}/2026-10/" in page
    assert '<span class="num">20 points</span>' in page or "20 分" in page, "points are no money"
    assert "20.00" not in page
