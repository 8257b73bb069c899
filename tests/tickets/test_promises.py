"""Promises (R3.10): given with a reply, owed by whoever holds the ticket, kept, late, postponed or withdrawn."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.clocks import services as clocks
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import GivenPromise, Message, Ticket
from aftersales.tickets.services import erasing
from tests.cast import Cast
from tests.toy.fixtures import at_once

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
WHAT = "16:00 前给您回电"


@pytest.fixture
def reachable(customer: Customer) -> Contact:
    return Contact.objects.create(customer=customer, kind="email", value="lin@example.cn")


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def give(ticket: Ticket, desk: Cast, now: datetime, **more: Any) -> GivenPromise:
    return services.promise_give(
        **{"ticket": ticket, "what": WHAT, "due_at": now + 2 * HOUR, "actor": desk.agent, "now": now} | more
    )


def test_an_ill_agents_promise_is_broken_in_the_hands_of_who_holds_it_and_met_late_by_him(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """Given at two o'clock for four, ill at two, reassigned by the lead, kept at ten past four."""
    ticket, other = open_ticket(), desk.person("agent")
    desk.join(desk.team, other)
    promise = give(ticket, desk, now)
    services.ticket_assign(ticket=ticket, to=other, actor=desk.lead, now=now + HOUR, reason="周婷请病假")
    clocks.sweep(now + 2 * HOUR + timedelta(seconds=1))
    late = now + 2 * HOUR + timedelta(minutes=10)

    with pytest.raises(DomainError):  # the former holder owes nothing any more
        services.promise_keep(promise=promise, actor=desk.agent, now=late)
    kept = services.promise_keep(promise=promise, actor=other, now=late)

    clock = Clock.objects.get(pk=promise.clock_id)
    assert (kept.state, kept.is_broken(late)) == ("kept", True)
    assert (clock.state, clock.breach_holder, clock.met_at) == ("met_late", other, late)
    assert Event.objects.get(kind="clock.met_late").payload["late_minutes"] == 10


