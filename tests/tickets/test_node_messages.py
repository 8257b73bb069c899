"""Who is told what at which node: nobody learns from a message what he did himself."""

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.states import Role
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core import deliveries, jobs, wording
from aftersales.notices import rules
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
HOUR = timedelta(hours=1)


def told(person_id: int) -> list[str]:
    return list(Notice.objects.filter(user_id=person_id).values_list("source", flat=True))


def test_who_takes_a_ticket_is_not_told_that_he_has_it(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    """The system assigns it in his name, "user:14 Name": only the key says who that is."""
    ticket = open_ticket(at=now - 5 * HOUR)
    assert ticket.assignee is None
    colleague = desk.person(Role.AGENT, name="李 浩")
    desk.join(desk.team, colleague)

    services.ticket_take(ticket=ticket, actor=colleague, now=now)
    work_off(now)

    assert told(colleague.pk) == []


def test_the_lead_is_told_of_a_ticket_that_is_handed_to_him(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    work_off(now)
    before = told(desk.agent.pk)

    services.ticket_hand_over(ticket=ticket, actor=desk.agent, now=now + HOUR, reason="需要组长定")
    work_off(now + HOUR)

    assert set(told(desk.lead.pk)) == {"work.assigned"}
    assert told(desk.agent.pk) == before


def mailed(ticket: Ticket, template: str) -> Notice:
    return Notice.objects.get(source=template, subject_id=ticket.pk, recipient_kind="customer")


def test_the_mail_about_the_result_carries_the_words_the_agent_wrote_for_it(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    words = "新耳机今天寄出，旧耳机由快递员上门取回。"
    services.ticket_resolve(ticket=ticket, result="exchanged", text=words, actor=desk.agent, now=now)
    later = now + timedelta(minutes=5)
    services.ticket_reply(ticket=Ticket.objects.get(), text="另外补充一句。", actor=desk.agent, now=later)
    work_off(now + HOUR)

    body = mailed(ticket, "ticket.resolved").body
    assert words in body
    assert "补充" not in body


def clock_of(ticket: Ticket, promise: str) -> Clock:
    return Clock.objects.get(subject_kind="tickets.ticket", subject_id=ticket.pk, promise=promise)


def kept(ticket: Ticket, desk: Cast, at: datetime) -> None:
    """The customer hears from us at this moment: his telephone was answered."""
    services.contact_attempt_record(
        ticket=Ticket.objects.get(pk=ticket.pk), channel="phone", reached=True, said="已告知进展。",
        actor=desk.agent, now=at,
    )  # fmt: skip
    assert clock_of(ticket, "first_response").ended_at == at


def promise_notices() -> list[Notice]:
    return list(Notice.objects.filter(source__startswith="clock.").order_by("pk"))


def test_a_promise_that_was_kept_before_the_message_is_written_tells_nobody(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    late = clock_of(ticket, "first_response").due_at + timedelta(minutes=11)
    sweep(late)
    kept(ticket, desk, late)
    work_off(late + HOUR)

    assert [one for one in promise_notices() if "首次响应" in one.subject] == []


def test_a_broken_promise_is_told_by_its_name_and_the_moment_it_was_due(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    due = clock_of(ticket, "first_response").due_at
    sweep(due + timedelta(minutes=1))
    work_off(due + timedelta(minutes=2))
    services.digest_sweep(now=due + timedelta(minutes=31))

    (told,) = Notice.objects.filter(source="work.digest", user_id=desk.agent.pk, channel="in_app")
    assert told.body.startswith(f"{ticket.number} 首次响应 ")
    assert wording.minute(due, due) in told.body


def test_the_mail_about_a_promise_kept_meanwhile_stays_here(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    desk.lead.email = "lead@example.com"
    desk.lead.save()
    ticket = open_ticket()
    due = clock_of(ticket, "first_response").due_at
    Ticket.objects.filter(pk=ticket.pk).update(severity="critical")  # told at once, not in the digest
    sweep(due + timedelta(minutes=1))
    deliveries.run(due + timedelta(minutes=1))
    kept(ticket, desk, due + timedelta(minutes=2))
    jobs.run_due(due + timedelta(minutes=3))

    letter = Notice.objects.get(source="clock.breached.lead", channel="email")
    assert (letter.state, letter.skip_reason) == ("skipped", "outdated")


def test_new_work_is_told_with_the_next_promise_by_its_name(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket()
    work_off(now)

    told_by = Notice.objects.get(source="work.assigned", subject_id=ticket.pk)
    assert told_by.body == f"首次响应：{rules.say(clock_of(ticket, 'first_response').due_at)} 前。"


def test_new_work_is_not_told_with_a_time_that_is_past(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    """The message is written after the work stood still: what was promised then is no news."""
    ticket = open_ticket()
    work_off(now + timedelta(days=26))

    assert Notice.objects.get(source="work.assigned", subject_id=ticket.pk).body == ""
