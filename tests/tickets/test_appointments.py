"""Appointments: agreed in business hours, told, reminded of, kept, missed, moved; a ticket wakes and waits for them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from aftersales.core import deliveries
from aftersales.core.errors import Conflict, DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import services
from aftersales.tickets.models import Appointment, CustomerLink, Message, Ticket
from aftersales.tickets.selectors import appointments as found
from aftersales.tickets.services import erasing
from aftersales.tickets.services.closing import customer_link_issue, customer_link_open
from tests.cast import Cast
from tests.toy.fixtures import at_once

Opener = Callable[..., Ticket]
Worker = Callable[[datetime], None]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)  # the cast's now is a Monday at ten in Shanghai
PLACE = "收货地址，取回耳机"


@pytest.fixture
def reachable(customer: Customer) -> Contact:
    return Contact.objects.create(customer=customer, kind="email", value="lin@example.cn")


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def agree(ticket: Ticket, desk: Cast, now: datetime, **more: Any) -> Appointment:
    given = {
        "ticket": ticket, "kind": "pick_up", "with_whom": "carrier", "starts_at": now + DAY,
        "ends_at": now + DAY + 2 * HOUR, "place": PLACE, "responsible": desk.agent, "actor": desk.agent, "now": now,
    }  # fmt: skip
    return services.appointment_agree(**given | more)


def move(one: Appointment, desk: Cast, now: datetime, **more: Any) -> Appointment:
    given = {
        "appointment": one, "starts_at": now + 2 * DAY, "ends_at": now + 2 * DAY + HOUR, "why": "快递员请假",
        "actor": desk.agent, "now": now,
    }  # fmt: skip
    return services.appointment_move(**given | more)


def letters(code: str) -> list[Notice]:
    return list(Notice.objects.filter(source=code, channel="email").order_by("id"))


# Agreed, told, reminded, over


def test_the_customer_is_told_reminded_and_told_of_a_move_once_each(
    open_ticket: Opener, reachable: Contact, desk: Cast, now: datetime, work_off: Worker
) -> None:
    one = agree(open_ticket(), desk, now)
    work_off(now)
    (agreed,) = letters("appointment.agreed")
    assert (agreed.state, PLACE in agreed.body, "appointment_link" in agreed.body) == ("sent", True, True)

    near = one.starts_at - timedelta(minutes=720)
    assert services.appointments_sweep(now=near - timedelta(seconds=1))["reminded"] == 0
    for _time in range(2):
        services.appointments_sweep(now=near)
    work_off(near)
    assert [one.state for one in letters("appointment.near")] == ["sent"]
    assert Notice.objects.filter(source="work.appointment_near", user_id=desk.agent.pk).count() == 1

    later = move(one, desk, near, starts_at=now + 2 * DAY, ends_at=now + 2 * DAY + HOUR)
    work_off(near)
    (moved,) = letters("appointment.moved")
    assert ("快递员请假" in moved.body, later.moved_from) == (True, one)
    assert [row.state for row in Appointment.objects.order_by("pk")] == ["moved", "agreed"]


def test_a_call_to_the_merchant_is_not_told_to_the_customer(
    open_ticket: Opener, reachable: Contact, desk: Cast, now: datetime, work_off: Worker
) -> None:
    one = agree(open_ticket(), desk, now, kind="call_back", with_whom="merchant")
    move(one, desk, now)
    work_off(now)
    assert letters("appointment.agreed") + letters("appointment.moved") == []


def test_a_letter_about_a_window_that_moved_before_it_left_is_overtaken(
    open_ticket: Opener, reachable: Contact, desk: Cast, now: datetime, work_off: Worker
) -> None:
    one = agree(open_ticket(), desk, now)
    deliveries.run(now)
    move(one, desk, now)
    work_off(now)
    assert [row.skip_reason for row in letters("appointment.agreed")] == ["outdated"]
    assert [row.state for row in letters("appointment.moved")] == ["sent"]


def test_no_reminder_is_planned_when_there_is_no_time_for_one(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one = agree(open_ticket(), desk, now, starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    assert one.remind_at is None
    assert services.appointments_sweep(now=now + HOUR)["reminded"] == 0


def test_its_end_wakes_the_waiting_ticket_and_asks_once_what_came_of_it(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Worker
) -> None:
    ticket = open_ticket()
    one = agree(ticket, desk, now, wait=True)
    row = fresh(ticket)
    assert (row.state, row.wait_for, row.wake_at) == ("waiting", "scheduled", one.ends_at)
    for _time in range(2):
        services.appointments_sweep(now=one.ends_at)
    work_off(one.ends_at)
    assert fresh(ticket).state == "in_progress"
    assert Event.objects.filter(kind="ticket.appointment_over").count() == 1
    assert Notice.objects.filter(source="work.appointment_over").count() == 1


def test_a_ticket_that_waits_for_it_moves_and_goes_on_with_it(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    later = move(agree(ticket, desk, now, wait=True), desk, now)
    assert fresh(ticket).wake_at == later.ends_at
    services.appointment_end(
        appointment=later, outcome="kept", actor=desk.agent, now=later.starts_at + timedelta(minutes=20)
    )
    assert fresh(ticket).state == "in_progress"


def test_another_wait_outlasts_an_appointment_that_was_cancelled(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    services.ticket_wait(
        ticket=ticket, wait_for="merchant", until=now + 3 * DAY, actor=desk.agent, now=now, reason="等商家"
    )
    one = agree(ticket, desk, now, wait=True)
    services.appointment_cancel(appointment=one, why="不用了", actor=desk.agent, now=now)
    assert (fresh(ticket).state, fresh(ticket).wait_for) == ("waiting", "merchant")


# How it ends


def test_the_ticket_is_neither_resolved_nor_cancelled_nor_merged_while_one_is_open(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    other, ticket = (
        open_ticket(at=now - HOUR),
        services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now),
    )
    one = agree(ticket, desk, now)
    how = {"ticket": ticket, "actor": desk.agent, "now": now}
    with pytest.raises(DomainError, match="预约|appointment"):
        services.ticket_resolve(result="explained", text="好了", **how)
    with pytest.raises(DomainError, match="预约|appointment"):
        services.ticket_cancel(why="mistake", reason="误登", **how)
    with pytest.raises(DomainError, match="预约|appointment"):
        services.ticket_merge(survivor=other, others=[ticket], actor=desk.agent, now=now, reason="同一件事")
    services.appointment_cancel(appointment=one, why="客户自己寄回", actor=desk.agent, now=now)
    assert services.ticket_resolve(result="explained", text="好了", **how).state == "resolved"


@pytest.mark.parametrize(
    ("outcome", "why"), [("kept", ""), ("missed_them", "没有人开门"), ("missed_us", "忘了打")]
)
def test_the_outcome_is_said_once_with_its_reason_and_never_before_it_begins(
    open_ticket: Opener, desk: Cast, now: datetime, outcome: str, why: str
) -> None:
    one = agree(open_ticket(), desk, now)
    how = {"appointment": one, "outcome": outcome, "why": why, "actor": desk.agent}
    with pytest.raises(DomainError) as refused:
        services.appointment_end(now=now, **how)
    assert refused.value.code == "not_begun"
    ended = services.appointment_end(now=one.ends_at, **how)
    assert (ended.state, ended.why, ended.ended_by) == (outcome, why, desk.agent)
    with pytest.raises(DomainError):
        services.appointment_end(now=one.ends_at, **how)
    assert Event.objects.filter(kind="ticket.appointment_ended").count() == 1


@pytest.mark.parametrize("outcome", ["missed_them", "missed_us"])
def test_a_miss_needs_its_reason(open_ticket: Opener, desk: Cast, now: datetime, outcome: str) -> None:
    one = agree(open_ticket(), desk, now)
    with pytest.raises(DomainError) as refused:
        services.appointment_end(
            appointment=one, outcome=outcome, why=" \n", actor=desk.agent, now=one.ends_at
        )
    assert refused.value.code == "reason"


def test_what_is_over_is_not_moved(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    one = agree(open_ticket(), desk, now)
    with pytest.raises(DomainError) as refused:
        move(one, desk, one.ends_at)
    assert refused.value.code == "over"


# What is refused


BAD: list[tuple[str, Callable[[datetime], dict[str, Any]]]] = [
    ("in_the_past", lambda now: {"starts_at": now, "ends_at": now + HOUR}),
    ("window", lambda now: {"ends_at": now + DAY}),
    ("window", lambda now: {"ends_at": now}),
    ("too_wide", lambda now: {"ends_at": now + DAY + 13 * HOUR, "outside": True}),
    ("too_far", lambda now: {"starts_at": now + 91 * DAY, "ends_at": now + 91 * DAY + HOUR}),
    ("closed", lambda now: {"starts_at": now + 21 * HOUR, "ends_at": now + 22 * HOUR}),  # 7 in the morning
    ("closed", lambda now: {"starts_at": now + 31 * HOUR, "ends_at": now + 33 * HOUR}),  # over closing time
    ("kind", lambda now: {"kind": "party"}),
    ("too_long", lambda now: {"place": "楼" * 201}),
]


@pytest.mark.parametrize(("code", "more"), BAD)
def test_a_bad_window_is_refused(
    open_ticket: Opener, desk: Cast, now: datetime, code: str, more: Callable[[datetime], dict[str, Any]]
) -> None:
    with pytest.raises(DomainError) as refused:
        agree(open_ticket(), desk, now, **more(now))
    assert (refused.value.code, Appointment.objects.count()) == (code, 0)


def test_outside_business_hours_it_is_agreed_on_purpose_and_that_is_told(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one = agree(open_ticket(), desk, now, starts_at=now + 20 * HOUR, ends_at=now + 21 * HOUR, outside=True)
    assert one.outside
    assert Event.objects.get(kind="ticket.appointed").payload["outside"] is True


@pytest.mark.parametrize(
    ("code", "value", "refused"),
    [
        ("appointment_longest_hours", 1, "too_wide"),
        ("appointment_calendar_pick_up", "workdays", "closed"),  # over the lunch break
        ("longest_wait_days", 0, "too_far"),
    ],
)
def test_the_numbers_of_the_rule_book_decide(
    open_ticket: Opener, desk: Cast, now: datetime, code: str, value: Any, refused: str
) -> None:
    window = {"starts_at": now + DAY + HOUR, "ends_at": now + DAY + 3 * HOUR}
    assert agree(open_ticket(), desk, now, **window).pk
    assert ParameterVersion.objects.filter(parameter__code=code).update(value=value) == 1
    with pytest.raises(DomainError) as error:
        agree(open_ticket(), desk, now, **window)
    assert error.value.code == refused


@pytest.mark.parametrize("kind", ["call_back", "pick_up", "visit", "delivery"])
def test_each_kind_has_its_own_reminder(open_ticket: Opener, desk: Cast, now: datetime, kind: str) -> None:
    assert (
        ParameterVersion.objects.filter(parameter__code=f"appointment_reminder_{kind}").update(value=7) == 1
    )
    window = {"starts_at": now + DAY - HOUR, "ends_at": now + DAY}
    one = agree(open_ticket(), desk, now, kind=kind, **window)
    assert one.remind_at == one.starts_at - timedelta(minutes=7)


def test_only_who_holds_the_ticket_a_lead_or_who_is_responsible_speaks_for_it(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, other = open_ticket(), desk.person("agent")
    with pytest.raises(DomainError) as refused:
        agree(ticket, desk, now, actor=other)
    assert refused.value.code == "not_yours"
    mine = agree(ticket, desk, now, responsible=other)
    kept = services.appointment_end(appointment=mine, outcome="kept", actor=other, now=mine.ends_at)
    assert kept.state == "kept"
    assert agree(ticket, desk, now, actor=desk.lead).pk


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SYSTEM, Role.CUSTOMER)])
def test_the_rights_of_every_role(open_ticket: Opener, desk: Cast, now: datetime, role: str) -> None:
    ticket, actor = open_ticket(), desk.person(role)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=actor)
    if actor.has_perm("tickets.appoint"):
        assert actor.has_perm("tickets.work")
        assert agree(ticket, desk, now, actor=actor).agreed_by == actor
    else:
        with pytest.raises(NotPermitted):
            agree(ticket, desk, now, actor=actor)


def test_somebody_who_cannot_work_is_not_made_responsible(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    with pytest.raises(DomainError) as refused:
        agree(open_ticket(), desk, now, responsible=desk.inspector)
    assert refused.value.code == "unfit"


def test_a_form_sent_twice_agrees_once_and_a_stale_one_nothing(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    first, second = (agree(ticket, desk, now, source="desk", source_ref="key.1") for _time in range(2))
    assert (first.pk, Appointment.objects.count()) == (second.pk, 1)
    move(first, desk, now)
    with pytest.raises((Conflict, DomainError)):
        services.appointment_cancel(
            appointment=first, why="取消", actor=desk.agent, now=now, version=first.version
        )


# The customer's own page, forgetting, reading


def test_the_customer_asks_for_another_window_once_and_our_people_learn_of_it(
    open_ticket: Opener, reachable: Contact, desk: Cast, now: datetime, work_off: Worker
) -> None:
    ticket = open_ticket()
    one = agree(ticket, desk, now)
    token = customer_link_issue(ticket=ticket, purpose="appointment", actor=desk.system, now=now)
    link = customer_link_open(token=token, purpose="appointment", now=now)
    assert isinstance(link, CustomerLink)
    how = {"link": link, "public_id": one.public_id, "text": "那天我不在家", "now": now}
    wished = services.appointment_wish(starts_at=now + 3 * DAY, ends_at=now + 3 * DAY + HOUR, **how)
    assert (wished.wish_from, wished.state) == (now + 3 * DAY, "agreed")
    assert Message.objects.latest("pk").text == "那天我不在家"
    work_off(now)
    assert Notice.objects.filter(source="work.appointment_wished").count() == 1
    with pytest.raises(DomainError) as refused:
        services.appointment_wish(starts_at=now + 4 * DAY, ends_at=now + 4 * DAY + HOUR, **how)
    assert refused.value.code == "asked"


def test_the_link_of_one_ticket_moves_nothing_of_another(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    mine, other = open_ticket(), agree(open_ticket(), desk, now)
    token = customer_link_issue(ticket=mine, purpose="appointment", actor=desk.system, now=now)
    link = customer_link_open(token=token, purpose="appointment", now=now)
    with pytest.raises(DomainError) as refused:
        services.appointment_wish(
            link=link,
            public_id=other.public_id,
            starts_at=now + DAY,
            ends_at=now + DAY + HOUR,
            text="",
            now=now,
        )
    assert refused.value.code == "gone"


def test_an_erased_customer_takes_the_words_of_appointments_along(
    open_ticket: Opener, customer: Customer, desk: Cast, now: datetime
) -> None:
    one = agree(open_ticket(), desk, now)
    erasing.customer_forget(customer, actor=desk.privacy_officer, reason="客户要求", now=now)
    row = Appointment.objects.get(pk=one.pk)
    assert (row.place, row.erased_at, row.starts_at) == ("", now, one.starts_at)


def test_read_along_with_the_ticket_the_guards_ask_nothing_more(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    agree(open_ticket(), desk, now)
    ticket = found.with_appointments(Ticket.objects.all()).get()
    with CaptureQueriesContext(connection) as asked:
        sentences = found.open_appointments([ticket], now)
    assert (len(sentences[ticket.pk]), len(asked)) == (1, 0)
    assert sentences[ticket.pk] == found.open_appointments([fresh(ticket)], now)[ticket.pk]


# Races


@pytest.mark.concurrency
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_people_say_what_came_of_it_and_one_is_heard(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one = agree(open_ticket(), desk, now)

    def says(outcome: str) -> Callable[[], Any]:
        return lambda: services.appointment_end(
            appointment=one,
            outcome=outcome,
            why="没人",
            actor=desk.agent,
            now=one.ends_at,
            version=one.version,
        )

    answers = at_once([says("kept"), says("missed_them")])
    assert sum(isinstance(answer, Appointment) for answer in answers) == 1
    assert Event.objects.filter(kind="ticket.appointment_ended").count() == 1


@pytest.mark.concurrency
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_move_against_the_sweep_reminds_of_nothing_that_moved(
    open_ticket: Opener, reachable: Contact, desk: Cast, now: datetime, work_off: Worker
) -> None:
    for _round in range(5):
        one = agree(open_ticket(), desk, now)
        near = one.starts_at - HOUR
        at_once([partial(move, one, desk, near), partial(services.appointments_sweep, now=near)])
        if Appointment.objects.get(pk=one.pk).is_open:  # the sweep was faster: the move is asked again
            move(one, desk, near)
        work_off(near)
        row = Appointment.objects.get(pk=one.pk)
        near_letters = Event.objects.filter(kind="ticket.appointment_near", payload__appointment_id=one.pk)
        assert (row.state, near_letters.count()) == ("moved", 1 if row.reminded_at else 0)
        assert not letters("appointment.near") or letters("appointment.near")[-1].state in ("sent", "skipped")
