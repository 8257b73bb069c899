"""A problem with articles of two shops: each shop's people do their own part of it, and only that."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.urls import reverse

from aftersales.cases import services as cases
from aftersales.cases.models import Case
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets import services
from aftersales.tickets.models import Attachment, Message, Ticket
from tests.cases.workshop import HOUR, fresh
from tests.cast import Cast
from tests.portal.clerk import Clerk, photo

pytestmark = pytest.mark.django_db
Opener = Callable[..., Ticket]


@pytest.fixture
def theirs(lines: list[OrderLine], stranger: Clerk) -> Merchant:
    """The lamp is the other shop's."""
    shop = Merchant.objects.get(members__user=stranger.person)
    OrderLine.objects.filter(pk=lines[1].pk).update(merchant=shop)
    return shop


def a_case(ticket: Ticket, line: OrderLine, desk: Cast, now: datetime) -> Case:
    asked = cases.CaseDraft(kind="return", ground="no_reason", pieces={line.pk: 1})
    return cases.case_open(ticket=Ticket.objects.get(pk=ticket.pk), draft=asked, actor=desk.agent, now=now)


def test_each_of_two_shops_refuses_with_evidence_and_writes_on_its_own_case(
    clerk: Clerk, stranger: Clerk, theirs: Merchant, shop: Merchant, lines: list[OrderLine], order: Order,
    desk: Cast, open_ticket: Opener, now: datetime,
) -> None:  # fmt: skip
    ticket = open_ticket(order_id=order.pk, merchant_id=None)
    cups, lamp = (a_case(ticket, line, desk, now) for line in lines)
    assert (cups.merchant, lamp.merchant) == (shop, theirs)

    clerk.does(cups, "reject", clause="other", other="第七条", words="已使用", files=[photo("杯子.png")])
    clerk.does(cups, "say", words="杯底有茶渍")
    stranger.does(lamp, "say", words="灯泡是好的", files=[photo("台灯.png")])

    assert fresh(cups).state == "rejected"
    said = Message.objects.filter(ticket=ticket, author_kind="merchant").order_by("id")
    assert [one.merchant_id for one in said] == [shop.pk, shop.pk, theirs.pk]
    files = Attachment.objects.filter(ticket=ticket).order_by("id")
    assert [(one.original_name, one.merchant_id) for one in files] == [
        ("杯子.png", shop.pk), ("台灯.png", theirs.pk),
    ]  # fmt: skip
    ours, other = clerk.page("talk", cups.public_id), stranger.page("talk", lamp.public_id)
    words = ("杯底有茶渍", "杯子.png", "灯泡是好的", "台灯.png")
    assert [one in ours for one in words] == [True, True, False, False]
    assert [one in other for one in words] == [False, False, True, True]
    page = desk.client(desk.agent).get(reverse("desk:ticket", args=[ticket.number])).content.decode()
    assert shop.name in page.split("杯底有茶渍")[0].rsplit("<li", 1)[1], "staff read whose words they are"
    assert theirs.name in page.split("灯泡是好的")[0].rsplit("<li", 1)[1]


def test_a_case_about_another_shops_article_is_that_shops_to_work_on(
    clerk: Clerk, stranger: Clerk, theirs: Merchant, shop: Merchant, lines: list[OrderLine], ticket: Ticket,
    desk: Cast, now: datetime,
) -> None:  # fmt: skip
    """The ticket was opened about the first shop; what the second writes is no answer of the first."""
    told = services.ticket_tell_merchant(
        ticket=ticket, text="库存还有吗", channel="phone", actor=desk.agent, now=now
    )
    services.ticket_start(ticket=told.ticket, actor=desk.agent, now=now)
    waits = services.ticket_wait(
        ticket=ticket, wait_for="merchant", until=now + 9 * HOUR, actor=desk.agent, now=now
    )
    lamp = a_case(waits, lines[1], desk, now)
    owed = Clock.objects.get(subject_kind="tickets.ticket", subject_id=ticket.pk, promise="merchant_answer")

    assert "台灯" in stranger.page("case", lamp.public_id)
    stranger.does(lamp, "say", words="灯泡是好的")

    assert "灯泡是好的" in stranger.page("talk", lamp.public_id)
    owed.refresh_from_db()
    assert (fresh(ticket).state, owed.state) == ("waiting", "running"), "the first shop was asked"
    kinds = Event.objects.about("tickets.ticket", ticket.pk).order_by("-id").values_list("kind", flat=True)
    assert kinds[0] == "ticket.other_merchant_wrote"
    services.merchant_message(ticket=ticket, text="有货", actor=clerk.person, now=now + HOUR)
    owed.refresh_from_db()
    assert (fresh(ticket).state, owed.state) == ("in_progress", "met")


def test_nobody_writes_for_a_shop_that_is_not_his_or_not_of_the_ticket(
    clerk: Clerk, stranger: Clerk, theirs: Merchant, shop: Merchant, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    for who, merchant in (
        (stranger.person, theirs.pk), (stranger.person, shop.pk), (clerk.person, theirs.pk), (desk.agent, theirs.pk),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            services.merchant_message(ticket=ticket, text="好", merchant_id=merchant, actor=who, now=now)
        assert refused.value.code == "gone"
    assert not Message.objects.filter(author_kind="merchant").exists()
