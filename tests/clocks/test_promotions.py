"""Clocks in a promotion: what began in it keeps its limit, what began before it keeps the usual one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from aftersales.clocks import selectors, services
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.standards import services as standards
from aftersales.standards.models import ServiceStandard
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


def test_a_new_usual_version_for_open_tickets_too_leaves_what_began_in_the_promotion(
    desk: Desk, clock: Find, cast: Any, machine_user: Any
) -> None:
    row = promotions.promotion_draft(
        name_zh="双 11", name_en="Double 11", starts_at=desk.now + hours(1), ends_at=desk.now + hours(5),
        reason="高峰", actor=cast.operations, now=desk.now,
    )  # fmt: skip
    row = promotions.override_set(
        promotion=row, sort="standard", code="solution_agreed", value=60, unit="hours", actor=cast.operations,
        now=desk.now,
    )  # fmt: skip
    promotions.promotion_activate(promotion=row, actor=cast.supervisor, now=desk.now)
    before, inside = desk.open(), desk.open(at=desk.now + hours(2))
    at = desk.now + hours(3)
    draft = standards.standard_draft(
        standard=ServiceStandard.objects.get(code="solution_agreed"),
        actor=cast.operations,
        now=at,
        limit_value=36,
    )
    effects = selectors.effects_of([draft], at)[draft.pk]
    assert [one.due_then for one in effects] == [desk.now + hours(36)], "and the draft shows no other"
    version = standards.rule_activate(draft=draft, actor=cast.supervisor, now=at, open_too=True)
    services.recount(version.pk, now=at, actor=machine_user)
    assert clock(before, "solution_agreed").due_at == desk.now + hours(36)
    found = clock(inside, "solution_agreed")
    assert found.due_at == desk.now + hours(62)
    assert found.standard_version is not None
    assert found.standard_version.promotion == row
    assert services.rebuild(KIND, [before.pk, inside.pk], at).is_same
