"""Clocks in a promotion: what began in it keeps its limit, what began before it keeps the usual one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from aftersales.clocks import selectors, services
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.standards.promoting import services as promotions
from tests.clocks.conftest import KIND, Desk

pytestmark = pytest.mark.django_db
Find = Callable[..., Clock]


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_a_clock_keeps_what_it_started_with_and_says_where_it_came_from(
    desk: Desk, clock: Find, cast: Any
) -> None:
    before = desk.open()
    row = promotions.promotion_draft(
        name_zh="双 11", name_en="Double 11", starts_at=desk.now + hours(1), ends_at=desk.now + hours(5),
        reason="高峰", actor=cast.operations, now=desk.now,
    )  # fmt: skip
    row = promotions.override_set(
        promotion=row, sort="standard", code="solution_agreed", value=60, unit="hours", actor=cast.operations,
        now=desk.now,
    )  # fmt: skip
    promotions.promotion_activate(promotion=row, actor=cast.supervisor, now=desk.now)
    # When one begins in it and one after it
    inside, after = desk.open(at=desk.now + hours(2)), desk.open(at=desk.now + hours(6))
    found = {name: clock(thing, "solution_agreed") for name, thing in
             (("before", before), ("inside", inside), ("after", after))}  # fmt: skip
    spans = {name: one.due_at - one.started_at for name, one in found.items()}
    assert spans == {"before": hours(48), "inside": hours(60), "after": hours(48)}
    # Then the clock cites the promotion's version, and says so
    version = found["inside"].standard_version
    assert version is not None
    assert version.promotion == row
    told = Event.objects.about(KIND, inside.pk).get(kind="clock.started", payload__promise="solution_agreed")
    assert told.rule_version == version.citation
    with translation.override("en"):
        assert any("Double 11" in one for one in selectors.explain(found["inside"], desk.now).sentences)
    # And a grading after its end does not take the clock over, nor does a replay of the events
    desk.tell("graded", inside, at=desk.now + hours(7))
    assert clock(inside, "solution_agreed").due_at == found["inside"].due_at
    assert services.rebuild(KIND, [before.pk, inside.pk, after.pk], desk.now + hours(8)).is_same
