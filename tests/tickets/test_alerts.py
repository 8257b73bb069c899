"""Warnings and breaches in one digest inside the person's shift; an alert storm is one message."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Shift
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import Alert, Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db
Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
HOUR = timedelta(hours=1)


def digests(person: Any) -> list[Notice]:
    return list(
        Notice.objects.filter(source="work.digest", channel="in_app", user_id=person.pk).order_by("pk")
    )


def promises_of(ticket: Ticket) -> list[Clock]:
    return list(Clock.objects.of("tickets.ticket", ticket.pk).order_by("due_at"))


def shift(person: Any, start: datetime) -> None:
    Shift.objects.create(person=person, starts_at=start, ends_at=start + 8 * HOUR)


def next_morning(moment: datetime) -> datetime:
    """09:00 in Shanghai on the day after."""
    return (moment + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)


def late(ticket: Ticket, work_off: WorkOff) -> datetime:
    """All promises of the ticket run out; answers when everybody's notes of it are written."""
    moment = max(clock.due_at for clock in promises_of(ticket)) + timedelta(minutes=1)
    sweep(moment)
    work_off(moment)
    return moment


def test_many_late_tickets_are_one_message(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    # Given fourteen tickets that are late while nobody is at work
    tickets = [open_ticket(subject=f"问题{number}") for number in range(14)]
    moment = late(tickets[0], work_off)
    assert Notice.objects.filter(source__startswith="clock.").count() == 0
    assert services.digest_sweep(now=moment.replace(hour=16)) == 0  # midnight in Shanghai
    # When the lead's shift begins
    start = next_morning(moment)
    shift(desk.lead, start)
    services.digest_sweep(now=start)
    # Then one message names all that is still open, the most urgent first, and the rest is counted
    (told,) = digests(desk.lead)
    assert "28" in told.subject
    assert told.body.count("TK") == 20
    assert "8" in told.body.splitlines()[-1]
    # And nothing is left to tell
    assert not Alert.objects.filter(person=desk.lead).exists()
    assert services.digest_sweep(now=start + timedelta(minutes=5)) == 0


def test_a_digest_comes_once_a_slot_and_the_next_waits_for_the_next(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    moment = late(ticket, work_off)
    start = next_morning(moment)
    shift(desk.lead, start)
    services.digest_sweep(now=start + timedelta(minutes=3))
    assert len(digests(desk.lead)) == 1
    # Given something new ten minutes later
    Alert.objects.create(
        person=desk.lead, ticket=ticket, clock_id=promises_of(ticket)[0].pk, event_id=1, template="clock.breached",
        noted_at=start + timedelta(minutes=10),
    )  # fmt: skip
    for minute in (11, 29):
        services.digest_sweep(now=start + timedelta(minutes=minute))
    assert len(digests(desk.lead)) == 1
    services.digest_sweep(now=start + timedelta(minutes=30))
    assert len(digests(desk.lead)) == 2


def test_what_was_kept_meanwhile_is_not_told(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    moment = late(ticket, work_off)
    services.contact_attempt_record(
        ticket=Ticket.objects.get(pk=ticket.pk), channel="phone", reached=True, said="已告知进展。",
        actor=desk.agent, now=moment,
    )  # fmt: skip
    start = next_morning(moment)
    shift(desk.lead, start)
    services.digest_sweep(now=start)
    (told,) = digests(desk.lead)
    assert "首次响应" not in told.body
    assert "方案达成一致" in told.body


def test_a_promise_about_a_case_is_told_with_the_ticket_of_the_case(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    # Given the promise of a case whose own key is the one of a stranger's ticket, and one that is nobody's
    ticket, stranger = open_ticket(), open_ticket(subject="别人的问题")
    moment = late(ticket, work_off)
    first, second = promises_of(ticket)[:2]
    Clock.objects.filter(pk=first.pk).update(subject_kind="cases.case", subject_id=stranger.pk)
    Clock.objects.filter(pk=second.pk).update(subject_kind="cases.case", subject_id=999_999)
    Alert.objects.filter(person=desk.lead).exclude(clock_id__in=[first.pk, second.pk]).delete()
    start = next_morning(moment)
    shift(desk.lead, start)
    # When the digest is made, then both are told as the ticket's
    assert services.digest_sweep(now=start) == 1
    (told,) = digests(desk.lead)
    assert (told.body.count(ticket.number), told.body.count(stranger.number)) == (2, 0)


def test_what_is_critical_is_told_at_once(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    services.ticket_regrade(
        ticket=Ticket.objects.get(pk=ticket.pk), severity="critical", nature=ticket.nature, kind=ticket.kind,
        reason="电池起火", actor=desk.lead, now=now,
    )  # fmt: skip
    clock = next(one for one in promises_of(ticket) if one.promise == "first_response")
    sweep(clock.due_at + timedelta(seconds=1))
    work_off(clock.due_at + timedelta(seconds=2))
    told = Notice.objects.filter(source="clock.breached.lead", channel="in_app", user_id=desk.lead.pk)
    assert told.exists()
    assert not Alert.objects.exists()


def test_a_warning_that_would_come_too_late_in_the_digest_comes_at_once(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    # Given an hour for the first answer, warned a quarter of an hour before its end, and the agent at work
    ticket = open_ticket()
    clock = next(one for one in promises_of(ticket) if one.promise == "first_response")
    assert clock.due_at - clock.warn_at < timedelta(minutes=30)
    sweep(clock.warn_at)
    work_off(clock.warn_at)
    # Then he is not told half an hour later
    assert Notice.objects.filter(source="clock.warned", user_id=desk.agent.pk).count() == 1
    assert not Alert.objects.filter(person=desk.agent).exists()


def test_people_without_shifts_are_told_in_opening_hours_only(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    moment = late(ticket, work_off)
    night = moment.replace(hour=18, minute=0, second=0, microsecond=0)  # 02:00 in Shanghai
    morning = night + timedelta(hours=6)  # 08:00: the chat desk opens
    assert services.digest_sweep(now=night) == 0
    services.digest_sweep(now=morning)
    assert len(digests(desk.lead)) == 1


def test_a_digest_repeats_no_words_of_the_customer(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket(subject="张三的手机号13812345678坏了")
    start = next_morning(late(ticket, work_off))
    shift(desk.lead, start)
    services.digest_sweep(now=start)
    (told,) = digests(desk.lead)
    assert ticket.number in told.body
    assert "张三" not in told.subject + told.body
