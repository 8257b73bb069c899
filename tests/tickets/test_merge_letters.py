"""The customer learns once which number to quote after a merge, and again when it is undone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.tickets import consumers, services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
Worker = Callable[[datetime], None]
HOUR = timedelta(hours=1)


@pytest.fixture
def pair(open_ticket: Opener, customer: Customer, now: datetime) -> tuple[Ticket, Ticket]:
    Contact.objects.create(customer=customer, kind="email", value="lin@example.cn")
    return open_ticket(at=now - HOUR), open_ticket(subject="左耳没声")


def letters(code: str) -> list[Notice]:
    return list(Notice.objects.filter(source=code, channel="email").order_by("id"))


def merge(pair: tuple[Ticket, Ticket], desk: Cast, now: datetime, by: Any = None) -> None:
    services.ticket_merge(
        survivor=pair[0], others=[pair[1]], actor=by or desk.agent, now=now, reason="同一件事"
    )


def apart(ticket: Ticket, desk: Cast, now: datetime) -> None:
    services.ticket_unmerge(
        ticket=Ticket.objects.get(pk=ticket.pk), actor=desk.agent, now=now, reason="其实是两件事"
    )


def test_the_customer_is_told_once_which_number_to_quote(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime, work_off: Worker
) -> None:
    merge(pair, desk, now)
    work_off(now)
    consumers.node_message(Event.objects.get(kind="ticket.merged"), now)
    (letter,) = letters("ticket.merged")
    assert (letter.state, pair[0].number in letter.subject, pair[1].number in letter.body) == (
        "sent",
        True,
        True,
    )


def test_the_letter_names_the_ticket_that_goes_on_today(
    pair: tuple[Ticket, Ticket], open_ticket: Opener, desk: Cast, now: datetime, work_off: Worker
) -> None:
    last = open_ticket(subject="还是左耳")
    merge(pair, desk, now)
    merge((last, pair[0]), desk, now)
    work_off(now)
    assert [last.number in one.subject for one in letters("ticket.merged")] == [True, True]


def test_two_customers_are_told_nothing_whatever_is_undone(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime, work_off: Worker
) -> None:
    other = Customer(code="C-2", name="王二")
    other.save()
    Contact.objects.create(customer=other, kind="email", value="wang@example.cn")
    Ticket.objects.filter(pk=pair[1].pk).update(customer=other)
    merge(pair, desk, now, by=desk.lead)
    work_off(now)
    services.ticket_unmerge(
        ticket=Ticket.objects.get(pk=pair[1].pk), actor=desk.lead, now=now, reason="其实是两件事"
    )
    work_off(now)
    assert letters("ticket.merged") + letters("ticket.unmerged") == []


def test_a_merge_undone_before_the_letter_went_out_tells_nothing_at_all(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime, work_off: Worker
) -> None:
    merge(pair, desk, now)
    consumers.node_message(Event.objects.get(kind="ticket.merged"), now)
    apart(pair[1], desk, now)
    work_off(now)
    (first,) = letters("ticket.merged")
    assert (first.state, first.skip_reason, letters("ticket.unmerged")) == ("skipped", "outdated", [])


def test_undone_after_the_letter_the_old_number_counts_again(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime, work_off: Worker
) -> None:
    merge(pair, desk, now)
    work_off(now)
    apart(pair[1], desk, now + HOUR)
    work_off(now + HOUR)
    (second,) = letters("ticket.unmerged")
    assert (second.state, pair[1].number in second.subject) == ("sent", True)


def test_while_the_first_letter_is_on_its_way_the_second_waits_for_it(
    pair: tuple[Ticket, Ticket], desk: Cast, now: datetime, work_off: Worker
) -> None:
    merge(pair, desk, now)
    consumers.node_message(Event.objects.get(kind="ticket.merged"), now)
    Notice.objects.filter(source="ticket.merged").update(state="sending", claimed_at=now)
    apart(pair[1], desk, now)
    work_off(now)
    assert letters("ticket.unmerged") == []
    Notice.objects.filter(source="ticket.merged").update(state="sent", sent_at=now)
    work_off(now + HOUR)
    assert len(letters("ticket.unmerged")) == 1
