"""Several writers at one account, at one source, at the end of a month."""

import contextlib
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from aftersales.core.errors import DomainError
from aftersales.ledger import chart, selectors, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, Journal, Period
from aftersales.ledger.services import months, posting
from aftersales.ledger.states import Shortage
from tests.toy.fixtures import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def act(cast: Any, now: Any, number: int, *lines: Line, **more: Any) -> Any:
    finance = cast.finance
    return lambda: services.post(
        **(
            {
                "source": ("tests.thing", number),
                "kind": "penalty",
                "lines": lines,
                "actor": finance,
                "now": now,
            }
            | more
        )
    )


def test_four_writers_lose_nothing(cast, now, funded) -> None:
    line = Line(chart.deposit(funded), chart.PROTECTION, Decimal(1))

    def writer(first: int) -> Any:
        each = [act(cast, now, first + number, line) for number in range(10)]
        return lambda: [one() for one in each]

    answers = at_once([writer(1000 * number) for number in range(1, 5)])
    assert not [one for one in answers if isinstance(one, Exception)]
    assert selectors.balance(chart.deposit(funded)) == 60
    assert Journal.objects.count() == 41
    assert list(selectors.faults()) == []


def test_eight_who_post_the_same_post_it_once(cast, now, funded) -> None:
    """A retry that ran into the first try."""
    line = Line(chart.deposit(funded), chart.PROTECTION, Decimal(9))
    answers = at_once([act(cast, now, 7, line) for _ in range(8)])
    assert sorted(one.created for one in answers) == [False] * 7 + [True]
    assert len({one.journal.pk for one in answers}) == 1
    assert list(selectors.faults()) == []


def test_one_source_over_accounts_that_do_not_meet_is_posted_once(cast, now) -> None:
    """No account keeps them apart, the unique source does; the others hear that something else was posted."""
    works = [
        act(
            cast,
            now,
            7,
            Line(chart.deposit(number), chart.payable(number), Decimal(9), shortage=Shortage.OVERDRAW),
        )
        for number in range(1, 5)
    ]
    answers = at_once(works)
    assert [one.created for one in answers if not isinstance(one, Exception)] == [True]
    assert {one.code for one in answers if isinstance(one, DomainError)} == {"posted_otherwise"}
    assert list(selectors.faults()) == []


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read the account before either writes, if no lock keeps them apart."""
    gate = threading.Barrier(2)
    locked = posting._locked

    def slow(*args: Any) -> Any:
        found = locked(*args)
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(0.7)
        return found

    monkeypatch.setattr(posting, "_locked", slow)


@pytest.mark.parametrize("lock", [True, False])
def test_two_take_the_last_money_of_a_deposit(cast, now, funded, monkeypatch, meeting, lock) -> None:
    """¥100 are there, two take ¥80: one is refused. Without the lock both believe that they got it."""
    Account.objects.create(kind="consumer_protection", unit="CNY", opened_at=now)
    if not lock:
        monkeypatch.setattr(posting, "_LOCK", posting._LOCK.replace("FOR UPDATE", ""))
    line = Line(chart.deposit(funded), chart.PROTECTION, Decimal(80))
    answers = at_once([act(cast, now, 1, line), act(cast, now, 2, line)])
    refused = [one for one in answers if isinstance(one, DomainError)]
    assert len(refused) == (1 if lock else 0)
    assert bool(list(selectors.faults())) is not lock


def test_two_cover_from_the_same_deposit(cast, now, funded, meeting) -> None:
    line = Line(chart.deposit(funded), chart.PROTECTION, Decimal(80), shortage=Shortage.COVER)
    answers = at_once([act(cast, now, 1, line), act(cast, now, 2, line)])
    assert sorted(one.covered for one in answers) == [20, 80]


def test_opposite_lines_do_not_deadlock(cast, now) -> None:
    there, back = Line(chart.COST, chart.CASH, Decimal(1)), Line(chart.CASH, chart.COST, Decimal(1))
    works = [act(cast, now, number, there if number % 2 else back) for number in range(8)]
    assert all(not isinstance(one, Exception) for one in at_once(works))
    assert list(selectors.faults()) == []


def test_a_month_closes_before_or_after_an_entry_never_around_it(cast, now, funded, monkeypatch) -> None:
    end = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    gate = threading.Barrier(2)
    locking = months._shared

    def slow(month: date) -> Any:
        state = locking(month)
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(0.7)
        return state

    monkeypatch.setattr(months, "_shared", slow)
    finance = cast.finance

    def close() -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(5)
        return services.period_close(month=date(2026, 11, 1), actor=finance, now=end)

    line = Line(chart.deposit(funded), chart.PROTECTION, Decimal(1))
    posted, closed = at_once([act(cast, end, 1, line, booked_at=now), close])
    assert posted.created
    assert closed.state == "closed"
    assert Period.objects.get().closed_at == end
    assert Journal.objects.filter(month=date(2026, 11, 1)).count() == 2
