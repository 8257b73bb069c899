"""From an order that counts against the shop to the case about it."""

import re
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localtime

from aftersales.cases.models import Case
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.orders.models import Order, OrderLine, Shipment
from aftersales.scorecards import services
from aftersales.tickets import services as tickets
from tests.cast import Cast
from tests.portal.clerk import Clerk
from tests.portal.conftest import Open
from tests.scorecards.conftest import sold

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_late_order_leads_to_the_shops_case_and_one_without_is_a_plain_number(
    clerk: Clerk, open_case: Open, now: datetime
) -> None:
    case: Case = open_case()
    placed = now - 10 * DAY
    Order.objects.filter(pk=case.order_id).update(placed_at=placed)
    OrderLine.objects.filter(order=case.order_id).update(dispatch_due_at=placed + 3 * DAY)
    Shipment.objects.filter(order=case.order_id).delete()
    Shipment.objects.bulk_create([
        Shipment(order_id=case.order_id, number="1", merchant_id=case.merchant_id, shipped_at=placed + 5 * DAY)
    ])  # fmt: skip
    sold(case.merchant, 39, now, key="PLAIN", late=1)
    services.recount(codes=["orders", "dispatch_in_time"])
    services.standings_count(now=now)
    page = clerk.page("score_rows", "dispatch_in_time")
    order = Order.objects.get(pk=case.order_id)
    address = reverse("portal:case", args=[case.public_id])
    assert re.search(f'<a class="lk" href="{address}">[^<]*{order.external_no}</a>', page)
    assert "PLAIN-0" in page
    assert "PLAIN-0</a>" not in page


def test_a_late_answer_says_when_it_was_due_and_when_it_came_on_the_page_and_in_the_sheet(
    clerk: Clerk, open_case: Open, desk: Cast, now: datetime
) -> None:
    case: Case = open_case()
    tickets.ticket_tell_merchant(
        ticket=case.ticket, text="请说明。", channel="phone", actor=desk.agent, now=now - 14 * DAY
    )
    asked = Clock.objects.filter(promise="merchant_answer", subject_id=case.ticket_id)
    due = asked.get().due_at
    sweep(now=due + timedelta(hours=1))
    sold(case.merchant, 40, now, key="PLAIN")
    services.recount(codes=["orders", "answer_in_time"])
    services.standings_count(now=now)
    told = f"{localtime(due):%Y-%m-%d %H:%M}"
    clerk.browser.cookies["django_language"] = "en"
    assert f"no answer; due {told}" in clerk.page("score_rows", "answer_in_time")
    came = due + timedelta(hours=5)
    asked.update(met_at=came)
    page = clerk.page("score_rows", "answer_in_time")
    sheet = clerk.page("score_rows", "answer_in_time", format="csv")
    for text in (page, sheet):
        assert f"answered {localtime(came):%Y-%m-%d %H:%M}; due {told}" in text
        assert "Answered 5 h after it was due." in text
