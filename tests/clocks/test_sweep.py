"""The sweep warns, breaches and tells the lead; a replay of the events gives the same times."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from aftersales.clocks import selectors, services
from aftersales.clocks.models import Clock
from aftersales.clocks.states import ClockState
from aftersales.core import deliveries, events
from aftersales.core.errors import DomainError
from aftersales.core.models import Delivery, Event
from aftersales.standards import vocabulary
from tests.clocks.conftest import KIND, Desk, Thing
from tests.clocks.test_engine import hours, kinds_of

pytestmark = pytest.mark.django_db
Find = Callable[[Thing, str], Clock]


def test_a_sweep_warns_once_at_three_quarters(desk: Desk, clock: Find, machine_user: Any) -> None:
    thing = desk.open()
    assert services.sweep(desk.now + hours(17.9)).warned == 0
    assert services.sweep(desk.now + hours(18)).warned == 1
    assert services.sweep(desk.now + hours(18.1)).warned == 0
    assert clock(thing, "first_response").warned_at == desk.now + hours(18)
    event = Event.objects.about(KIND, thing.pk).last()
    assert (event.kind, event.actor_id, event.rule_version) == (
        "clock.warned", machine_user.pk, "first_response_general v1",
    )  # fmt: skip


def test_a_sweep_breaches_once_and_names_the_holder(desk: Desk, clock: Find, cast: Any) -> None:
    thing = desk.open(assignee_id=cast.agent.pk, team_id=3)
    swept = services.sweep(desk.now + hours(24.01))
    assert (swept.breached, services.sweep(desk.now + hours(24.02)).breached) == (1, 0)
    found = clock(thing, "first_response")
    assert (found.state, found.breached_at) == (ClockState.BREACHED, desk.now + hours(24))
    payload = Event.objects.about(KIND, thing.pk).filter(kind="clock.breached").get().payload
    assert (payload["holder"], payload["team"]) == (cast.agent.pk, 3)


def test_breached_is_a_question_of_time_not_of_a_sweep(desk: Desk, clock: Find) -> None:
    found = clock(desk.open(), "first_response")
    assert not found.is_breached(desk.now + hours(24))
    assert found.is_breached(desk.now + hours(24) + timedelta(seconds=1))
    assert Clock.objects.breached(desk.now + hours(25)).get() == found


def test_a_paused_clock_is_neither_warned_nor_breached(desk: Desk) -> None:
    thing = desk.open()
    desk.tell("replied", thing)
    desk.tell("waiting", thing, **{"for": "customer"})
    swept = services.sweep(desk.now + hours(500))
    assert (swept.warned, swept.breached) == (0, 0)


def test_a_sweep_takes_batches_and_asks_nothing_per_clock(desk: Desk, machine_user: Any) -> None:
    desk.open_many(23)
    with CaptureQueriesContext(connection) as one_batch:
        swept = services.sweep(desk.now + hours(24.5), actor=machine_user)
    assert swept.breached == 23
    assert kinds_of(one_batch)[:2] == ["WITH", "WITH"]  # breaches with their events, then warnings
    # Then the ladder: its rungs, the rows of each, and for those it takes up one insert of steps and one of events
    assert kinds_of(one_batch)[2:] == ["SELECT", "SELECT", "INSERT", "INSERT"]


def test_a_sweep_writes_the_deliveries_of_its_events(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "_consumers", {})
    monkeypatch.setattr(deliveries, "_names", {**deliveries._names})
    deliveries.subscribe("tests.lead", "clock.breached", lambda event, now: None)
    deliveries.subscribe("tests.other", "ticket.*", lambda event, now: None)
    desk.open_many(3)
    services.sweep(desk.now + hours(24.5))
    found = Delivery.objects.filter(consumer="tests.lead")
    told = Event.objects.filter(kind="clock.breached")
    assert sorted(found.values_list("event_id", flat=True)) == sorted(told.values_list("pk", flat=True))
    assert found.count() == 3


def test_an_event_of_the_sweep_looks_like_one_of_the_engine(desk: Desk, clock: Find, cast: Any) -> None:
    thing = desk.open(assignee_id=cast.agent.pk, team_id=3, merchant_id=7)
    services.sweep(desk.now + hours(25))
    event = Event.objects.about(KIND, thing.pk).get(kind="clock.breached")
    found = clock(thing, "first_response")
    assert event.merchant_id == 7
    assert event.payload == {
        "promise": "first_response", "round": 1, "clock": found.pk, "holder": cast.agent.pk, "team": 3,
        "due_at": event.payload["due_at"],
    }  # fmt: skip
    assert datetime.fromisoformat(event.payload["due_at"]) == found.due_at
    assert "%" not in events.sentence(event)


def test_after_a_sweep_the_guard_is_shut(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    services.sweep(desk.now + hours(25))
    with pytest.raises(DatabaseError), transaction.atomic():
        Clock.objects.filter(pk=clock(thing, "solution_agreed").pk).update(state="met")


def test_a_replay_of_the_events_gives_the_same_times(desk: Desk, cast: Any) -> None:
    # Given tickets with a long life of different kinds
    plain, major, late, back = (
        desk.open(), desk.open(severity="major"), desk.open(), desk.open(merchant_id=7),
    )  # fmt: skip
    desk.become(plain, "assigned", assignee_id=cast.agent.pk, at=desk.now + hours(1))
    desk.tell("replied", plain, major, at=desk.now + hours(2))
    desk.tell("waiting", plain, back, at=desk.now + hours(3), **{"for": "customer"})
    desk.become(major, "regraded", severity="critical", at=desk.now + hours(4))
    desk.tell("resumed", plain, at=desk.now + hours(9))
    services.sweep(desk.now + hours(25))
    desk.tell("replied", late, at=desk.now + hours(26))
    desk.tell("waiting", plain, at=desk.now + hours(27), **{"for": "customer"})
    desk.tell("customer_wrote", plain, at=desk.now + hours(28))
    desk.tell("resolved", plain, late, at=desk.now + hours(30))
    desk.tell("confirmed", late, at=desk.now + hours(31))
    desk.tell("reopened", plain, at=desk.now + hours(32))
    desk.tell("cancelled", back, at=desk.now + hours(60))
    # When their events are replayed
    ids = [thing.pk for thing in (plain, major, late, back)]
    found = services.rebuild(KIND, ids, desk.now + hours(61))
    # Then every clock comes out with the same times
    assert found.clocks == Clock.objects.of(KIND, *ids).count() > 14
    assert found.differences == {}


def test_a_replay_shows_a_clock_that_was_tampered_with(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    found = clock(thing, "solution_agreed")
    Clock.objects.filter(pk=found.pk).update(due_at=found.due_at + hours(5))
    rebuilt = services.rebuild(KIND, [thing.pk], desk.now)
    assert rebuilt.differences[thing.pk, "solution_agreed", 1]["due_at"] == (
        found.due_at + hours(5), found.due_at,
    )  # fmt: skip


def test_a_given_word_is_a_clock_of_its_own(desk: Desk, clock: Find, cast: Any) -> None:
    thing = desk.open()
    word = services.word_give(
        subject=thing, due_at=desk.now + hours(6), holder_id=cast.agent.pk, actor=cast.agent, now=desk.now
    )
    assert (word.kind, word.owed_by, word.standard_version_id) == ("obligation", "person", None)
    desk.become(thing, "assigned", assignee_id=cast.lead.pk)
    assert clock(thing, "kept_word").holder_id == cast.lead.pk  # it follows the work
    kept = services.word_keep(clock=word, subject=thing, actor=cast.lead, now=desk.now + hours(7))
    assert kept.state == ClockState.MET_LATE
    with pytest.raises(DomainError):
        services.word_keep(clock=word, subject=thing, actor=cast.lead, now=desk.now + hours(8))
    assert services.rebuild(KIND, [thing.pk], desk.now + hours(9)).is_same


def test_a_word_cannot_be_given_for_the_past(desk: Desk, cast: Any) -> None:
    with pytest.raises(DomainError) as refused:
        services.word_give(
            subject=desk.open(), due_at=desk.now, holder_id=None, actor=cast.agent, now=desk.now
        )
    assert refused.value.code == "in_the_past"


def test_a_clock_explains_itself_in_sentences(desk: Desk, clock: Find) -> None:
    thing = desk.open()
    desk.tell("waiting", thing, at=desk.now + hours(1), **{"for": "customer"})
    desk.tell("resumed", thing, at=desk.now + hours(3))
    why = selectors.explain(clock(thing, "solution_agreed"), desk.now + hours(4))
    assert why.citation == "solution_agreed v1"
    assert why.source_ref.startswith("R3.4")
    started, counted, stood = why.sentences
    assert vocabulary.event_words(["ticket.opened"]) in started
    assert why.our_limit in counted
    assert selectors.pause_words("customer") in stood
    assert all("%" not in sentence and "ticket." not in sentence for sentence in why.sentences)


def test_clocks_of_a_subject_come_open_ones_first(desk: Desk) -> None:
    thing = desk.open(severity="major")
    desk.tell("replied", thing)
    found = selectors.clocks_of(KIND, thing.pk)
    assert [clock.is_open for clock in found] == sorted((clock.is_open for clock in found), reverse=True)
    assert {clock.promise for clock in found} == {
        "first_response", "emergency_response", "plan", "done", "solution_agreed",
    }  # fmt: skip
