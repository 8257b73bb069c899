"""Undo against send: whoever is first has the words, and they are said once or not at all."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from aftersales.core import jobs, once
from aftersales.core.errors import DomainError
from aftersales.customers.models import Contact, Customer
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Message, Ticket, Unsent
from aftersales.tickets.services import unsent
from tests.cast import Cast
from tests.department import Opener, book, customer, desk, open_ticket
from tests.toy.fixtures import at_once, in_thread

__all__ = ["book", "customer", "desk", "open_ticket"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
TIME_OVER = timedelta(seconds=8)


@pytest.fixture
def ticket(open_ticket: Opener, customer: Customer) -> Ticket:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    return open_ticket()


def hold(ticket: Ticket, actor: Any, now: datetime, **more: Any) -> Any:
    return unsent.reply_hold(ticket=ticket, voice="customer", text="已补发。", actor=actor, now=now, **more)


def said(ticket: Ticket) -> int:
    return Message.objects.filter(ticket=ticket, text="已补发。").count()


@pytest.mark.slow
def test_undo_and_send_at_the_same_moment_have_one_winner(ticket: Ticket, desk: Cast, now: datetime) -> None:
    outcomes = set()
    for _round in range(12):
        before = said(ticket)
        held = hold(ticket, desk.agent, now)
        taken, sent = at_once(
            [
                lambda held=held: unsent.reply_take_back(unsent=held, actor=desk.agent, now=now + TIME_OVER),
                lambda held=held: unsent.held_send(unsent_id=held.pk, now=now + TIME_OVER),
            ]
        )
        went_out = said(ticket) - before
        drafts = Unsent.objects.filter(due_at=None).count()
        assert (went_out, drafts) in {(1, 0), (0, 1)}, (taken, sent)
        assert isinstance(taken, DomainError) == bool(went_out)
        outcomes.add(went_out)
        unsent.draft_drop(ticket=ticket, actor=desk.agent)
    assert not Unsent.objects.exists()


def test_with_the_lock_held_by_the_sender_an_undo_waits_and_hears_that_it_is_too_late(
    ticket: Ticket, desk: Cast, now: datetime
) -> None:
    """Without the lock both would succeed: the undo would read the row before the sender has removed it."""
    held = hold(ticket, desk.agent, now)
    with transaction.atomic():
        assert unsent.held_send(unsent_id=held.pk, now=now + TIME_OVER) is not None
        answer = in_thread(lambda: _undo(held, desk.agent, now))
        assert answer == "busy"
    assert _undo(held, desk.agent, now) == "sent"
    assert said(ticket) == 1


def _undo(held: Unsent, actor: Any, now: datetime) -> str:
    try:
        unsent.reply_take_back(unsent=held, actor=actor, now=now + TIME_OVER)
    except DomainError as refusal:
        return refusal.code
    except OperationalError as error:  # which pages say as "busy"
        return "busy" if "lock timeout" in str(error) else str(error)
    return "taken"


def test_four_workers_and_the_writer_send_it_once(ticket: Ticket, desk: Cast, now: datetime) -> None:
    held = hold(ticket, desk.agent, now)
    works = [lambda: jobs.run_due(now + TIME_OVER)] * 4
    works += [lambda: unsent.held_send(unsent_id=held.pk, now=now, early=True)]
    at_once(works)
    jobs.run_due(now + timedelta(minutes=10))
    assert said(ticket) == 1


def test_the_same_form_eight_times_at_once_is_one_reply(ticket: Ticket, desk: Cast, now: datetime) -> None:
    at_once([lambda: hold(ticket, desk.agent, now, source_ref="key.abc")] * 8)
    assert Unsent.objects.count() == 1
    jobs.run_due(now + TIME_OVER)
    assert said(ticket) == 1


def test_two_tabs_that_begin_a_draft_at_once_have_one(ticket: Ticket, desk: Cast, now: datetime) -> None:
    def write() -> bool:
        return unsent.draft_keep(ticket=ticket, voice="note", text="草稿", actor=desk.agent, now=now)

    assert at_once([write] * 6) == [True] * 6
    assert Unsent.objects.count() == 1


@pytest.fixture(params=[True, False], ids=["lock on", "lock off"])
def locking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setattr(unsent, "_wait_for_sender", lambda ticket: None)
    return bool(request.param)


def test_a_draft_saved_while_its_form_is_sent_does_not_come_back(
    ticket: Ticket, desk: Cast, now: datetime, locking: bool
) -> None:
    """The save begins before the reply is there and ends after it; with the lock off the words that went out stand in
    the box once more."""
    key = once.new_key()

    def write() -> bool:
        return unsent.draft_keep(
            ticket=ticket, voice="customer", text="已补发。", actor=desk.agent, now=now, form_key=key
        )

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            hold(ticket, desk.agent, now, source_ref=f"{key}.abc")
            saved = other.submit(in_thread, write)
            wait_for_the_lock()
        assert saved.result(10) is not locking
    assert Unsent.objects.filter(due_at=None).exists() is not locking


def wait_for_the_lock() -> None:
    """Until another connection waits for this one."""
    for _n in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
                " AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def cancel(ticket: Ticket, actor: Any, now: datetime) -> str:
    """The next move on the ticket; after it nothing more is said on it."""
    try:
        tickets.ticket_cancel(ticket=ticket, why="mistake", reason="误登记", actor=actor, now=now)
    except DomainError as refusal:
        return refusal.code
    return "cancelled"


def test_a_held_reply_and_the_next_move_at_the_same_moment(
    open_ticket: Opener, customer: Customer, desk: Cast, now: datetime
) -> None:
    """Whoever is first: the words are said on an open ticket, or lie in the draft of their writer, never both, never
    neither; and the move is made."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    at = now + TIME_OVER
    for _round in range(6):
        ticket = open_ticket()
        held = hold(ticket, desk.agent, now)
        _sent, moved = at_once(
            [
                lambda held=held: unsent.held_send(unsent_id=held.pk, now=at),
                lambda ticket=ticket: cancel(ticket, desk.lead, at),
            ]
        )
        row = Ticket.objects.get(pk=ticket.pk)
        kept = Unsent.objects.filter(ticket=ticket)
        assert (said(ticket), kept.filter(due_at=None).count()) in {(1, 0), (0, 1)}
        assert not kept.filter(due_at__isnull=False).exists()
        assert (moved, row.state) == ("cancelled", "cancelled")
    jobs.run_due(now + timedelta(minutes=10))
    assert not Unsent.objects.filter(due_at__isnull=False).exists()


def test_while_the_words_go_out_the_next_move_waits_for_them(
    ticket: Ticket, desk: Cast, now: datetime
) -> None:
    """The lock that orders them: with it held nothing else moves the ticket, and afterwards both have happened."""
    held = hold(ticket, desk.agent, now)
    with transaction.atomic():
        assert unsent.held_send(unsent_id=held.pk, now=now + TIME_OVER) is not None
        assert in_thread(lambda: cancel(ticket, desk.lead, now + TIME_OVER)) == "busy"
    assert cancel(ticket, desk.lead, now + TIME_OVER) == "cancelled"
    assert said(ticket) == 1
