"""An appeal is decided in five working days: whoever may decide hears of it in time, and late ones stand first."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.services import system_user
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.scorecards import services
from aftersales.scorecards.models import MerchantMeasure
from tests.cast import Cast
from tests.department import book, desk, open_ticket
from tests.merchants.shops import Shop, a_shop
from tests.scorecards.test_measure_pages import imposed

pytestmark = pytest.mark.django_db
__all__ = ["book", "desk", "open_ticket"]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def shop(desk: Cast, now: datetime) -> Shop:
    return a_shop(desk, now, "甲")


def appealed(shop: Shop, now: datetime) -> MerchantMeasure:
    return services.measure_appeal(
        measure=imposed(shop.merchant, now), text="平台接口故障", actor=shop.owner, now=now + HOUR
    )


def reminded(now: datetime) -> int:
    return services.appeals_remind(actor=system_user(now), now=now)


def told(step: str) -> set[Any]:
    return set(Notice.objects.filter(source=f"scorecards.appeal_{step}").values_list("user_id", flat=True))


def test_who_may_decide_hears_a_working_day_before_and_on_the_day_and_once(
    desk: Cast, shop: Shop, now: datetime
) -> None:
    Merchant.objects.filter(pk=shop.merchant.pk).update(manager=desk.supervisor)
    hearer = desk.adjudicator
    row = appealed(shop, now)
    due = row.hear_due
    assert due is not None
    assert reminded(now + 2 * HOUR) == 0
    before = next(at for at in (due - days * DAY - 4 * HOUR for days in (4, 3, 2, 1)) if reminded(at))
    assert (due - before).days in (1, 3), "the working day before, past a weekend"
    assert hearer.pk in told("soon")
    assert desk.supervisor.pk not in told("soon"), "he looks after the shop"
    assert shop.owner.pk not in told("soon")
    assert reminded(before + HOUR) == 0
    assert told("due") == set()
    assert reminded(due - HOUR) == len(told("due")) == len(told("soon"))
    assert reminded(due + 3 * DAY) == 0

    services.measure_hear(measure=row, upheld=True, answer="属实", actor=desk.adjudicator, now=due)
    late = appealed(a_shop(desk, now, "乙"), now)
    assert reminded(late.hear_due + 2 * DAY) > 0, "a day on which nothing ran is made up for"  # type: ignore[operator]


def test_late_appeals_stand_first_and_are_marked(desk: Cast, shop: Shop, now: datetime) -> None:
    late = appealed(shop, now - 20 * DAY)
    fresh = appealed(a_shop(desk, now, "乙"), now)
    address = reverse("measures:measures")
    page = desk.client(desk.adjudicator).get(address, {"tab": "appeals"}).content.decode()
    assert page.index(late.number) < page.index(fresh.number)
    assert page.count("逾期") >= 1
    rest = desk.client(desk.adjudicator).get(address, {"tab": "appeals", "before": late.pk})
    assert late.number not in rest.content.decode()
    assert fresh.number in rest.content.decode()
