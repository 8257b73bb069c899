"""Maybe registered already: what the registration form says before a second ticket is made, and the queue's filter."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.customers.models import Customer
from aftersales.tickets import services
from aftersales.tickets.models import DuplicatePair, Ticket
from tests.cast import Cast
from tests.records import order as an_order

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
URL = "/desk/tickets/open/alike/"
SAID = "上周买的蓝牙耳机左边没有声音，充满电也不行，客服说等通知一直没有人联系我，我要求换一副新的。"


def shown(desk: Cast, **asked: str) -> str:
    page = desk.client(desk.agent).post(URL, asked)
    assert page.status_code == 200
    return page.content.decode().strip()


def test_customer_and_kind_show_the_open_ticket_with_its_reason_and_a_way_to_it(
    open_ticket: Opener, desk: Cast
) -> None:
    ticket = open_ticket()
    page = shown(desk, customer="C-1", kind="returns")
    assert f'href="/desk/tickets/{ticket.number}/"' in page
    assert shown(desk, customer="C-1", kind="invoice") == shown(desk) == ""


def test_the_same_words_of_nobody_known_are_found(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket(text=SAID, customer_id=None)
    assert ticket.number in shown(desk, subject="耳机左耳没有声音", text=SAID, kind="returns")


def test_what_the_order_shows_already_is_not_said_twice(
    open_ticket: Opener, customer: Customer, desk: Cast, now: datetime
) -> None:
    order = an_order("A-1", now, customer=customer)
    on_it, beside = open_ticket(order_id=order.pk), open_ticket()
    page = shown(desk, order="A-1", kind="returns")
    assert (on_it.number in page, beside.number in page) == (False, True)


def test_a_finished_one_and_one_out_of_sight_are_not_named(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    hidden, over = open_ticket(), open_ticket()
    services.ticket_cancel(ticket=over, why="mistake", reason="误登", actor=desk.lead, now=now)
    far = desk.make_team("far", members=[desk.person("agent")])
    Ticket.objects.filter(pk=hidden.pk).update(team=far, assignee=desk.supervisor, owner=desk.supervisor)
    page = shown(desk, customer="C-1", kind="returns")
    assert hidden.number not in page
    assert over.number not in page
    assert 'class="hint"' in page


@pytest.mark.parametrize("bad", ["\x00", "C-1' OR 1=1", "x" * 5000, "²"])
def test_bad_values_show_nothing(bad: str, open_ticket: Opener, desk: Cast) -> None:
    open_ticket()
    assert shown(desk, customer=bad, order=bad, kind=bad) == ""


def test_the_number_of_statements_does_not_grow(open_ticket: Opener, desk: Cast) -> None:
    client, counts = desk.client(desk.agent), []
    for _more in range(2):
        for _one in range(3):
            open_ticket()
        with CaptureQueriesContext(connection) as asked:
            client.post(URL, {"customer": "C-1", "kind": "returns"})
        counts.append(len(asked))
    assert counts[1] <= counts[0]


def test_the_queue_filters_what_has_look_alikes_until_somebody_decides(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    pair = [open_ticket(), open_ticket()]
    alone = open_ticket(kind="invoice", text="发票抬头错了")
    client = desk.client(desk.agent)

    def listed() -> list[bool]:
        page = client.get(reverse("desk:queue"), {"view": "all", "alike": "open"}).content.decode()
        return [one.number in page for one in (*pair, alone)]

    assert listed() == [True, True, False]
    services.tickets_tell_apart(pair=DuplicatePair.objects.get(), actor=desk.agent, now=now)
    assert listed() == [False, False, False]
