"""The main job: a problem comes in, is worked on, told, confirmed, archived, sealed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.customers.services import contact_reveal
from aftersales.notices.models import Notice
from aftersales.tickets import selectors, services
from aftersales.tickets.models import ArchiveRecord, DispatchRecord, Message, Ticket
from aftersales.tickets.services.intake import TicketDraft
from aftersales.tickets.states import NO_DUE, TicketState
from tests.cast import Cast

Opener = Callable[..., Ticket]
DAY = timedelta(days=1)


def test_a_registered_problem_is_graded_dispatched_and_timed(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()

    assert ticket.number == "TK2611-00001"
    assert (ticket.state, ticket.severity, ticket.nature, ticket.level) == (
        "assigned",
        "minor",
        "operation",
        "L1",
    )
    assert ticket.assignee == desk.agent
    assert ticket.owner == desk.agent
    promises = set(Clock.objects.filter(subject_id=ticket.pk).values_list("promise", flat=True))
    assert {"first_response", "solution_agreed"} <= promises
    assert now < ticket.next_due_at < NO_DUE
    assert ticket.next_promise == "first_response"
    record = DispatchRecord.objects.get(ticket=ticket)
    assert record.chosen == desk.agent
    assert record.reason == "scored"


def test_the_same_reference_twice_is_one_ticket(desk: Cast, now: datetime) -> None:
    draft = TicketDraft(
        source="app", source_ref="A-1", subject="包裹没到", text="三天没有动静", channel="app", opened_at=now
    )

    first = services.ticket_open(draft=draft, actor=desk.agent, now=now)
    second = services.ticket_open(draft=draft, actor=desk.agent, now=now)

    assert first.pk == second.pk
    assert Message.objects.filter(ticket=first).count() == 1


def test_smoke_is_critical_and_goes_to_the_emergency_duty(open_ticket: Opener) -> None:
    ticket = open_ticket(subject="充电器冒烟", text="插上就冒烟了")

    assert (ticket.kind, ticket.severity, ticket.level) == ("returns", "critical", "L3")
    assert "safety_words" in ticket.graded_by
    assert DispatchRecord.objects.get(ticket=ticket).duty == "emergency"


def test_answering_starts_the_ticket_and_meets_the_first_response(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    Contact(customer=customer, kind="email", value="lin@example.com").save()
    ticket = open_ticket()
    later = now + timedelta(minutes=10)

    services.ticket_reply(ticket=ticket, text="您好，已为您登记换货。", actor=desk.agent, now=later)

    ticket.refresh_from_db()
    assert ticket.state == TicketState.IN_PROGRESS
    assert ticket.first_reply_at == later
    clock = Clock.objects.get(subject_id=ticket.pk, promise="first_response")
    assert (clock.state, clock.met_at) == ("met", later)
    assert ticket.next_promise != "first_response"


def test_a_registered_solution_meets_its_promise_before_the_work_is_done(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    Contact(customer=customer, kind="email", value="lin@example.com").save()
    ticket = open_ticket()

    ticket = services.ticket_agree_solution(
        ticket=ticket, text="三天内为您换新。", actor=desk.agent, now=now + timedelta(hours=2)
    )

    assert ticket.state == TicketState.IN_PROGRESS
    met = Clock.objects.get(subject_id=ticket.pk, promise="solution_agreed")
    assert (met.state, met.met_at) == ("met", now + timedelta(hours=2))
    assert Message.objects.filter(ticket=ticket, text="三天内为您换新。", audience="customer").exists()
    with pytest.raises(DomainError):
        services.ticket_agree_solution(ticket=ticket, text="好的。", actor=desk.person("agent"), now=now)


def test_the_whole_loop_from_intake_to_the_sealed_archive(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    ticket = open_ticket()
    ticket = services.ticket_resolve(
        ticket=ticket,
        result="exchanged",
        text="新耳机已寄出。",
        actor=desk.agent,
        now=now + timedelta(hours=1),
    )
    assert ticket.state == TicketState.RESOLVED
    work_off(now + timedelta(hours=1))
    assert Notice.objects.filter(source="ticket.resolved").count() == 1

    token = services.customer_link_issue(
        ticket=ticket, purpose="confirm", actor=system_user(), now=now + timedelta(hours=1)
    )
    link = services.customer_link_open(token=token, purpose="confirm", now=now + timedelta(hours=2))
    assert link is not None
    ticket = services.ticket_confirm(
        link=link, satisfied=True, rating_handling=5, now=now + timedelta(hours=2)
    )
    assert (ticket.state, ticket.closed_how) == ("closed", "confirmed")
    assert services.customer_link_open(token=token, purpose="confirm", now=now + timedelta(hours=3)) is None

    with pytest.raises(NotPermitted):
        services.ticket_archive(ticket=ticket, summary="客户确认换货完成。", actor=desk.agent, now=now + DAY)
    ticket = services.ticket_archive(
        ticket=ticket, summary="客户确认换货完成，无后续。", actor=desk.lead, now=now + timedelta(hours=5)
    )
    record = ArchiveRecord.objects.get(ticket=ticket)
    assert record.number == "DA2611-00001"
    assert record.keep_until.year == now.year + 3
    services.addendum_add(record=record, text="客户来电致谢。", actor=desk.agent, now=now + DAY)

    assert services.seal_sweep(now=now + 20 * DAY) == 0
    assert services.seal_sweep(now=now + 31 * DAY) == 1
    ticket.refresh_from_db()
    assert ticket.state == TicketState.SEALED
    record.refresh_from_db()
    with pytest.raises(DomainError, match="sealed|封存"):
        services.addendum_add(record=record, text="太晚了。", actor=desk.agent, now=now + 32 * DAY)


def test_not_solved_reopens_as_second_handling_by_the_same_person(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_resolve(
        ticket=open_ticket(), result="explained", text="请重新配对。", actor=desk.agent, now=now
    )
    token = services.customer_link_issue(ticket=ticket, purpose="confirm", actor=system_user(), now=now)
    link = services.customer_link_open(token=token, purpose="confirm", now=now)
    assert link is not None

    ticket = services.ticket_confirm(link=link, satisfied=False, comment="还是没有声音", now=now + DAY)

    assert (ticket.state, ticket.reopened, ticket.assignee) == ("in_progress", 1, desk.agent)
    assert Message.objects.filter(ticket=ticket, text="还是没有声音").exists()
    with pytest.raises(DomainError):
        services.ticket_confirm(link=link, satisfied=True, now=now + DAY)


def test_silence_closes_only_ordinary_tickets(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    ordinary = open_ticket()
    complaint = open_ticket(subject="我要投诉", text="投诉客服")
    for ticket in (ordinary, complaint):
        services.ticket_resolve(ticket=ticket, result="explained", text="已处理。", actor=desk.agent, now=now)
    work_off(now)

    assert services.silence_sweep(now=now + timedelta(hours=71)) == {"closed": 0, "refused": 0, "busy": 0}
    assert services.silence_sweep(now=now + timedelta(hours=73))["closed"] == 1

    ordinary.refresh_from_db()
    complaint.refresh_from_db()
    assert (ordinary.state, ordinary.closed_how) == ("closed", "silence")
    assert complaint.state == "resolved"
    services.ticket_verify(
        ticket=complaint, how="phone", reason="客户说可以了", actor=desk.lead, now=now + 4 * DAY
    )


def test_reopening_ends_with_its_window(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = services.ticket_resolve(
        ticket=open_ticket(), result="explained", text="好了。", actor=desk.agent, now=now
    )
    ticket = services.ticket_verify(ticket=ticket, how="phone", reason="好了", actor=desk.agent, now=now)

    with pytest.raises(Refused):
        services.ticket_move(
            ticket=ticket, name="reopen", actor=desk.agent, now=now + 8 * DAY, reason="又坏了"
        )
    again = services.ticket_move(
        ticket=ticket, name="reopen", actor=desk.agent, now=now + 6 * DAY, reason="又坏了"
    )
    assert again.state == "in_progress"


def test_waiting_pauses_ends_by_itself_and_by_the_answer(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    ticket = services.ticket_wait(
        ticket=ticket, wait_for="customer", until=now + DAY, actor=desk.agent, now=now, reason="等视频"
    )
    assert Clock.objects.get(subject_id=ticket.pk, promise="solution_agreed").state == "paused"

    services.customer_message(ticket=ticket, text="视频来了", actor=desk.system, now=now + timedelta(hours=3))

    ticket.refresh_from_db()
    assert ticket.state == "in_progress"
    clock = Clock.objects.get(subject_id=ticket.pk, promise="solution_agreed")
    assert clock.state == "running"
    ticket = services.ticket_wait(
        ticket=ticket, wait_for="carrier", until=now + DAY, actor=desk.agent, now=now + timedelta(hours=4)
    )
    assert services.wake_sweep(now=now + DAY) == 1


def test_lowering_a_severity_needs_another_person(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket(subject="充电器冒烟")

    with pytest.raises(DomainError):
        services.ticket_regrade(
            ticket=ticket, kind="returns", severity="minor", nature="operation", reason="没那么严重",
            actor=desk.agent, now=now,
        )  # fmt: skip
    due = Clock.objects.get(subject_id=ticket.pk, promise="first_response").due_at
    services.ticket_regrade(
        ticket=ticket,
        kind="returns",
        severity="minor",
        nature="operation",
        reason="是水蒸气",
        actor=desk.lead,
        now=now,
    )
    assert Clock.objects.get(subject_id=ticket.pk, promise="first_response").due_at == due


def test_every_event_reads_as_a_sentence_without_codes(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_resolve(
        ticket=open_ticket(), result="refunded", text="退款已安排。", actor=desk.agent, now=now
    )

    lines = [entry.sentence for entry in selectors.timeline(ticket)]

    assert len(lines) == Event.objects.about("tickets.ticket", ticket.pk).count() >= 6
    for line in lines:
        assert "%(" not in line
        assert "tickets." not in line
        assert "first_response" not in line


def test_a_look_at_a_contact_stands_in_the_ticket_it_was_taken_from(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    ticket, other = open_ticket(), open_ticket()
    contact = Contact(customer=customer, kind="phone", value="13812345678")
    contact.save()
    contact_reveal(
        contact=contact,
        actor=desk.agent,
        reason="核对收件电话",
        now=now,
        context=f"tickets.ticket:{ticket.pk}",
    )

    lines = [entry.sentence for entry in selectors.timeline(ticket)]
    assert any("核对收件电话" in line for line in lines)
    assert not any("13812345678" in line for line in lines)
    assert not any("核对收件电话" in entry.sentence for entry in selectors.timeline(other))


def test_options_say_what_is_possible_and_why_not(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    found = {option.move.name: option for option in moves.options(ticket, actor=desk.agent, now=now)}

    assert found["start"].allowed
    assert not found["resolve"].allowed
    assert "assign" not in found
    assert "seal" not in found
