"""Whose ticket it is decides who ends it; what is grave is cancelled by a lead, and a lead looks at every end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import User
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError, Refused
from aftersales.tickets import selectors, services
from aftersales.tickets.models import ArchiveRecord, Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
SUMMARY = "重复登记，已核对原工单。"


@pytest.fixture
def colleague(desk: Cast) -> User:
    person = desk.person("agent")
    desk.join(desk.team, person)
    return person


def waiting(ticket: Ticket, desk: Cast, now: datetime) -> Ticket:
    ticket = services.ticket_start(ticket=ticket, actor=desk.agent, now=now)
    return services.ticket_wait(
        ticket=ticket, wait_for="merchant", until=now + 9 * HOUR, actor=desk.agent, now=now
    )


def resolved(ticket: Ticket, desk: Cast, now: datetime) -> Ticket:
    return services.ticket_resolve(ticket=ticket, result="explained", text="好了", actor=desk.agent, now=now)


def go_on(ticket: Ticket, actor: User, now: datetime) -> Ticket:
    return services.ticket_move(ticket=ticket, name="resume", actor=actor, now=now)


def verify(ticket: Ticket, actor: User, now: datetime) -> Ticket:
    return services.ticket_verify(ticket=ticket, how="phone", reason="客户说好了", actor=actor, now=now)


def cancel(ticket: Ticket, actor: User, now: datetime) -> Ticket:
    return services.ticket_cancel(ticket=ticket, why="mistake", reason="登记错误", actor=actor, now=now)


ENDS = {
    "resume": (waiting, go_on, "in_progress"),
    "close_verified": (resolved, verify, "closed"),
    "cancel": (waiting, cancel, "cancelled"),
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize(("who", "allowed"), [("agent", True), ("lead", True), ("colleague", False)])
def test_only_the_assignee_or_a_lead_goes_on_with_a_ticket_or_ends_it(
    open_ticket: Opener, desk: Cast, colleague: User, now: datetime, name: str, who: str, allowed: bool
) -> None:
    prepare, act, after = ENDS[name]
    ticket = prepare(open_ticket(kind="consultation"), desk, now)
    actor = colleague if who == "colleague" else desk.of(who)
    if allowed:
        assert act(ticket, actor, now + HOUR).state == after
        return
    with pytest.raises(Refused) as refused:
        act(ticket, actor, now + HOUR)
    assert refused.value.code == "not_yours"
    assert Ticket.objects.get(pk=ticket.pk).state == ticket.state


def test_the_wake_up_time_and_the_awaited_word_still_wake_a_ticket(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    waiting(open_ticket(), desk, now)
    assert services.wake_sweep(now=now + 10 * HOUR) == 1


GRAVE = [
    ({"severity": "major"}, False),
    ({"severity": "critical"}, False),
    ({"kind": "safety"}, False),
    ({"nature": "complaint"}, False),
    ({}, True),
    ({"nature": "process"}, True),
]


@pytest.mark.parametrize(("grade", "agent_may"), GRAVE)
def test_what_is_grave_is_cancelled_by_a_lead(
    open_ticket: Opener, desk: Cast, now: datetime, grade: dict[str, str], agent_may: bool
) -> None:
    ticket = open_ticket(**({"kind": "consultation"} | grade))
    assert ticket.assignee == desk.agent
    if agent_may:
        assert cancel(ticket, desk.agent, now).state == "cancelled"
        return
    with pytest.raises(Refused) as refused:
        cancel(ticket, desk.agent, now)
    assert [one.code for one in refused.value.refusals] == ["needs_lead"]
    assert cancel(ticket, desk.lead, now).state == "cancelled"


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ({"kind": "safety"}, {"kind": "other"}),
        ({"nature": "complaint"}, {"nature": "operation"}),
        ({"severity": "major"}, {"severity": "minor"}),
    ],
)
def test_the_assignee_makes_no_grade_milder_to_get_around_it(
    open_ticket: Opener, desk: Cast, now: datetime, was: dict[str, str], becomes: dict[str, str]
) -> None:
    ticket = open_ticket(**({"kind": "consultation"} | was))
    grade = {name: getattr(ticket, name) for name in ("kind", "severity", "nature")} | becomes
    with pytest.raises(DomainError) as refused:
        services.ticket_regrade(ticket=ticket, **grade, actor=desk.agent, now=now, reason="没那么严重")
    assert refused.value.code == "second_person"
    services.ticket_regrade(ticket=ticket, **grade, actor=desk.lead, now=now, reason="核对过")


def test_nobody_cancels_a_ticket_that_nobody_has_but_whoever_takes_it(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    at = now - 5 * HOUR  # before the shift
    ticket = open_ticket(at=at, kind="consultation")
    assert ticket.assignee is None
    with pytest.raises(Refused, match="Take it first|领取"):
        cancel(ticket, desk.agent, at)
    assert (
        cancel(services.ticket_take(ticket=ticket, actor=desk.agent, now=at), desk.agent, at).state
        == "cancelled"
    )


def test_a_cancelled_ticket_waits_for_a_lead_who_makes_its_record(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = cancel(open_ticket(kind="consultation"), desk.agent, now)

    def in_review() -> bool:
        return selectors.queue_rows(desk.lead, "review", now).filter(pk=ticket.pk).exists()

    assert in_review()
    ticket = services.ticket_archive(ticket=ticket, summary=SUMMARY, actor=desk.lead, now=now + HOUR)
    assert not in_review()
    assert (ticket.state, ticket.closed_how) == ("archived", "cancelled")
    assert ArchiveRecord.objects.get(ticket=ticket).reviewed_by == desk.lead


def test_whoever_handled_the_cancelled_ticket_does_not_review_it(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_assign(ticket=open_ticket(), to=desk.lead, actor=desk.supervisor, now=now)
    ticket = cancel(ticket, desk.lead, now)
    with pytest.raises(Refused) as refused:
        services.ticket_archive(ticket=ticket, summary=SUMMARY, actor=desk.lead, now=now)
    assert refused.value.code == "own_work"


def test_a_reviewed_cancelled_ticket_may_still_be_taken_up_again(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = cancel(open_ticket(kind="consultation"), desk.agent, now)
    ticket = services.ticket_archive(ticket=ticket, summary=SUMMARY, actor=desk.lead, now=now)
    later = now + timedelta(days=20)
    again = services.ticket_move(
        ticket=ticket, name="reopen", actor=desk.agent, now=later, reason="客户又来电"
    )
    assert again.state == "in_progress"


def test_cancelling_never_removes_a_breach(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    """Neither one that was noticed nor one that the sweep had not come to yet."""
    ticket = open_ticket(severity="critical")
    late = now + timedelta(days=4)
    cancel(ticket, desk.lead, late)
    clocks = Clock.objects.filter(subject_kind="tickets.ticket", subject_id=ticket.pk, due_at__lt=late)
    assert clocks
    assert {clock.state for clock in clocks} == {"breached"}
    assert all(clock.breached_at for clock in clocks)
