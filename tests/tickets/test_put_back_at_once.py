"""Giving tickets back while a lead gives them to somebody else: nobody puts back what has become another's."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from aftersales.core import moves
from aftersales.core.errors import Busy, DomainError, NotPermitted
from aftersales.tickets import services
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.services.bulk import tickets_put_back
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


@pytest.fixture
def other(desk: Cast) -> User:
    person = desk.person("agent", name="接手的人")
    desk.join(desk.team, person)
    return person


def elsewhere(act: Callable[[], Any]) -> Any:
    """Done on another connection and committed, before this one goes on; answers it or its error."""
    answers: list[Any] = []

    def run() -> None:
        try:
            answers.append(act())
        except DomainError as error:
            answers.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    return answers[0]


def put_back(desk: Cast, now: datetime) -> moves.Outcome:
    rows = Ticket.objects.filter(state="assigned")
    return tickets_put_back(tickets=rows, actor=desk.agent, now=now, reason="太忙")


def test_between_the_question_who_has_it_and_the_lock_nobody_gets_it(
    open_ticket: Opener, desk: Cast, other: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lead comes just before the move locks its rows: they are locked since it was asked who has them."""
    ticket = open_ticket()
    batch, answers = moves._perform_batch, []

    def late(*args: Any) -> Any:
        if not answers:
            answers.append(
                elsewhere(lambda: services.ticket_assign(ticket=ticket, to=other, actor=desk.lead, now=now))
            )
        return batch(*args)

    monkeypatch.setattr(moves, "_perform_batch", late)
    outcome = put_back(desk, now)
    assert isinstance(answers[0], Busy)
    assert [row.pk for row in outcome.done] == [ticket.pk]
    assert DispatchRecord.objects.get(reason="put_back").chosen == desk.agent
    # Had it become the other's before, it would not have been put back
    ticket = services.ticket_assign(
        ticket=Ticket.objects.get(pk=ticket.pk), to=other, actor=desk.lead, now=now
    )
    with pytest.raises(NotPermitted):
        put_back(desk, now)
    assert Ticket.objects.get(pk=ticket.pk).assignee == other


def test_what_the_lead_is_giving_away_meanwhile_is_busy_and_stays_the_others(
    open_ticket: Opener, desk: Cast, other: User, now: datetime
) -> None:
    ticket, kept = open_ticket(), open_ticket()
    with transaction.atomic():
        services.ticket_assign(ticket=ticket, to=other, actor=desk.lead, now=now)
        outcome = elsewhere(lambda: put_back(desk, now))
    assert ([row.pk for row in outcome.done], outcome.busy) == ([kept.pk], [ticket.pk])
    assert Ticket.objects.get(pk=ticket.pk).assignee == other
    assert DispatchRecord.objects.filter(reason="put_back").count() == 1
