"""What is said on a ticket's page: whom it reaches, and what follows when it reaches nobody."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from aftersales.clocks.models import Clock
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket
from tests.cast import Cast
from tests.tickets.test_reaching import merchant, state, told

__all__ = ["merchant"]

Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
HOUR = timedelta(hours=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def test_the_page_says_beforehand_what_the_service_will_do(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.agent)
    page = browser.get(reverse("desk:ticket", args=[ticket.number])).content.decode()
    assert 'class="hint lg mute"' in page
    assert 'name="told_by"' in page
    browser.post(reverse("desk:say", args=[ticket.number]), {"voice": "customer", "text": "您好"})
    assert Message.objects.get(ticket=ticket, text="您好").undelivered == "no_address"
    page = browser.get(reverse("desk:ticket", args=[ticket.number])).content.decode()
    assert str(Message.objects.get(ticket=ticket, text="您好").get_undelivered_display()) in page


def test_a_resolved_ticket_without_an_address_offers_to_register_the_call(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(kind="consultation")
    services.ticket_resolve(ticket=ticket, result="explained", text="已解释。", actor=desk.agent, now=now)
    browser = desk.client(desk.agent)
    assert 'id="act-tried"' in browser.get(reverse("desk:ticket", args=[ticket.number])).content.decode()
    for channel in ("phone", "message", "chat"):
        browser.post(
            reverse("desk:act", args=[ticket.number, "tried"]),
            {"channel": channel, "reached": "no", "said": "无人接听"},
        )
    assert ticket.contact_attempts.count() == 3
    assert Message.objects.filter(ticket=ticket, text="无人接听", audience="internal").count() == 3
    services.contact_attempt_record(
        ticket=ticket, channel="phone", reached=False, actor=desk.agent, now=now + 25 * HOUR
    )
    ended = services.ticket_give_up(
        ticket=ticket, reason="多次联系未果", actor=desk.agent, now=now + 26 * HOUR
    )
    assert ended.state == "unreachable"
    first = Clock.objects.get(subject_id=ticket.pk, promise="first_response")
    assert (first.state, first.ended_at) == (
        "breached",
        now + 26 * HOUR,
    )  # late it was; nobody owes it any more


def test_a_merchant_without_an_address_owes_nothing_until_a_person_told_him(
    open_ticket: Opener, merchant: Merchant, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket(merchant_id=merchant.pk)
    page = desk.client(desk.agent).get(reverse("desk:ticket", args=[ticket.number])).content.decode()
    assert page.count('class="hint lg mute"') >= 2

    kept = services.ticket_ask_merchant(ticket=ticket, text="请确认库存。", actor=desk.agent, now=now)
    ticket = services.ticket_start(ticket=ticket, actor=desk.agent, now=now)
    services.ticket_wait(
        ticket=ticket, wait_for="merchant", until=now + 24 * HOUR, actor=desk.agent, now=now + HOUR
    )
    work_off(now + HOUR)
    assert kept.undelivered == "no_address"
    assert (state(ticket, "merchant_answer"), Notice.objects.filter(source="merchant.asked").count()) == (
        "",
        0,
    )
    assert len(told(ticket, "ticket.question_kept")) == 1

    desk.client(desk.agent).post(
        reverse("desk:act", args=[ticket.number, "told_merchant"]),
        {"channel": "phone", "text": "电话请店长确认库存。"},
    )
    assert state(ticket, "merchant_answer") == "running"
