"""Untouched work goes back to dispatch, once, with the reason; the same person is not chosen again at once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from accounts.models import Away, User
from accounts.states import AwayReason, Role
from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.desk.dispatching import face
from aftersales.notices.models import Notice
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import services
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.services import choosing
from aftersales.tickets.services.bulk import tickets_put_back
from tests.cast import Cast

Opener = Callable[..., Ticket]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def second(desk: Cast, open_ticket: Opener) -> User:
    person = desk.person(Role.AGENT, name="第二人")
    desk.join(desk.team, person)
    desk.shift(person)
    return person


@pytest.mark.parametrize(("severity", "minutes"), [("minor", 120), ("major", 45), ("critical", 15)])
def test_what_nobody_began_in_time_is_taken_back_and_goes_to_somebody_else(
    open_ticket: Opener, desk: Cast, second: User, now: datetime, severity: str, minutes: int
) -> None:
    ticket = open_ticket(severity=severity)
    first = ticket.assignee

    assert services.take_back_sweep(now=now + (minutes - 1) * MINUTE) == 0
    later = now + minutes * MINUTE
    assert [services.take_back_sweep(now=later) for _twice in range(2)] == [1, 0]
    assert services.dispatch_sweep(now=later) == 1

    ticket.refresh_from_db()
    assert {first, ticket.assignee} == {desk.agent, second}
    back = DispatchRecord.objects.get(ticket=ticket, reason="taken_back")
    assert (back.chosen, back.asked) == (first, {"why": "untouched"})
    verdicts = {one["name"]: one["verdict"] for one in DispatchRecord.objects.latest("pk").candidates}
    assert verdicts[str(first)] == "returned"
    event = Event.objects.get(kind="ticket.unassigned")
    assert events.reason_of(event) != "untouched"


def test_what_was_taken_back_and_finds_nobody_says_who_not_and_why_in_the_words_of_the_timeline(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Any
) -> None:
    """The dialog named neither candidates nor a reason, and told another one than the timeline."""
    ticket = open_ticket(at=now + 5.5 * HOUR)  # half an hour before the shift is over
    had = ticket.assignee
    end = now + 6 * HOUR
    assert services.take_back_sweep(now=end) == 1
    work_off(end)
    work_off(end)  # delivered again, recorded once
    newest, back = DispatchRecord.objects.filter(ticket=ticket).order_by("-pk")[:2]
    assert (newest.chosen, back.reason, back.chosen) == (None, "taken_back", had)
    verdicts = {one["name"]: one["verdict"] for one in newest.candidates}
    assert verdicts[str(had)]
    shown = face(newest, None, end, desk.lead, back)
    assert shown is not None
    assert str(had) in {one.name for one in shown.out}
    event = Event.objects.get(kind="ticket.unassigned")
    assert events.reason_of(event) in shown.notes[0]
    told = face(back, None, end, desk.lead)
    assert told is not None
    assert events.reason_of(event) in told.sentence
    assert DispatchRecord.objects.filter(ticket=ticket, chosen=None).count() == 1


def test_only_the_time_on_shift_and_not_away_counts(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    open_ticket()
    Away(person=desk.agent, reason=AwayReason.BREAK, starts_at=now + HOUR, ends_at=now + 2 * HOUR).save()

    assert services.take_back_sweep(now=now + 1.5 * HOUR) == 0  # on a break, not gone
    assert services.take_back_sweep(now=now + 2.9 * HOUR) == 0
    assert services.take_back_sweep(now=now + 3 * HOUR) == 1


def test_at_shift_end_what_was_not_begun_does_not_wait_for_the_next_day(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    late = now + 5.5 * HOUR  # half an hour before the shift is over
    ticket = open_ticket(at=late)
    assert ticket.assignee == desk.agent

    assert services.take_back_sweep(now=late + 29 * MINUTE) == 0
    assert services.take_back_sweep(now=late + 30 * MINUTE) == 1
    assert DispatchRecord.objects.latest("pk").asked == {"why": "shift_over"}


def test_what_was_begun_and_what_a_person_without_a_shift_has_stays(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    begun = open_ticket()
    services.ticket_start(ticket=begun, actor=desk.agent, now=now)
    given = open_ticket(at=now)
    services.ticket_assign(ticket=given, to=desk.lead, actor=desk.supervisor, now=now, reason="x")

    assert services.take_back_sweep(now=now + 5 * HOUR) == 0


def test_the_lead_is_told_when_it_happens_twice(
    open_ticket: Opener, desk: Cast, second: User, now: datetime, work_off: Any
) -> None:
    ticket = open_ticket()
    for moment in (now + 2 * HOUR, now + 4 * HOUR):
        services.take_back_sweep(now=moment)
        work_off(moment)
        services.dispatch_sweep(now=moment)
        if moment == now + 2 * HOUR:
            assert not Notice.objects.filter(text__template__code="work.taken_back").exists()

    told = Notice.objects.filter(text__template__code="work.taken_back")
    assert [one.subject_id for one in told] == [ticket.pk]
    assert DispatchRecord.objects.filter(ticket=ticket, reason="taken_back").count() == 2
    assert Ticket.objects.get(pk=ticket.pk).assignee is None  # both had it and rest now


def test_after_an_abusive_contact_nothing_new_comes_for_a_while(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    ticket = open_ticket()
    worker = ticket.assignee
    assert worker is not None
    with pytest.raises(DomainError):
        services.contact_abusive(ticket=ticket, actor=worker, now=now, reason=" ")
    with pytest.raises(NotPermitted):
        services.contact_abusive(ticket=ticket, actor=desk.lead, now=now, reason="骂人")

    pause = services.contact_abusive(ticket=ticket, actor=worker, now=now, reason="威胁上门")
    again = services.contact_abusive(ticket=ticket, actor=worker, now=now + MINUTE, reason="又骂")

    assert pause is not None
    assert (pause.reason, pause.ends_at, again) == ("pause", now + 15 * MINUTE, None)
    assert open_ticket(at=now + MINUTE).assignee != worker  # although he knows the customer
    assert open_ticket(at=now + 16 * MINUTE).assignee == worker


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_and_the_person_who_begins_at_that_moment_never_collide(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    tickets = [open_ticket() for _n in range(6)]
    later, go = now + 2 * HOUR, threading.Barrier(3)
    counts: list[int] = []

    def sweep() -> None:
        go.wait()
        counts.append(services.take_back_sweep(now=later))
        connection.close()

    def begin() -> None:
        go.wait()
        for ticket in tickets[:3]:
            try:
                services.ticket_start(ticket=ticket, actor=desk.agent, now=later)
            except DomainError:
                continue  # taken back a moment earlier, or busy
        connection.close()

    threads = [threading.Thread(target=one) for one in (sweep, sweep, begin)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    rows = Ticket.objects.filter(pk__in=[one.pk for one in tickets])
    back = rows.filter(state="triaged", assignee=None).count()
    assert rows.filter(state__in=["in_progress", "assigned"], assignee=desk.agent).count() == 6 - back
    assert sum(counts) == back == DispatchRecord.objects.filter(reason="taken_back").count()


def test_those_nobody_can_be_late_with_do_not_hide_the_ones_behind_them(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    idle = desk.person(Role.AGENT, name="无班次")
    hidden = [open_ticket().pk, open_ticket().pk]
    due = open_ticket()
    Ticket.objects.filter(pk__in=hidden).update(assignee=idle, assigned_at=now - timedelta(days=1))
    assert services.take_back_sweep(now=now + 5 * HOUR, limit=2) == 1
    assert Ticket.objects.get(pk=due.pk).assignee is None


# Given back by the person himself


@pytest.mark.parametrize("how", ["alone", "bulk", "lead"])
def test_what_somebody_gave_back_goes_to_somebody_else(
    open_ticket: Opener, desk: Cast, second: User, now: datetime, how: str
) -> None:
    ticket = open_ticket()
    first = ticket.assignee
    assert first is not None
    if how == "bulk":
        rows = Ticket.objects.filter(pk=ticket.pk)
        tickets_put_back(tickets=rows, actor=desk.lead, now=now, reason="太忙")
    else:
        by = first if how == "alone" else desk.lead
        services.ticket_put_back(ticket=ticket, actor=by, now=now, reason="太忙")
    services.dispatch_sweep(now=now)
    ticket.refresh_from_db()
    assert {first, ticket.assignee} == {desk.agent, second}
    back = DispatchRecord.objects.get(ticket=ticket, reason="put_back")
    assert back.chosen == first
    verdicts = {one["name"]: one["verdict"] for one in DispatchRecord.objects.latest("pk").candidates}
    assert verdicts[str(first)] == "put_back"


def test_it_waits_for_whoever_is_on_a_break_rather_than_coming_back(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    ticket = open_ticket()
    first = ticket.assignee
    assert first is not None
    other = second if first == desk.agent else desk.agent
    Away(person=other, reason=AwayReason.BREAK, starts_at=now, ends_at=now + HOUR).save()
    services.ticket_put_back(ticket=ticket, actor=first, now=now, reason="太忙")
    choosing.dispatch_many(tickets=[Ticket.objects.get(pk=ticket.pk)], now=now)
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_it_comes_back_when_nobody_else_is_qualified_and_the_record_says_so(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    services.ticket_put_back(ticket=ticket, actor=desk.agent, now=now, reason="太忙")
    services.dispatch_sweep(now=now)
    ticket.refresh_from_db()
    assert ticket.assignee == desk.agent
    record = DispatchRecord.objects.latest("pk")
    assert (record.reason, record.candidates[0]["put_back"]) == ("scored", True)
    with translation.override("en"):
        shown = face(record, None, now, desk.lead)
    assert shown is not None
    assert "gave it back, but nobody else here is qualified" in shown.sentence


def test_after_its_rest_he_may_have_it_again(
    open_ticket: Opener, desk: Cast, second: User, now: datetime
) -> None:
    change = ParameterVersion.objects.filter(parameter__code="taken_back_rest_hours").update(value=1)
    assert change == 1
    ticket = open_ticket()
    first = ticket.assignee
    assert first is not None
    services.ticket_put_back(ticket=ticket, actor=first, now=now, reason="太忙")
    other = second if first == desk.agent else desk.agent
    Away(person=other, reason=AwayReason.BREAK, starts_at=now, ends_at=now + 3 * HOUR).save()
    choosing.dispatch_many(tickets=[Ticket.objects.get(pk=ticket.pk)], now=now + 2 * HOUR)
    ticket.refresh_from_db()
    assert ticket.assignee == first
