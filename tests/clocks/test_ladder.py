"""The escalation ladder: each rung once per clock, by rule, set-based, until the clock ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.clocks import services
from aftersales.clocks.ladder import next_step, rung_at, rungs_at_hand
from aftersales.clocks.models import Clock, Escalation, LadderRung
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.standards import services as standards
from tests.clocks.conftest import KIND, Desk

pytestmark = pytest.mark.django_db
Find = Callable[..., Clock]


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def steps(thing: Any) -> list[tuple[str, str]]:
    told = Event.objects.about(KIND, thing.pk).filter(kind="clock.escalated").order_by("id")
    return [(event.payload["promise"], event.payload["to"]) for event in told]


@pytest.fixture
def percent_rung(cast: Any, desk: Desk) -> LadderRung:
    """Half the time of a first response used: who works on it is told."""
    draft = services.rung_draft(
        code="half", actor=cast.operations, now=desk.now, name_zh="过半", name_en="Half", moment="percent", value=50,
        to="holder", by="digest", promises=["first_response"], source_ref="R3.4", source_zh="—", source_en="—",
    )  # fmt: skip
    row: LadderRung = standards.rule_activate(draft=draft, actor=cast.supervisor, now=desk.now)
    return row


def test_a_promise_that_is_late_goes_to_the_lead_once(desk: Desk, clock: Find, machine_user: Any) -> None:
    # Given a clock that ran out
    thing = desk.open()
    due = clock(thing, "first_response").due_at
    services.sweep(due, actor=machine_user)
    assert steps(thing) == []
    # When the sweep comes twice after it
    services.sweep(due + minutes(1), actor=machine_user)
    services.sweep(due + minutes(2), actor=machine_user)
    # Then the lead is named once, by the rule that says so
    assert steps(thing) == [("first_response", "lead")]
    event = Event.objects.about(KIND, thing.pk).get(kind="clock.escalated")
    assert event.rule_version == "lead_when_late v1"
    assert event.payload["by"] == "digest"


def test_a_share_of_the_working_time_is_reached_to_the_minute(
    desk: Desk, clock: Find, machine_user: Any, percent_rung: LadderRung
) -> None:
    thing = desk.open()
    half = desk.now + timedelta(hours=12)
    assert rung_at(clock(thing, "first_response"), percent_rung) == half
    services.escalate(half - minutes(1), actor=machine_user)
    assert steps(thing) == []
    services.escalate(half, actor=machine_user)
    assert steps(thing) == [("first_response", "holder")]


def test_half_of_a_chat_desks_time_is_not_reached_at_night(
    desk: Desk, clock: Find, machine_user: Any, percent_rung: LadderRung
) -> None:
    # Given an hour of the chat desk's time that begins half an hour before it shuts
    late_evening = desk.now.replace(hour=14, minute=50)  # 22:50 in Shanghai
    thing = desk.open(at=late_evening, channel="web")
    reached = rung_at(clock(thing, "first_response"), percent_rung)
    # Then half of it is used at 08:20, not at 23:20
    assert reached == late_evening + timedelta(hours=9, minutes=30)
    services.escalate(late_evening + timedelta(hours=5), actor=machine_user)
    assert steps(thing) == []
    services.escalate(reached, actor=machine_user)
    assert steps(thing) == [("first_response", "holder")]


def test_what_ended_stands_or_is_history_goes_up_no_ladder(
    desk: Desk, clock: Find, machine_user: Any
) -> None:
    kept, standing, old = desk.open(), desk.open(severity="major"), desk.open(historic=True)
    desk.tell("replied", kept, at=desk.now + minutes(5))
    desk.tell("planned", kept, standing, at=desk.now + minutes(5))
    desk.tell("replied", standing, at=desk.now + minutes(5))
    desk.tell("started", standing, at=desk.now + minutes(5))
    for thing in (kept, standing):
        desk.tell("waiting", thing, at=desk.now + minutes(6), **{"for": "customer"})
    services.sweep(desk.now + timedelta(days=9), actor=machine_user)
    assert steps(kept) == steps(standing) == steps(old) == []


def test_a_rung_may_ask_for_a_severity(
    desk: Desk, clock: Find, machine_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    grave, mild = desk.open(severity="critical"), desk.open()
    monkeypatch.setattr("aftersales.clocks.services.ladder._graded", graded_as([grave.pk]))
    services.sweep(desk.now + timedelta(days=3), actor=machine_user)
    assert ("first_response", "supervisor") in steps(grave)
    assert {to for _promise, to in steps(mild)} == {"lead"}


def graded_as(ids: list[int]) -> Callable[[Any], Any]:
    from django.db.models import Q

    return lambda severities: Q(subject_id__in=ids)


def test_the_ladder_takes_a_fixed_number_of_statements(desk: Desk, machine_user: Any) -> None:
    def statements(number: int, at: timedelta) -> int:
        desk.open_many(number, at=desk.now + at)
        with CaptureQueriesContext(connection) as asked:
            services.escalate(desk.now + at + timedelta(days=30), actor=machine_user)
        return len(asked)

    few = statements(2, timedelta(0))
    many = statements(60, timedelta(days=1))
    assert many <= few
    assert Escalation.objects.count() == 62 * 2  # first response and solution, to the lead


def test_the_card_names_the_next_rung(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    found = clock(thing, "first_response")
    step = next_step(found, "minor", rungs_at_hand(desk.now), desk.now)
    assert step is not None
    assert (step.rung.to, step.at) == ("lead", found.due_at)
    after = next_step(found, "minor", rungs_at_hand(desk.now), found.due_at)
    assert after is None
    grave = next_step(found, "critical", rungs_at_hand(desk.now), found.due_at)
    assert grave is not None
    assert (grave.rung.to, grave.at) == ("supervisor", found.due_at + minutes(60))


def test_a_new_version_of_a_rung_acts_from_its_activation_and_needs_a_second_person(
    desk: Desk, clock: Find, machine_user: Any, cast: Any
) -> None:
    draft = services.rung_draft(code="lead_when_late", actor=cast.operations, now=desk.now, value=30)
    with pytest.raises(Refused):
        standards.rule_activate(draft=draft, actor=cast.operations, now=desk.now)
    standards.rule_activate(draft=draft, actor=cast.supervisor, now=desk.now)
    thing = desk.open()
    due = clock(thing, "first_response").due_at
    services.sweep(due + minutes(30), actor=machine_user)
    assert steps(thing) == []
    services.sweep(due + minutes(31), actor=machine_user)
    assert steps(thing) == [("first_response", "lead")]


def test_a_rung_without_sense_or_right_is_refused(desk: Desk, cast: Any) -> None:
    with pytest.raises(NotPermitted):
        services.rung_draft(code="lead_when_late", actor=cast.agent, now=desk.now, value=1)
    with pytest.raises(DomainError, match=r"1|100"):
        services.rung_draft(
            code="lead_when_late", actor=cast.operations, now=desk.now, moment="percent", value=101
        )


def test_loading_the_ladder_again_changes_nothing(desk: Desk, machine_user: Any) -> None:
    assert services.ladder_load(actor=machine_user, now=desk.now) == {"rungs": 0}
