"""Who judges counts first: what another counts at that moment is waited for, and nobody waits in a circle."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from threading import Event
from typing import Any

import pytest
from django.db import connection

from aftersales.scorecards import services
from aftersales.scorecards.models import Rollup, Touched
from aftersales.scorecards.services import counting
from tests.department import book
from tests.records import merchant as a_merchant
from tests.records import order as an_order
from tests.scorecards.conftest import noted
from tests.toy.fixtures import at_once

__all__ = ["book"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
Run = Callable[[Callable[[], Any]], "Future[Any]"]


@pytest.fixture
def run() -> Iterator[Run]:
    """Beside the test, on a connection of its own."""

    def closing(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        yield lambda work: pool.submit(closing, work)


class Sweep:
    """A sweep that holds what it took until it may go on, and then counts it or breaks."""

    def __init__(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held, self.go, self.breaks = Event(), Event(), False
        self.count = counting._count
        monkeypatch.setattr(counting, "_count", self._slow)
        self.done = run(lambda: services.refresh(waits=False))
        assert self.held.wait(10)

    def _slow(self, rows: Any) -> int:
        if self.held.is_set():
            return self.count(rows)
        self.held.set()
        assert self.go.wait(20)
        if self.breaks:
            raise RuntimeError("the sweep broke")
        return self.count(rows)


@pytest.fixture
def touched(book: None, now: datetime) -> None:
    an_order("A-1", now, merchant=a_merchant("M1", now))
    noted(now)
    assert Touched.objects.exists()


def judge(*, waits: bool) -> bool:
    """Whether the order is counted once one goes on to judge."""
    services.refresh(waits=waits)
    return Rollup.objects.filter(metric="orders", subject_kind="merchant").exists()


def test_without_waiting_one_would_judge_on_figures_that_are_not_counted(
    touched: None, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = Sweep(run, monkeypatch)
    try:
        assert not judge(waits=False), "the race that the waiting is there for"
    finally:
        sweep.go.set()
    assert sweep.done.result(20)["touched"]
    assert judge(waits=False)


@pytest.mark.parametrize("breaks", [False, True])
def test_who_judges_waits_for_the_sweep_and_counts_what_it_left(
    touched: None, run: Run, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    sweep = Sweep(run, monkeypatch)
    judged = run(lambda: judge(waits=True))
    try:
        with pytest.raises(TimeoutError):
            judged.result(0.5)
        assert services.refresh(waits=False) == {"touched": 0, "figures": 0}, "another sweep waits for nobody"
    finally:
        sweep.breaks = breaks
        sweep.go.set()
    assert judged.result(20)
    assert isinstance(sweep.done.exception(20), RuntimeError) == breaks
    assert not Touched.objects.exists()


def test_many_at_once_count_everything_and_none_waits_for_ever(
    touched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        services.touch(subject_kind="orders.order", subject_id=number)
    monkeypatch.setattr(counting, "BATCH", 1)
    works = [lambda: services.refresh(), lambda: services.refresh(waits=False), lambda: services.recount()]
    answers = at_once(works * 2)
    assert not [one for one in answers if isinstance(one, Exception) or one is None]
    assert not Touched.objects.exists()
    assert Rollup.objects.filter(metric="orders", subject_kind="merchant").exists()
