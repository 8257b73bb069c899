"""Lock first, judge then: what somebody else did between the page and the lock is seen by every service."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from aftersales.core.errors import DomainError
from aftersales.customers.models import Contact, Customer
from aftersales.tickets import services
from aftersales.tickets.models import ContactAttempt, Message, Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def stale(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def archived(ticket: Ticket, desk: Cast, now: datetime) -> Ticket:
    ticket = services.ticket_resolve(ticket=ticket, result="explained", text="好", actor=desk.agent, now=now)
    ticket = services.ticket_verify(ticket=ticket, how="phone", reason="好了", actor=desk.agent, now=now)
    return services.ticket_archive(
        ticket=ticket, summary="核对后解释清楚，客户认可。", actor=desk.lead, now=now
    )


SAYINGS = ("note_add", "ticket_reply", "customer_message", "merchant_message")


@pytest.mark.parametrize("name", SAYINGS)
def test_nothing_is_said_on_a_ticket_that_was_sealed_meanwhile(
    open_ticket: Opener, desk: Cast, now: datetime, name: str
) -> None:
    row = stale(archived(open_ticket(), desk, now))
    assert services.seal_sweep(now=now + 60 * DAY) == 1
    before = Message.objects.count()
    with pytest.raises(DomainError) as refused:
        getattr(services, name)(ticket=row, text="迟到的一句话", actor=desk.agent, now=now + 61 * DAY)
    assert refused.value.code == "sealed"
    assert Message.objects.count() == before


def test_nobody_is_called_about_a_ticket_that_is_over(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = archived(open_ticket(), desk, now)
    call = {"channel": "phone", "reached": False, "actor": desk.agent}
    with pytest.raises(DomainError) as refused:
        services.contact_attempt_record(ticket=ticket, now=now, **call)
    assert refused.value.code == "wrong_state"
    services.seal_sweep(now=now + 60 * DAY)
    with pytest.raises(DomainError) as refused:
        services.contact_attempt_record(ticket=stale(ticket), now=now + 61 * DAY, **call)
    assert refused.value.code == "sealed"
    assert not ContactAttempt.objects.exists()


@pytest.mark.parametrize("name", ["ticket_put_back", "ticket_hand_over"])
def test_the_former_holder_does_not_give_away_what_another_has_now(
    open_ticket: Opener, desk: Cast, now: datetime, name: str
) -> None:
    row, other = stale(open_ticket()), desk.person("agent")
    desk.join(desk.team, other)
    services.ticket_assign(ticket=row, to=other, actor=desk.lead, now=now)
    with pytest.raises(DomainError):
        getattr(services, name)(ticket=row, actor=desk.agent, now=now, reason="太忙了")
    assert Ticket.objects.get(pk=row.pk).assignee == other


def test_no_solution_is_agreed_after_the_result(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    row = stale(services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now))
    services.ticket_resolve(ticket=row, result="explained", text="好", actor=desk.agent, now=now)
    with pytest.raises(DomainError) as refused:
        services.ticket_agree_solution(ticket=row, text="换一个给您", actor=desk.agent, now=now)
    assert refused.value.code == "wrong_state"
    assert not Message.objects.filter(text="换一个给您").exists()


def overtaken(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """``second`` begins on another connection while ``first`` is done but not committed; its answer or error."""
    answers: list[Any] = []

    def run() -> None:
        try:
            answers.append(second())
        except DomainError as error:
            answers.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        first()
        thread.start()
        time.sleep(0.4)
        assert not answers, "the second did not wait for the first"
    thread.join(20)
    return answers[0]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_note_that_meets_the_sealing_waits_and_is_refused(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    row, agent = stale(archived(open_ticket(), desk, now)), desk.agent
    answer = overtaken(
        lambda: services.seal_sweep(now=now + 60 * DAY),
        lambda: services.note_add(ticket=row, text="补一句", actor=agent, now=now + 60 * DAY),
    )
    assert isinstance(answer, DomainError)
    assert answer.code == "sealed"


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_putting_back_meets_a_new_holder_and_is_refused(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    row, agent, lead, other = stale(open_ticket()), desk.agent, desk.lead, desk.person("agent")
    answer = overtaken(
        lambda: services.ticket_assign(ticket=row, to=other, actor=lead, now=now),
        lambda: services.ticket_put_back(ticket=row, actor=agent, now=now, reason="太忙了"),
    )
    assert isinstance(answer, DomainError)
    assert Ticket.objects.get(pk=row.pk).assignee == other


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", SAYINGS)
def test_the_same_words_posted_twice_at_once_are_said_once(
    open_ticket: Opener, desk: Cast, now: datetime, name: str
) -> None:
    row, agent = stale(open_ticket()), desk.agent
    once = {
        "ticket": row,
        "text": "同一句",
        "actor": agent,
        "now": now,
        "source": "desk",
        "source_ref": "k:1",
    }
    said = overtaken(
        lambda: getattr(services, name)(**once),
        lambda: getattr(services, name)(**once),
    )
    assert said == Message.objects.get(text="同一句")


def test_the_same_act_twice_is_one_act(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    Contact(customer=customer, kind="email", value="lin@example.com").save()
    ticket = open_ticket(kind="consultation")
    who = {"ticket": ticket, "actor": desk.agent, "now": now}
    for _n in range(2):
        services.contact_attempt_record(**who, channel="phone", reached=False, source_ref="k:1")
    assert ContactAttempt.objects.count() == 1
    for _n in range(2):
        services.ticket_agree_solution(**who, text="换一个给您", source="desk", source_ref="k:2")
    seen = stale(ticket).version
    for _n in range(2):
        done = services.ticket_resolve(
            **who, result="explained", text="好了", version=seen, source="desk", source_ref="k:3"
        )
        assert done.state == "resolved"
    assert Message.objects.filter(text__in=["换一个给您", "好了"]).count() == 2


def test_an_answer_does_not_end_the_wait(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    """A reminder is not the photograph that was asked for; the paused clocks stay paused."""
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    ticket = services.ticket_wait(
        ticket=ticket, wait_for="customer", until=now + DAY, actor=desk.agent, now=now
    )
    services.ticket_reply(ticket=ticket, text="请记得发照片", actor=desk.agent, now=now + HOUR)
    assert Ticket.objects.get(pk=ticket.pk).state == "waiting"
    services.customer_message(ticket=ticket, text="发了", actor=desk.agent, now=now + 2 * HOUR)
    assert Ticket.objects.get(pk=ticket.pk).state == "in_progress"
