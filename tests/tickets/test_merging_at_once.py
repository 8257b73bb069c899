"""Two who merge, reply, resolve or take out at the same moment: one order of events, nothing lost, nothing doubled."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from aftersales.core.errors import DomainError
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket, TicketMerge
from tests.cast import Cast
from tests.toy.fixtures import at_once

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def merging(into: Ticket, other: Ticket, by: Any, at: datetime) -> Callable[[], Any]:
    return lambda: services.ticket_merge(survivor=into, others=[other], actor=by, now=at, reason="一样")


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
    thread.join(20)
    return answers[0]


def test_two_merges_in_opposite_directions_are_one_merge(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one, two = open_ticket(), open_ticket()
    answers = at_once([merging(one, two, desk.agent, now), merging(two, one, desk.agent, now)])
    assert sum(isinstance(answer, Ticket) for answer in answers) == 1
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1
    assert TicketMerge.objects.count() == 1
    assert sorted(Ticket.objects.values_list("state", flat=True)) == ["assigned", "merged"]


def test_without_the_lock_only_the_database_stops_the_circle(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race is real: judged by what was read before, the other direction finds nothing in its way."""
    one, two = open_ticket(), open_ticket()
    stale = {row.pk: Ticket.objects.get(pk=row.pk) for row in (one, two)}
    merging(one, two, desk.agent, now)()
    monkeypatch.setattr("aftersales.tickets.services.merging._locked", lambda rows, versions: stale)
    with pytest.raises(IntegrityError, match="ticket_merged_into_another"):
        merging(two, one, desk.agent, now)()
    assert sorted(Ticket.objects.values_list("state", flat=True)) == ["assigned", "merged"]


def test_a_reply_that_waits_for_the_merge_arrives_where_the_problem_goes_on(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one, two = open_ticket(), open_ticket()
    said = overtaken(
        merging(one, two, desk.agent, now),
        lambda: services.customer_message(ticket=two, text="在吗", actor=desk.agent, now=now),
    )
    assert isinstance(said, Message)
    assert said.ticket == one


def test_a_ticket_that_is_resolved_first_is_not_merged_into(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one, two = open_ticket(), open_ticket()
    error = overtaken(
        lambda: services.ticket_resolve(ticket=one, result="explained", text="好", actor=desk.agent, now=now),
        merging(one, two, desk.agent, now),
    )
    assert isinstance(error, DomainError)
    assert Ticket.objects.get(pk=two.pk).state == "assigned"


def test_a_message_that_waits_for_the_taking_out_arrives_at_its_own_ticket(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one, two = open_ticket(), open_ticket()
    merging(one, two, desk.agent, now)()
    stale, later = Ticket.objects.get(pk=two.pk), now + timedelta(hours=1)
    said = overtaken(
        lambda: services.ticket_unmerge(ticket=stale, actor=desk.agent, now=later, reason="两件"),
        lambda: services.customer_message(ticket=stale, text="在吗", actor=desk.agent, now=later),
    )
    assert said.ticket == two


def test_whoever_locks_crosswise_waits_in_line(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    tickets = [open_ticket() for _n in range(4)]
    works = [merging(tickets[n], tickets[(n + 1) % 4], desk.lead, now) for n in range(4)]
    answers = at_once(works)
    assert all(isinstance(answer, (Ticket, DomainError)) for answer in answers), answers
    live = set(Ticket.objects.exclude(state="merged").values_list("pk", flat=True))
    assert set(TicketMerge.objects.values_list("root", flat=True)) <= live
