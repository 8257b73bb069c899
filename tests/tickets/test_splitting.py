"""Some lines of an order go on in a ticket of their own: what is quoted, and that no time is won by it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.services import system_user
from aftersales.clocks import services as clocks
from aftersales.clocks.models import Clock
from aftersales.core.errors import Conflict, DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.orders.models import Order, OrderLine
from aftersales.orders.services import line_add
from aftersales.tickets import services
from aftersales.tickets.models import DuplicatePair, Message, Ticket, TicketLink, TicketParty
from tests.cast import Cast
from tests.records import merchant
from tests.records import order as an_order

Opener = Callable[..., Ticket]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def order(desk: Cast, customer: Customer, now: datetime) -> Order:
    """Headphones of one merchant and a cup of another."""
    row: Order = an_order("A-1", now, customer=customer)
    for number, name in enumerate(("耳机", "杯子"), 1):
        line_add(
            order=row, line_no=number, product_name=name, merchant=merchant(f"M-{number}", now),
            actor=system_user(), now=now,
        )  # fmt: skip
    return row


@pytest.fixture
def ticket(open_ticket: Opener, order: Order, now: datetime) -> Ticket:
    return open_ticket(at=now - 2 * HOUR, order_id=order.pk, text="耳机没声，杯子也碎了。")


def lines(order: Order) -> list[OrderLine]:
    return list(order.lines.order_by("line_no"))


def split(ticket: Ticket, *, by: Any, at: datetime, **more: Any) -> Ticket:
    told: dict[str, Any] = {"lines": [], "messages": [], "subject": "杯子碎了", "reason": "另一家商家的问题"}
    return services.ticket_split(ticket=ticket, actor=by, now=at, **(told | more))


def due(ticket: Ticket) -> dict[str, datetime]:
    rows = Clock.objects.of("tickets.ticket", ticket.pk).filter(ended_at=None)
    return dict(rows.order_by("round").values_list("promise", "due_at"))


def replayed(*tickets: Ticket, at: datetime) -> None:
    found = clocks.rebuild("tickets.ticket", [ticket.pk for ticket in tickets], at)
    assert found.is_same, found.differences


def test_the_cup_goes_on_by_itself_and_says_where_it_comes_from(
    ticket: Ticket, order: Order, desk: Cast, now: datetime
) -> None:
    cup, said = lines(order)[1], ticket.messages.get()

    part = split(ticket, by=desk.agent, at=now, lines=[cup.pk], messages=[said.pk])

    assert part.number != ticket.number
    assert (part.customer_id, part.order_id, part.merchant_id) == (
        ticket.customer_id,
        order.pk,
        cup.merchant_id,
    )
    assert (part.kind, part.severity, part.subject) == (ticket.kind, ticket.severity, "杯子碎了")
    assert part.opened_at == ticket.opened_at
    assert part.assignee_id is not None
    link = TicketLink.objects.get()
    assert (link.kind, link.ticket_id, link.other_id, link.lines) == ("split", ticket.pk, part.pk, [cup.pk])
    copy = part.messages.get()
    assert (copy.text, copy.quoted_from, copy.audience) == (said.text, ticket.number, "internal")
    assert ticket.messages.get().pk == said.pk, "nothing is moved"
    assert list(TicketParty.objects.filter(ticket=part).values_list("merchant_id", flat=True)) == [
        cup.merchant_id
    ]
    told = dict(Event.objects.filter(kind__startswith="ticket.split").values_list("kind", "subject_id"))
    assert told == {"ticket.split": ticket.pk, "ticket.split_off": part.pk}
    assert not DuplicatePair.objects.filter(verdict="open").exists()


def test_no_time_is_won_while_the_customer_waits_for_his_first_response(
    ticket: Ticket, order: Order, desk: Cast, now: datetime
) -> None:
    before = due(ticket)
    part = split(ticket, by=desk.agent, at=now, lines=[lines(order)[1].pk])
    assert "first_response" in before
    assert before.keys() == due(part).keys()
    assert all(due(part)[promise] <= at for promise, at in before.items())
    assert part.next_due_at == min(due(part).values())
    replayed(ticket, part, at=now)


def test_the_answer_that_was_given_counts_and_the_solution_is_due_as_before(
    ticket: Ticket, order: Order, desk: Cast, customer: Customer, now: datetime
) -> None:
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    services.ticket_reply(ticket=ticket, text="我们正在核实。", actor=desk.agent, now=now - HOUR)
    before = due(ticket)
    part = split(ticket, by=desk.agent, at=now, lines=[lines(order)[1].pk])
    assert "first_response" not in due(part)
    assert part.first_reply_at == now - HOUR
    assert before
    assert all(due(part)[promise] <= at for promise, at in before.items())
    replayed(ticket, part, at=now)


def test_a_promise_that_has_run_out_is_late_in_the_new_ticket_too(
    ticket: Ticket, order: Order, desk: Cast, now: datetime
) -> None:
    late = now + 9 * DAY
    part = split(ticket, by=desk.agent, at=late, lines=[lines(order)[1].pk])
    assert Clock.objects.of("tickets.ticket", part.pk).exclude(breached_at=None).exists()
    replayed(ticket, part, at=late)


def test_the_same_form_twice_is_one_split(ticket: Ticket, order: Order, desk: Cast, now: datetime) -> None:
    told = {"lines": [lines(order)[1].pk], "source_ref": "form-1", "version": ticket.version}
    first = split(ticket, by=desk.agent, at=now, **told)
    again = split(ticket, by=desk.agent, at=now + HOUR, **told)
    assert first.pk == again.pk
    link = TicketLink.objects.get()
    with pytest.raises(DomainError):
        services.ticket_unlink(link=link, actor=desk.agent, now=now)


def test_what_cannot_be_split_is_refused_and_leaves_nothing(
    ticket: Ticket, order: Order, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    other = an_order("B-1", now)
    foreign = line_add(order=other, line_no=1, actor=system_user(), now=now)
    strange = open_ticket(text="别的事").messages.get()
    cup, count = lines(order)[1].pk, Ticket.objects.count()
    for code, told in (
        ("nothing", {}),
        ("line", {"lines": [foreign.pk]}),
        ("line", {"lines": [cup, -1]}),
        ("message", {"messages": [strange.pk]}),
        ("whole", {"lines": [line.pk for line in lines(order)]}),
        ("reason", {"lines": [cup], "reason": "  "}),
        ("subject", {"lines": [cup], "subject": " \x00 "}),
    ):
        with pytest.raises(DomainError) as refused:
            split(ticket, by=desk.agent, at=now, **told)
        assert refused.value.code == code
    with pytest.raises(Conflict):
        split(ticket, by=desk.agent, at=now, lines=[cup], version=ticket.version + 1)
    with pytest.raises(NotPermitted):
        split(ticket, by=desk.auditor, at=now, lines=[cup])
    assert Ticket.objects.count() == count
    assert not TicketLink.objects.exists()


def test_a_merged_ticket_is_not_split(
    ticket: Ticket, order: Order, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    into = open_ticket(order_id=order.pk, beside=True)
    services.ticket_merge(survivor=into, others=[ticket], actor=desk.agent, now=now, reason="一样")
    with pytest.raises(DomainError) as refused:
        split(ticket, by=desk.agent, at=now, lines=[lines(order)[1].pk])
    assert refused.value.code == "finished"


def test_an_erased_message_is_erased_where_it_is_quoted(
    ticket: Ticket, order: Order, desk: Cast, now: datetime
) -> None:
    said = ticket.messages.get()
    part = split(ticket, by=desk.agent, at=now, messages=[said.pk])
    again = split(part, by=desk.agent, at=now, messages=[part.messages.get().pk])
    services.message_erase(message=said, actor=desk.privacy_officer, now=now, reason="PIPL")
    assert not Message.objects.filter(ticket__in=[part, again]).exclude(text="").exists()


@pytest.mark.usefixtures("settled")
def test_the_page_shows_what_can_be_ticked_and_splits(
    ticket: Ticket, order: Order, desk: Cast, now: datetime
) -> None:
    client, address = desk.client(desk.agent), reverse("desk:split", args=[ticket.number])
    page = client.get(address).content.decode()
    assert "杯子" in page
    assert "杯子也碎了" in page
    cup, said = lines(order)[1], ticket.messages.get()
    form = {"line": [cup.pk], "message": [said.public_id], "subject": "杯子碎了", "reason": "另一件事"}
    bad = client.post(address, form | {"line": ["²", "x"]})
    assert bad.status_code == 422
    assert "另一件事" in bad.content.decode()
    client.post(address, form)
    part = TicketLink.objects.get().other
    shown = client.get(reverse("desk:ticket", args=[part.number])).content.decode()
    assert shown.count(ticket.number) >= 2
    assert part.number in client.get(reverse("desk:ticket", args=[ticket.number])).content.decode()


@pytest.fixture
def settled(settings: Any, now: datetime) -> Any:
    import time_machine

    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield
