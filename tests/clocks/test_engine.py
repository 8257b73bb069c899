"""Clocks start, pause, stop, tighten and move with the work; in few statements whatever the number."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from aftersales.clocks.models import Clock
from aftersales.clocks.states import ClockState
from aftersales.core.models import Event
from aftersales.standards import services as rule_services
from aftersales.standards.models import ServiceStandard, StandardVersion
from tests.clocks.conftest import KIND, Desk, Thing

pytestmark = pytest.mark.django_db
Find = Callable[[Thing, str], Clock]


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def promises(thing: Thing) -> dict[str, str]:
    return dict(Clock.objects.of(KIND, thing.pk).values_list("promise", "state"))


def kinds(thing: Thing) -> list[str]:
    return list(Event.objects.about(KIND, thing.pk).order_by("id").values_list("kind", flat=True))


def test_opening_a_ticket_starts_the_promises_its_grade_is_owed(desk: Desk) -> None:
    plain, major = desk.open(severity="minor"), desk.open(severity="major")
    assert promises(plain) == {"first_response": "running", "solution_agreed": "running"}
    assert set(promises(major)) == {"first_response", "solution_agreed", "emergency_response", "plan", "done"}


@pytest.mark.parametrize(
    ("known", "due"),
    [
        ({"severity": "minor"}, hours(24)),
        ({"severity": "major"}, hours(1)),
        ({"severity": "critical"}, hours(0.25)),
        ({"channel": "chat"}, hours(0.05)),
        ({"channel": "app"}, hours(1)),
        ({"channel": "app", "severity": "critical"}, hours(0.25)),
        ({"tags": frozenset({"urgent"})}, hours(2)),
        ({"customer_class": "key"}, hours(2)),
        ({"nature": "complaint"}, hours(24)),
    ],
)
def test_of_several_fitting_standards_the_strictest_is_owed(
    desk: Desk, clock: Find, known: dict[str, Any], due: timedelta
) -> None:
    assert clock(desk.open(**known), "first_response").due_at == desk.now + due


def test_a_clock_cites_the_version_that_was_in_force(desk: Desk, clock: Find, cast: Any) -> None:
    # Given a ticket under version 1, and version 2 in force since then
    before = desk.open(severity="minor")
    standard = ServiceStandard.objects.get(code="solution_agreed")
    row = rule_services.standard_draft(standard=standard, actor=cast.operations, now=desk.now, limit_value=36)
    rule_services.rule_activate(draft=row, actor=cast.supervisor, now=desk.now)
    # When the next ticket is opened
    after = desk.open(severity="minor")
    # Then each keeps the version of its own time
    assert clock(before, "solution_agreed").standard_version.citation == "solution_agreed v1"
    assert clock(after, "solution_agreed").standard_version.citation == "solution_agreed v2"
    assert clock(after, "solution_agreed").due_at == desk.now + hours(36)


@pytest.mark.parametrize(
    "code", ["first_response_general", "solution_agreed", "plan_major", "done", "emergency_response_major"]
)
def test_a_changed_limit_moves_the_clock(desk: Desk, clock: Find, code: str) -> None:
    standard = ServiceStandard.objects.get(code=code)
    known = {"severity": "minor" if code in {"first_response_general", "solution_agreed"} else "major"}
    before = clock(desk.open(**known), standard.promise).due_at
    StandardVersion.objects.filter(standard=standard).update(limit_value=1, limit_unit="minutes")
    after = clock(desk.open(**known), standard.promise).due_at
    assert after == desk.now + timedelta(minutes=1) < before


def test_answering_keeps_the_first_response_and_leaves_the_rest(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("replied", thing, at=desk.now + hours(3))
    found = clock(thing, "first_response")
    assert (found.state, found.met_at, found.breached_at) == (ClockState.MET, desk.now + hours(3), None)
    assert promises(thing)["solution_agreed"] == "running"


def test_answering_too_late_is_a_breach_that_was_kept_late(desk: Desk, clock: Find, cast: Any) -> None:
    thing = desk.open(assignee_id=cast.agent.pk)
    desk.tell("replied", thing, at=desk.now + hours(25))
    found = clock(thing, "first_response")
    assert (found.state, found.breached_at) == (ClockState.MET_LATE, desk.now + hours(24))
    assert found.breach_holder_id == cast.agent.pk
    assert kinds(thing)[-2:] == ["clock.breached", "clock.met_late"]
    assert Event.objects.about(KIND, thing.pk).last().payload["late_minutes"] == 60


def test_the_moment_it_is_due_still_counts_as_kept(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("replied", thing, at=desk.now + hours(24))
    assert clock(thing, "first_response").state == ClockState.MET


def test_waiting_for_the_customer_gives_the_time_back(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("waiting", thing, at=desk.now + hours(10), **{"for": "customer"})
    assert clock(thing, "solution_agreed").state == ClockState.PAUSED
    assert promises(thing)["first_response"] == "running"  # the customer still waits for a first answer
    desk.tell("resumed", thing, at=desk.now + hours(30))
    found = clock(thing, "solution_agreed")
    assert (found.state, found.due_at) == (ClockState.RUNNING, desk.now + hours(68))
    assert found.pauses == [
        [(desk.now + hours(10)).isoformat(), (desk.now + hours(30)).isoformat(), "customer"]
    ]


def test_waiting_for_the_merchant_pauses_nothing_and_his_clock_starts_when_he_has_the_question(
    desk: Desk, clock: Find
) -> None:
    thing = desk.open(merchant_id=7)
    desk.tell("waiting", thing, **{"for": "merchant"})
    assert promises(thing)["solution_agreed"] == "running"
    assert "merchant_answer" not in promises(thing)
    desk.tell("merchant_told", thing)
    found = clock(thing, "merchant_answer")
    assert (found.owed_by, found.kind, found.audience) == ("merchant", "obligation", "merchant")
    assert (found.merchant_id, found.due_at) == (7, desk.now + hours(48))


def test_a_worse_grade_tightens_the_clock_from_now_on(desk: Desk, clock: Find) -> None:
    thing = desk.open(severity="minor")
    later = desk.now + hours(5)
    desk.become(thing, "regraded", severity="critical", at=later)
    found = clock(thing, "first_response")
    assert (found.started_at, found.counted_from) == (desk.now, later)
    assert found.due_at == later + timedelta(minutes=15)
    assert "plan" in promises(thing)


def test_a_worse_grade_never_gives_more_time(desk: Desk, clock: Find) -> None:
    thing = desk.open(severity="minor")
    desk.become(thing, "regraded", severity="major", at=desk.now + hours(23.5))
    assert clock(thing, "first_response").due_at == desk.now + hours(24)


def test_a_milder_grade_keeps_the_first_clock(desk: Desk, clock: Find) -> None:
    thing = desk.open(severity="critical")
    before = clock(thing, "first_response").due_at
    desk.become(thing, "regraded", severity="minor", at=desk.now + timedelta(minutes=5))
    assert clock(thing, "first_response").due_at == before
    assert "clock.retargeted" not in kinds(thing)


def test_a_kept_promise_does_not_start_again_with_a_new_grade(desk: Desk) -> None:
    thing = desk.open()
    desk.tell("replied", thing)
    desk.become(thing, "regraded", severity="major")
    assert Clock.objects.of(KIND, thing.pk).filter(promise="first_response").count() == 1


def test_reopening_starts_a_second_round(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("resolved", thing, at=desk.now + hours(2), told="yes")
    desk.tell("reopened", thing, at=desk.now + hours(9))
    found = clock(thing, "solution_agreed")
    assert (found.round, found.state, found.due_at) == (2, ClockState.RUNNING, desk.now + hours(57))


def test_cancelling_drops_what_runs_and_keeps_a_breach(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("cancelled", thing, at=desk.now + hours(30))
    response, solution = clock(thing, "first_response"), clock(thing, "solution_agreed")
    assert (response.state, response.breached_at) == (ClockState.BREACHED, desk.now + hours(24))
    assert response.ended_at == solution.ended_at == desk.now + hours(30)
    assert solution.state == ClockState.CANCELLED


def test_each_message_of_the_customer_is_owed_one_answer(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("customer_wrote", thing, at=desk.now + hours(1))
    desk.tell("customer_wrote", thing, at=desk.now + hours(2))
    assert clock(thing, "reply").due_at == desk.now + hours(25)  # the first unanswered message counts
    desk.tell("replied", thing, at=desk.now + hours(3))
    desk.tell("customer_wrote", thing, at=desk.now + hours(4))
    assert (clock(thing, "reply").round, clock(thing, "reply").due_at) == (2, desk.now + hours(28))


def test_closing_starts_the_archive_clock_and_archiving_keeps_it(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("resolved", thing)
    desk.tell("confirmed", thing, at=desk.now + hours(1))
    assert clock(thing, "archive").due_at == desk.now + hours(25)
    desk.tell("archived", thing, at=desk.now + hours(2))
    assert clock(thing, "archive").state == ClockState.MET


@pytest.mark.parametrize("answer", ["confirmed", "verified", "refused_solution", "contact_tried"])
def test_verification_is_kept_by_an_answer_or_a_person_however_long_the_customer_took(
    desk: Desk, clock: Find, answer: str
) -> None:
    thing = desk.open()
    desk.tell("resolved", thing)
    desk.tell("asked_to_confirm", thing, at=desk.now + hours(1), then="silence")
    assert clock(thing, "verification").state == ClockState.PAUSED
    desk.tell(answer, thing, at=desk.now + hours(60))
    assert clock(thing, "verification").state == ClockState.MET


def test_silence_drops_verification_and_a_message_that_did_not_arrive_lets_it_run(
    desk: Desk, clock: Find
) -> None:
    thing = desk.open()
    desk.tell("resolved", thing)
    desk.tell("not_asked", thing, at=desk.now + hours(1))
    assert clock(thing, "verification").is_breached(desk.now + hours(25))
    desk.tell("asked_to_confirm", thing, at=desk.now + hours(2), then="silence")
    desk.tell("closed", thing, at=desk.now + hours(80))
    assert clock(thing, "verification").state == ClockState.CANCELLED


def test_a_breach_is_charged_to_who_held_it_when_time_ran(desk: Desk, clock: Find, cast: Any) -> None:
    thing = desk.open(assignee_id=cast.agent.pk, team_id=3)
    desk.become(thing, "assigned", assignee_id=cast.lead.pk, team_id=4, at=desk.now + hours(25))
    found = clock(thing, "first_response")
    assert (found.breach_holder_id, found.breach_team_id) == (cast.agent.pk, 3)
    assert (found.holder_id, found.holder_team_id) == (cast.lead.pk, 4)


def test_the_row_in_memory_learns_what_is_due_next(desk: Desk) -> None:
    thing = desk.open(severity="major")
    assert thing.told["next_due_at"] == desk.now + hours(1)
    assert thing.told["next_promise"] in {"first_response", "emergency_response"}
    assert thing.told["warn_at"] == desk.now + timedelta(minutes=45)
    desk.tell("replied", thing)
    assert thing.told["next_promise"] == "plan"
    desk.tell("resolved", thing)
    desk.tell("asked_to_confirm", thing, then="person")
    assert thing.told["next_promise"] == "verification"  # a message that asks is no verification
    desk.tell("verified", thing)
    assert thing.told["next_promise"] == "archive"


def test_a_paused_clock_is_not_what_is_due_next(desk: Desk) -> None:
    thing = desk.open()
    desk.tell("replied", thing)
    desk.tell("waiting", thing, **{"for": "customer"})
    assert thing.told["next_due_at"] is None


def test_every_clock_event_names_its_rule(desk: Desk) -> None:
    thing = desk.open()
    found = Event.objects.about(KIND, thing.pk).filter(kind="clock.started")
    assert set(found.values_list("rule_version", flat=True)) == {
        "first_response_general v1",
        "solution_agreed v1",
    }


def test_older_facts_get_clocks_of_their_own_time(desk: Desk, clock: Find) -> None:
    long_ago = desk.now - timedelta(days=400)
    thing = desk.open(at=long_ago, historic=True)
    found = clock(thing, "first_response")
    assert (found.due_at, found.is_historic) == (long_ago + hours(24), True)
    assert found.is_breached(desk.now)


def test_an_event_no_standard_knows_changes_nothing(desk: Desk) -> None:
    thing = desk.open()
    before = promises(thing)
    desk.tell("noted", thing)
    assert promises(thing) == before


@pytest.mark.parametrize("number", [1, 40])
def test_the_number_of_statements_does_not_grow_with_the_number_of_tickets(desk: Desk, number: int) -> None:
    desk.open()  # the rule book is read
    with CaptureQueriesContext(
        connection,
    ) as opened:
        things = desk.open_many(number)
    assert kinds_of(opened) == ["SELECT", "INSERT", "INSERT"]  # edition, clocks, events
    with CaptureQueriesContext(connection) as answered:
        desk.tell("replied", *things)
    assert kinds_of(answered) == ["SELECT", "WITH", "INSERT"]  # lock with edition, update, events
    with CaptureQueriesContext(connection) as resolved:
        desk.tell("resolved", *things, told="yes")
    assert kinds_of(resolved) == ["SELECT", "INSERT", "WITH", "INSERT"]  # lock, new clocks, update, events


def kinds_of(queries: CaptureQueriesContext) -> list[str]:
    found = [query["sql"].split(None, 1)[0].upper() for query in queries]
    return [word for word in found if word not in {"SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"}]


def test_the_database_refuses_a_clock_moved_beside_the_engine(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    for state in ("met", "cancelled", "paused"):
        with pytest.raises(DatabaseError), transaction.atomic():
            Clock.objects.filter(pk=clock(thing, "first_response").pk).update(state=state)


def test_the_guard_is_shut_again_after_the_engine(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("replied", thing)
    with pytest.raises(DatabaseError), transaction.atomic():
        Clock.objects.filter(pk=clock(thing, "solution_agreed").pk).update(state="met")


def test_a_failed_move_leaves_no_clock(desk: Desk) -> None:
    with transaction.atomic():
        desk.open()
        transaction.set_rollback(True)
    assert not Clock.objects.exists()


def test_events_in_one_batch_are_heard_in_their_order(desk: Desk, clock: Find, now: datetime) -> None:
    thing = desk.open()
    desk.tell("replied", thing, thing)
    assert clock(thing, "first_response").state == ClockState.MET
