"""Two sweeps and a late answer at the same moment: each clock moves once."""

from collections.abc import Callable
from typing import Any

import pytest

from aftersales.clocks import services
from aftersales.clocks.models import Clock
from aftersales.clocks.states import ClockState
from aftersales.core.models import Event
from tests.clocks.conftest import Desk
from tests.clocks.test_engine import hours
from tests.toy.fixtures import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


@pytest.fixture
def busy_desk(transactional_db: None, cast: Any, now: Any) -> Desk:
    return Desk(cast.agent, now)


def test_sweeps_at_the_same_moment_breach_each_clock_once(busy_desk: Desk, machine_user: Any) -> None:
    things = busy_desk.open_many(30)
    later = busy_desk.now + hours(25)
    sweeps: list[Callable[[], Any]] = [lambda: services.sweep(later, actor=machine_user)] * 4
    found = at_once(sweeps)
    assert sum(swept.breached for swept in found) == 30
    assert Event.objects.filter(kind="clock.breached").count() == 30
    assert Clock.objects.filter(state=ClockState.BREACHED).count() == len(things)


def test_an_answer_and_a_sweep_at_the_same_moment_end_in_one_kept_late_clock(
    busy_desk: Desk, machine_user: Any
) -> None:
    thing = busy_desk.open()
    later = busy_desk.now + hours(25)
    at_once(
        [
            lambda: services.sweep(later, actor=machine_user),
            lambda: busy_desk.tell("replied", thing, at=later),
        ]
    )
    services.sweep(later, actor=machine_user)
    clock = Clock.objects.get(subject_id=thing.pk, promise="first_response")
    assert clock.state == ClockState.MET_LATE
    assert Event.objects.filter(kind="clock.breached").count() == 1
