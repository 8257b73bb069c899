"""Nothing is ownerless (R1.5): what an absent person holds is seen, told and given to others."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import Away, User
from accounts.services import user_deactivate
from aftersales.clocks.models import Clock
from aftersales.core.errors import NotPermitted
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import absent
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


@pytest.fixture
def other(desk: Cast) -> User:
    person = desk.person("agent", name="赵磊")
    desk.join(desk.team, person)
    return person


def ill(person: User, since: datetime) -> Away:
    return Away.objects.create(person=person, starts_at=since, ends_at=None, reason="sick")


def test_all_tickets_of_somebody_ill_go_to_whom_dispatch_chooses_with_their_promises(
    open_ticket: Opener, desk: Cast, other: User, now: datetime
) -> None:
    tickets = [open_ticket() for _n in range(3)]
    services.ticket_start(ticket=tickets[0], actor=desk.agent, now=now)
    promise = services.promise_give(
        ticket=tickets[0], what="回电", due_at=now + HOUR, actor=desk.agent, now=now
    )
    ill(desk.agent, now)
    desk.shift(other)
    (held,) = absent.held_by_absent(desk.lead, now)
    assert (held.person, held.count) == (desk.agent, 3)

    done = services.tickets_reassign(tickets=held.tickets, to=None, actor=desk.lead, now=now, reason="病假")

    assert {one.to for one in done} == {other}
    assert Clock.objects.get(pk=promise.clock_id).holder == other
    assert absent.held_by_absent(desk.lead, now) == []


def test_when_nobody_is_free_the_tickets_stay_where_they_are_and_say_so(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    ill(desk.agent, now)
    (one,) = services.tickets_reassign(tickets=[ticket], to=None, actor=desk.lead, now=now, reason="病假")
    assert (one.to, one.code) == (None, "nobody")
    assert Ticket.objects.get(pk=ticket.pk).assignee == desk.agent


def test_one_ticket_that_cannot_move_leaves_the_others_alone(
    open_ticket: Opener, desk: Cast, other: User, now: datetime
) -> None:
    first, second = open_ticket(), open_ticket()
    services.ticket_cancel(ticket=first, why="withdrawn", reason="客户撤回", actor=desk.agent, now=now)
    done = services.tickets_reassign(
        tickets=[Ticket.objects.get(pk=first.pk), second], to=other, actor=desk.lead, now=now, reason="病假"
    )
    assert [one.code for one in done] == ["wrong_state", ""]
    assert Ticket.objects.get(pk=second.pk).assignee == other


def test_calls_and_promises_owed_on_finished_tickets_are_not_left_with_who_is_ill(
    open_ticket: Opener, desk: Cast, other: User, now: datetime, work_off: Callable[[datetime], None],
    cancel_unguarded: Callable[[Ticket], None],
) -> None:  # fmt: skip
    call, promised, done = (open_ticket() for _n in range(3))
    services.ticket_resolve(ticket=call, result="explained", text="好了", actor=desk.agent, now=now)
    services.ticket_cancel(ticket=done, why="withdrawn", reason="客户撤回", actor=desk.lead, now=now)
    work_off(now)
    promise = services.promise_give(
        ticket=promised, what="寄优惠券", due_at=now + HOUR, actor=desk.agent, now=now
    )
    cancel_unguarded(promised)
    ill(desk.agent, now)
    desk.shift(other)
    (held,) = absent.held_by_absent(desk.lead, now)
    assert {one.pk for one in held.tickets} == {call.pk, promised.pk}
    assert services.absence_sweep(now=now + 4 * HOUR) == 1

    moved = services.tickets_reassign(tickets=held.tickets, to=None, actor=desk.lead, now=now, reason="病假")

    assert {one.to for one in moved} == {other}
    assert Clock.objects.get(pk=promise.clock_id).holder == other
    assert Ticket.objects.get(pk=done.pk).assignee == desk.agent
    assert absent.held_by_absent(desk.lead, now) == []


def test_only_who_assigns_reassigns(open_ticket: Opener, desk: Cast, other: User, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        services.tickets_reassign(tickets=[open_ticket()], to=other, actor=desk.agent, now=now, reason="")


def test_the_lead_is_told_once_a_day_after_half_a_shift_also_of_who_left(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket()
    away = ill(desk.agent, now)
    assert services.absence_sweep(now=now + 3 * HOUR) == 0
    for _time in range(2):
        assert services.absence_sweep(now=now + 4 * HOUR) == 1
    told = Notice.objects.filter(source="work.holder_absent", channel="in_app")
    assert [one.user_id for one in told] == [desk.lead.pk]
    assert str(desk.agent) in told[0].subject
    assert services.absence_sweep(now=now + 28 * HOUR) == 1
    assert told.all().count() == 2
    away.ends_at = now + 29 * HOUR
    away.save()
    assert services.absence_sweep(now=now + 30 * HOUR) == 0
    user_deactivate(user=desk.agent, actor=desk.administrator, now=now + 30 * HOUR)
    assert services.absence_sweep(now=now + 30 * HOUR) == 1


def test_a_lead_sees_only_the_tickets_that_are_his_to_see(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket()
    ill(desk.agent, now)
    vendor = desk.person("vendor_lead")
    desk.make_team("vendor", lead=vendor, members=[vendor])
    assert absent.held_by_absent(vendor, now) == []
