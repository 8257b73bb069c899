"""A disaster counts by the place of delivery too, for what has to reach the customer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.clocks.models import Clock
from aftersales.clocks.services import circumstance_draft, circumstances_sweep, sweep
from aftersales.orders.models import Order
from aftersales.standards import services as rule_book
from tests.cases.workshop import fresh
from tests.cast import Cast

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("written", "promise", "out"), [("河南省", "replacement", 1), ("浙江省", "replacement", 0)]
)
def test_a_flood_at_the_customers_place_excuses_what_was_bound_for_it(
    written: str,
    promise: str,
    out: int,
    open_case: Callable[..., Case],
    order: Order,
    desk: Cast,
    now: datetime,
) -> None:
    Order.objects.filter(pk=order.pk).update(ship_province=written)
    case = open_case({1: 1}, kind="exchange", ground="quality")
    services.case_approve(case=fresh(case), goods_back=False, actor=desk.lead, now=now)
    clock = Clock.objects.get(subject_kind="cases.case", subject_id=case.pk, promise=promise)
    sweep(now=clock.due_at + DAY)
    facts: dict[str, Any] = {
        "code": "flood", "name_zh": "河南暴雨", "name_en": "Rain", "cause": "disaster", "begins_at": now,
        "ends_at": clock.due_at + 2 * DAY, "provinces": ["河南"], "source_ref": "12", "source_zh": "公告",
        "source_en": "Announcement",
    }  # fmt: skip
    later = clock.due_at + 3 * DAY
    draft = circumstance_draft(actor=desk.operations, now=later, **facts)
    rule_book.rule_activate(draft=draft, actor=desk.supervisor, now=later)

    assert circumstances_sweep(actor=desk.system, now=later + DAY) >= out
    assert clock.exclusions.count() == out
    others = Clock.objects.filter(subject_kind="cases.case", subject_id=case.pk).exclude(pk=clock.pk)
    assert not any(one.exclusions.exists() for one in others)
