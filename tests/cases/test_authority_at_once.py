"""Two people take the same letter down, and two acts on one letter, at once: one letter, one reply."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from aftersales.cases.models import AuthorityCase
from aftersales.cases.services.authority import (
    letter_take,
    letter_withdraw,
    reply_approve,
    reply_draft,
    reply_sent,
)
from aftersales.clocks.models import Clock
from aftersales.tickets.models import Ticket
from tests.cases.test_at_once import outcomes
from tests.cases.test_authority import draft, take, ticket, to_approve
from tests.cast import Cast

__all__ = ["take", "ticket"]
pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
Take = Callable[..., AuthorityCase]


def test_two_people_take_the_same_letter_down_alone_and_there_is_one(desk: Cast, now: datetime) -> None:
    def act() -> object:
        return letter_take(draft=draft(now), actor=desk.agent, now=now)

    assert outcomes(act, act) == ["done", "done"]
    assert (AuthorityCase.objects.count(), Ticket.objects.count()) == (1, 1)
    assert Clock.objects.filter(promise="authority_reply").count() == 1


def test_two_people_take_it_down_at_two_tickets_and_there_is_one(
    ticket: Ticket, desk: Cast, now: datetime, open_ticket: Callable[..., Ticket]
) -> None:
    other = open_ticket(subject="另一张", beside=True)
    found = outcomes(
        *(
            lambda at=at: letter_take(draft=draft(now), ticket=at, actor=desk.agent, now=now)
            for at in (ticket, other)
        )
    )
    assert found == ["done", "done"]
    assert AuthorityCase.objects.count() == 1
    assert sum(Ticket.objects.values_list("cases_open", flat=True)) == 1
    assert Clock.objects.filter(promise="authority_reply").count() == 1


def test_without_the_look_before_the_database_refuses_the_second(take: Take, now: datetime) -> None:
    row = take()
    row.pk, row.number, row.public_id = None, "JG-2", "x" * 22
    with pytest.raises(IntegrityError, match="authority_letter_once"), transaction.atomic():
        AuthorityCase.objects.bulk_create([row])


def test_a_new_draft_and_the_approval_of_the_old_one_leave_no_doubt(
    take: Take, desk: Cast, now: datetime
) -> None:
    row = to_approve(take(), desk, now)
    outcomes(
        lambda: reply_draft(letter=row, text="新的一版", actor=desk.lead, now=now, version=row.version),
        lambda: reply_approve(letter=row, actor=desk.supervisor, now=now, version=row.version),
    )
    after = AuthorityCase.objects.get()
    assert (after.state, after.versions) in [("drafted", 2), ("approved", 1)]


def test_a_reply_and_a_withdrawal_at_once_leave_one_of_them(take: Take, desk: Cast, now: datetime) -> None:
    row = to_approve(take(), desk, now)
    row = reply_approve(letter=row, actor=desk.supervisor, now=now)
    found = outcomes(
        lambda: reply_sent(letter=row, sent_by="fax", reference="1", actor=desk.lead, now=now),
        lambda: letter_withdraw(letter=row, reference="函", actor=desk.lead, now=now),
    )
    assert found == ["done", "wrong_state"]
    after = AuthorityCase.objects.get()
    assert Clock.objects.get(pk=after.clock_id).state == ("met" if after.state == "replied" else "cancelled")
