"""Appointments at the desk and on the customer's page: agreed by a form, moved, said to be kept, asked for anew."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.core.models import Event
from aftersales.tickets import services
from aftersales.tickets.models import Appointment, Message, Ticket
from aftersales.tickets.services.closing import customer_link_issue
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)  # now is a Monday at ten in Shanghai
WINDOW = {"day": "2026-11-24", "from": "14:00", "to": "16:00"}


def form(desk: Cast, **more: str) -> dict[str, str]:
    return {
        "kind": "call_back", "with_whom": "customer", "place": "说明换货方案",
        "responsible": str(desk.agent.pk), **WINDOW, **more,
    }  # fmt: skip


def agree(ticket: Ticket, desk: Cast, now: datetime, **more: Any) -> Appointment:
    given = {
        "ticket": ticket, "kind": "call_back", "with_whom": "customer", "starts_at": now + HOUR,
        "ends_at": now + 2 * HOUR, "responsible": desk.agent, "actor": desk.agent, "now": now,
    }  # fmt: skip
    return services.appointment_agree(**given | more)


def card(client: Client, ticket: Ticket) -> str:
    return client.get(reverse("desk:appointments", args=[ticket.number])).content.decode()


def test_a_form_agrees_once_and_the_card_shows_it_with_what_can_be_done(
    open_ticket: Opener, desk: Cast
) -> None:
    ticket, client = open_ticket(), desk.client(desk.agent)
    assert 'id="appoint"' in card(client, ticket)
    for _time in range(2):
        client.post(reverse("desk:appoint", args=[ticket.number]), form(desk, form_key="a" * 22, wait="1"))
    one = Appointment.objects.get()
    assert (one.starts_at.isoformat(), one.place) == ("2026-11-24T06:00:00+00:00", "说明换货方案")
    assert Ticket.objects.get(pk=ticket.pk).wait_for == "scheduled"
    shown = card(client, ticket)
    assert f'id="move-{one.public_id}"' in shown
    assert f'id="missed-{one.public_id}"' in shown
    assert 'name="outcome" value="kept"' not in shown, "it has not begun"
    page = client.get(reverse("desk:ticket", args=[ticket.number])).content.decode()
    assert "14:00–16:00" in page


@pytest.mark.parametrize(
    "bad",
    [
        {"day": "2026-13-40"}, {"day": ""}, {"from": "25:99"}, {"to": "\x00"}, {"with_whom": "nobody"},
        {"responsible": "999999"}, {"responsible": "²"}, {"kind": ""}, {"from": "03:00", "to": "04:00"},
    ],
)  # fmt: skip
def test_bad_input_agrees_on_nothing(open_ticket: Opener, desk: Cast, bad: dict[str, str]) -> None:
    ticket = open_ticket()
    answer = desk.client(desk.agent).post(reverse("desk:appoint", args=[ticket.number]), form(desk, **bad))
    assert (answer.status_code, Appointment.objects.count()) == (302, 0)


def test_moved_and_cancelled_from_the_card(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket, client = open_ticket(), desk.client(desk.agent)
    one = agree(ticket, desk, now)
    url = reverse("desk:appointment_act", args=[ticket.number, one.public_id, "move"])
    client.post(
        url, {**WINDOW, "why": "客户临时有事", "responsible": str(desk.agent.pk), "version": str(one.version)}
    )
    later = Appointment.objects.get(moved_from=one)
    assert "14:00–16:00" in card(client, ticket)
    url = reverse("desk:appointment_act", args=[ticket.number, later.public_id, "cancel"])
    client.post(url, {"why": ""})
    assert Appointment.objects.get(pk=later.pk).state == "agreed"
    client.post(url, {"why": "不用了"})
    assert Appointment.objects.get(pk=later.pk).state == "cancelled"


def test_my_day_shows_todays_and_what_is_still_to_be_said_and_hears_that_it_was_kept(
    open_ticket: Opener, desk: Cast, now: datetime, at_now: Any
) -> None:
    ticket, client = open_ticket(), desk.client(desk.agent)
    agree(ticket, desk, now, starts_at=now + DAY, ends_at=now + DAY + HOUR, place="明天的事")
    one = agree(ticket, desk, now, place="今天的事")
    day = client.get(reverse("desk:day")).content.decode()
    assert ("今天的事" in day, "明天的事" in day) == (True, False)
    at_now.shift(3 * HOUR)
    client = desk.client(desk.agent)
    assert 'name="outcome" value="kept"' in client.get(reverse("desk:day")).content.decode()
    answer = client.post(
        reverse("desk:appointment_act", args=[ticket.number, one.public_id, "end"]),
        {"outcome": "kept", "next": "day", "version": str(one.version)},
    )
    assert answer.url == reverse("desk:day")
    assert Appointment.objects.get(pk=one.pk).state == "kept"


def test_who_only_reads_sees_the_window_and_no_button(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    agree(ticket, desk, now, place="读得到")
    shown = card(desk.client(desk.inspector), ticket)
    assert "读得到" in shown
    assert "<form" not in shown


def test_an_appointment_of_another_ticket_is_not_found(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one, other = agree(open_ticket(), desk, now), open_ticket()
    url = reverse("desk:appointment_act", args=[other.number, one.public_id, "cancel"])
    assert desk.client(desk.agent).post(url, {"why": "x"}).status_code == 404


# The customer's own page


def token(ticket: Ticket, desk: Cast, now: datetime) -> str:
    return reverse(
        "selfservice:appointment",
        args=[customer_link_issue(ticket=ticket, purpose="appointment", actor=desk.system, now=now)],
    )


def test_the_customer_sees_it_and_asks_for_another_window(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    one = agree(ticket, desk, now, place="说明换货方案")
    agree(ticket, desk, now, with_whom="merchant", place="内部的事")
    page, visitor = token(ticket, desk, now), Client()
    shown = visitor.get(page).content.decode()
    assert ("说明换货方案" in shown, "内部的事" in shown) == (True, False)
    answer = visitor.post(page, {"appointment": one.public_id, "text": "下午才有空", **WINDOW})
    assert answer.status_code == 302
    assert "14:00" in visitor.get(answer["Location"]).content.decode()
    wished = Appointment.objects.get(pk=one.pk)
    assert wished.wish_from.isoformat() == "2026-11-24T06:00:00+00:00"
    assert Message.objects.latest("pk").text == "下午才有空"
    assert Event.objects.get(kind="ticket.appointment_wished").source == "customer"
    assert f'value="{WINDOW["day"]}"' in card(desk.client(desk.agent), ticket), "the move is filled in"


@pytest.mark.parametrize(
    "bad", [{"day": "x"}, {"from": "", "to": ""}, {"day": "2026-11-20"}, {"appointment": "zz"}]
)
def test_a_bad_wish_changes_nothing_and_keeps_what_was_written(
    open_ticket: Opener, desk: Cast, now: datetime, bad: dict[str, str]
) -> None:
    ticket = open_ticket()
    one = agree(ticket, desk, now)
    answer = Client().post(
        token(ticket, desk, now), {"appointment": one.public_id, "text": "下午才有空", **WINDOW, **bad}
    )
    assert answer.status_code == 422
    assert Appointment.objects.get(pk=one.pk).wish_from is None
    assert not Event.objects.filter(kind="ticket.appointment_wished").exists()


def test_a_link_is_dead_once_nothing_stands_and_for_another_purpose(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    one = agree(ticket, desk, now)
    page = token(ticket, desk, now)
    other = page.replace("appointment/", "")
    assert Client().get(other).status_code == 404
    services.appointment_cancel(appointment=one, why="不用了", actor=desk.agent, now=now)
    assert Client().get(page).status_code == 404
    assert Client().post(page, {"appointment": one.public_id, **WINDOW}).status_code == 404
