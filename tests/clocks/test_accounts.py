"""The account of a clock: every count it went through, in words, adding up; the reply promise."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from aftersales.clocks.accounts import account, accounts, document
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError
from aftersales.standards import services as standards
from aftersales.standards.models import ServiceStandard
from tests.clocks.conftest import KIND, Desk

pytestmark = pytest.mark.django_db
Find = Callable[..., Clock]


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_a_count_that_a_stricter_rule_took_over_is_told_before_the_one_that_stands(
    desk: Desk, clock: Find
) -> None:
    # Given a minor problem that becomes critical after two hours
    thing = desk.open()
    desk.become(thing, "regraded", at=desk.now + hours(2), severity="critical")
    # When its first answer is accounted for
    told = account(clock(thing, "first_response"), desk.now + hours(3))
    # Then the day that was promised first is there, void after two hours, and then the quarter of an hour
    first, last = told.counts
    assert (first.citation, first.void, first.total) == ("first_response_general v1", True, "2小时")
    assert (last.citation, last.void, last.total) == ("first_response_critical v1", False, "15分")
    assert last.start == desk.now + hours(2)
    with translation.override("en"):
        sentence = account(clock(thing, "first_response"), desk.now + hours(3)).sentences[0]
    assert "until a stricter rule took over: its grade changes" in sentence


def test_a_pause_before_a_stricter_rule_is_not_lost_from_the_account(desk: Desk, clock: Find) -> None:
    thing = desk.open(severity="major")
    desk.tell("waiting", thing, at=desk.now + hours(1), **{"for": "customer"})
    desk.tell("resumed", thing, at=desk.now + hours(4))
    done = clock(thing, "done")
    told = account(done, desk.now + hours(5))
    (count,) = told.counts
    assert [row.tone for row in count.rows] == ["counts", "stood", "counts"]
    assert sum(row.worked_seconds for row in count.rows) == 48 * 3600
    assert [part.kind for part in told.line] == ["stood"]


def test_a_clock_that_stands_says_what_is_left(desk: Desk, clock: Find) -> None:
    thing = desk.open(severity="major")
    desk.tell("waiting", thing, at=desk.now + hours(8), **{"for": "customer"})
    (count,) = account(clock(thing, "done"), desk.now + hours(20)).counts
    assert [(row.tone, row.worked_seconds) for row in count.rows] == [
        ("counts", 8 * 3600), ("stood", 0), ("left", 40 * 3600),
    ]  # fmt: skip
    assert count.rows[1].end == desk.now + hours(20)


def test_the_accounts_of_a_ticket_take_one_query(
    desk: Desk, django_assert_num_queries: Callable[[int], Any]
) -> None:
    thing = desk.open(severity="critical")
    clocks = list(Clock.objects.of(KIND, thing.pk))
    accounts(clocks, desk.now)
    with django_assert_num_queries(1):
        told = accounts(clocks, desk.now)
    assert len(told) == len(clocks) > 2
    assert all(document(one)["counts"] for one in told)


def test_a_wait_for_a_third_party_does_not_stop_the_reply_to_a_customer(desk: Desk, clock: Find) -> None:
    # Given a customer's message that nobody has answered
    thing = desk.open()
    desk.tell("replied", thing, at=desk.now + hours(1))
    desk.tell("customer_wrote", thing, at=desk.now + hours(2))
    # When the ticket waits for the carrier, and the customer writes again
    desk.tell("waiting", thing, at=desk.now + hours(3), **{"for": "carrier"})
    desk.tell("customer_wrote", thing, at=desk.now + hours(9))
    # Then the answer is still due a day after the first of the two
    reply = clock(thing, "reply")
    assert (reply.state, reply.round, reply.due_at) == ("running", 1, desk.now + hours(26))


@pytest.mark.parametrize("kind", ["statutory", "obligation"])
def test_a_rule_by_which_waiting_would_stop_the_law_is_refused(kind: str, desk: Desk, cast: Any) -> None:
    standard = ServiceStandard.objects.get(code="merchant_answer")
    with pytest.raises(DomainError, match=r"只暂停|only") as refused:
        standards.standard_draft(
            standard=standard, actor=cast.operations, now=desk.now, clock_kind=kind,
            pauses_on=["ticket.waiting?for=customer"], resumes_on=["ticket.resumed"],
        )  # fmt: skip
    assert refused.value.code == "waits_run_on"