def test_resolving_and_cancelling_wait_for_an_open_promise(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    promise = give(ticket, desk, now)
    how = {"ticket": ticket, "actor": desk.agent, "now": now}
    with pytest.raises(DomainError, match=WHAT):
        services.ticket_resolve(result="explained", text="好了", **how)
    with pytest.raises(DomainError, match=WHAT):
        services.ticket_cancel(why="mistake", reason="误登", **how)
    services.promise_keep(promise=promise, actor=desk.agent, now=now)
    assert services.ticket_resolve(result="explained", text="好了", **how).state == "resolved"


def test_the_row_repeats_the_promise_while_it_is_the_nearest_clock(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    promise = give(ticket, desk, now, due_at=now + timedelta(minutes=3))
    row = fresh(ticket)
    assert (row.next_promise, row.next_due_at) == ("kept_word", now + timedelta(minutes=3))
    services.promise_keep(promise=promise, actor=desk.agent, now=now)
    assert fresh(ticket).next_promise not in ("kept_word", "")


@pytest.mark.usefixtures("reachable")
def test_a_reply_and_its_promise_arrive_together_and_once(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    ticket = open_ticket()
    how = {"ticket": ticket, "actor": desk.agent, "now": now, "source": "desk", "source_ref": "key.1"}
    for _time in range(2):
        message = services.ticket_reply_promising(
            text="好的，稍后联系您。", what=WHAT, due_at=now + HOUR, **how
        )
    work_off(now)

    promise = GivenPromise.objects.get()
    assert (promise.message, Message.objects.filter(author_kind="staff").count()) == (message, 1)
    body = Notice.objects.get(source="ticket.answered", channel="email").body
    assert WHAT in body


def test_nothing_is_promised_by_words_that_reach_nobody(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    with pytest.raises(DomainError) as refused:
        services.ticket_reply_promising(
            ticket=open_ticket(), text="明天给您回电", what=WHAT, due_at=now + HOUR, actor=desk.agent, now=now
        )
    assert refused.value.code == "unheard"
    assert not Message.objects.filter(author_kind="staff").exists()
    assert not GivenPromise.objects.exists()


def test_only_a_lead_withdraws_without_a_word_and_a_breach_stays(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    promise = give(open_ticket(), desk, now)
    with pytest.raises(DomainError) as refused:
        services.promise_withdraw(promise=promise, why="无需", actor=desk.agent, now=now)
    assert refused.value.code == "untold"
    with pytest.raises(DomainError) as refused:  # no message reaches this customer
        services.promise_withdraw(promise=promise, why="无需", text="不用了", actor=desk.agent, now=now)
    assert refused.value.code == "unheard"
    late = now + 3 * HOUR
    gone = services.promise_withdraw(promise=promise, why="客户说不用了", actor=desk.lead, now=late)
    clock = Clock.objects.get(pk=promise.clock_id)
    assert (gone.state, gone.is_broken(late), clock.state, clock.ended_at) == (
        "withdrawn", True, "breached", late,
    )  # fmt: skip


@pytest.mark.usefixtures("reachable")
def test_a_postponed_promise_shows_its_first_time_and_is_broken_by_it(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    promise = give(open_ticket(), desk, now)
    later = services.promise_postpone(
        promise=promise, due_at=now + 5 * HOUR, text="抱歉，改到晚上", actor=desk.agent, now=now + HOUR
    )
    assert (later.first_due_at, later.due_at, later.postponed) == (now + 2 * HOUR, now + 5 * HOUR, 1)
    assert not later.is_broken(now + HOUR)
    assert later.is_broken(now + 3 * HOUR)
    services.promise_keep(promise=later, actor=desk.agent, now=now + 4 * HOUR)
    assert Clock.objects.get(pk=promise.clock_id).state == "met_late"


BAD: list[tuple[str, dict[str, Any]]] = [
    ("empty", {"what": " \x00\n"}),
    ("too_long", {"what": "诺" * 301}),
    ("in_the_past", {"hours": 0}),
    ("too_far", {"hours": 24 * 400}),
]


@pytest.mark.parametrize(("code", "columns"), BAD, ids=[code for code, _columns in BAD])
def test_what_is_no_promise_is_refused(
    open_ticket: Opener, desk: Cast, now: datetime, code: str, columns: dict[str, Any]
) -> None:
    due = now + HOUR * columns.pop("hours", 1)
    with pytest.raises(DomainError) as refused:
        give(open_ticket(), desk, now, due_at=due, **columns)
    assert refused.value.code == code
    assert not Clock.objects.filter(promise="kept_word").exists()


def test_nobody_promises_for_another_or_without_the_right(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    with pytest.raises(DomainError):
        give(ticket, desk, now, actor=desk.person("agent"))
    with pytest.raises(NotPermitted):
        give(ticket, desk, now, actor=desk.auditor)
    assert give(ticket, desk, now, actor=desk.lead).given_by == desk.lead


def test_nothing_is_promised_on_a_solved_ticket(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = services.ticket_resolve(
        ticket=open_ticket(), result="explained", text="好了", actor=desk.agent, now=now
    )
    with pytest.raises(DomainError) as refused:
        give(ticket, desk, now)
    assert refused.value.code == "wrong_state"


def test_the_words_of_a_promise_go_with_the_words_of_the_customer(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    promise = give(ticket, desk, now)
    erasing.customer_forget(ticket.customer, actor=desk.privacy_officer, reason="要求删除", now=now)
    left = GivenPromise.objects.get(pk=promise.pk)
    assert (left.what, left.erased_at, left.first_due_at) == ("", now, promise.first_due_at)


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_two_who_keep_a_promise_at_once_keep_it_once(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    promise = give(open_ticket(), desk, now)

    def keep() -> str:
        try:
            services.promise_keep(promise=GivenPromise.objects.get(pk=promise.pk), actor=desk.agent, now=now)
        except DomainError as error:
            return error.code
        return "kept"

    assert sorted(at_once([keep, keep])) == ["kept", "wrong_state"]
    assert Event.objects.filter(kind="ticket.promise_kept").count() == 1
