"""The same form posted twice at the same moment is one split."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.services import system_user
from aftersales.customers.models import Customer
from aftersales.orders.services import line_add
from aftersales.tickets import services
from aftersales.tickets.models import Ticket, TicketLink
from tests.cast import Cast
from tests.records import order as an_order
from tests.toy.fixtures import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def test_one_form_posted_twice_at_once_is_one_split(
    open_ticket: Callable[..., Ticket], desk: Cast, customer: Customer, now: datetime
) -> None:
    order = an_order("A-1", now, customer=customer)
    lines = [line_add(order=order, line_no=number, actor=system_user(), now=now) for number in (1, 2)]
    ticket = open_ticket(at=now - timedelta(hours=1), order_id=order.pk)

    def split() -> Ticket:
        return services.ticket_split(
            ticket=ticket, lines=[lines[1].pk], messages=[], subject="第二件", reason="另一件事", actor=desk.agent,
            now=now, version=ticket.version, source_ref="form-1",
        )  # fmt: skip

    answers = at_once([split, split])
    assert len({answer.pk for answer in answers}) == 1, answers
    assert TicketLink.objects.count() == 1
    assert Ticket.objects.count() == 2
