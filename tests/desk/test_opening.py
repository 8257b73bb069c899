"""A problem registered by hand about an order that has an open ticket: the same one, or another?"""

from datetime import datetime
from typing import Any

import pytest

from aftersales.customers.models import Customer
from aftersales.orders.models import Order
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket
from tests import records
from tests.cast import Cast

pytestmark = pytest.mark.django_db
URL = "/desk/tickets/open/"


@pytest.fixture
def order(customer: Customer, now: datetime) -> Order:
    return records.order("A-7", now, customer=customer)


def said(**answers: str) -> dict[str, str]:
    return {
        "order": "A-7",
        "subject": "又坏了",
        "text": "右耳也没声音",
        "channel": "phone",
        "kind": "",
        **answers,
    }


def test_the_form_shows_the_open_ticket_and_the_message_joins_it(
    open_ticket: Any, order: Order, desk: Cast
) -> None:
    ticket, browser = open_ticket(order_id=order.pk), desk.client(desk.agent)

    asked = browser.post(URL, said()).content.decode()

    assert Ticket.objects.count() == 1
    assert (ticket.number in asked, f'value="{ticket.public_id}"' in asked, "右耳也没声音" in asked) == (
        True,
    ) * 3
    answer = browser.post(URL, said(belongs_to=ticket.public_id))
    assert answer.url == f"/desk/tickets/{ticket.number}/"
    message = ticket.messages.latest("id")
    assert (message.text, message.author_kind, message.channel) == (
        "又坏了\n右耳也没声音",
        "customer",
        "phone",
    )
    assert Ticket.objects.count() == 1


def test_another_problem_knowingly_opens_a_second_ticket(open_ticket: Any, order: Order, desk: Cast) -> None:
    first, browser = open_ticket(order_id=order.pk), desk.client(desk.agent)

    answer = browser.post(URL, said(belongs_to=f"another-{order.pk}"))

    second = Ticket.objects.exclude(pk=first.pk).get()
    assert answer.url == f"/desk/tickets/{second.number}/"
    assert (second.order, second.customer, second.source) == (order, order.customer, "desk")


@pytest.mark.parametrize("odd", ["", "another", "another-0", "x" * 22, "²"])
def test_whatever_else_is_posted_asks_again(open_ticket: Any, order: Order, desk: Cast, odd: str) -> None:
    open_ticket(order_id=order.pk)
    assert desk.client(desk.agent).post(URL, said(belongs_to=odd)).status_code == 200
    assert Ticket.objects.count() == 1


def test_a_ticket_of_another_team_takes_the_message_and_tells_nothing(
    open_ticket: Any, order: Order, desk: Cast, now: datetime
) -> None:
    ticket, outsider = open_ticket(order_id=order.pk, subject="别组的工单"), desk.person("agent")
    browser = desk.client(outsider)

    asked = browser.post(URL, said()).content.decode()
    assert (ticket.number in asked, "别组的工单" in asked, ticket.public_id in asked) == (False, False, True)
    answer = browser.post(URL, said(belongs_to=ticket.public_id))

    assert answer.url == URL
    assert Message.objects.filter(ticket=ticket, text__contains="右耳").count() == 1


def test_a_ticket_that_ended_meanwhile_takes_no_message(
    open_ticket: Any, order: Order, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(order_id=order.pk)
    services.ticket_cancel(ticket=ticket, why="mistake", reason="登错了", actor=desk.agent, now=now)
    desk.client(desk.agent).post(URL, said(belongs_to=ticket.public_id))
    assert Ticket.objects.exclude(pk=ticket.pk).get().subject == "又坏了"
    assert not Message.objects.filter(ticket=ticket, text__contains="右耳").exists()


def test_a_historic_ticket_is_nobodys_question(open_ticket: Any, order: Order, desk: Cast) -> None:
    open_ticket(order_id=order.pk, historic=True)
    assert desk.client(desk.agent).post(URL, said()).status_code == 302
    assert Ticket.objects.filter(historic=False, order=order).count() == 1


def test_the_question_is_asked_as_soon_as_the_order_is_known(
    open_ticket: Any, order: Order, desk: Cast
) -> None:
    ticket, browser = open_ticket(order_id=order.pk), desk.client(desk.agent)
    asked = browser.get("/desk/tickets/open/order/", {"order": "A-7"}).content.decode()
    assert f'value="{ticket.public_id}"' in asked
    assert f'value="another-{order.pk}"' in asked
    # What was chosen stays chosen while the number is looked up again
    again = browser.get("/desk/tickets/open/order/", {"order": "A-7", "belongs_to": ticket.public_id})
    assert f'value="{ticket.public_id}" required checked' in again.content.decode()
