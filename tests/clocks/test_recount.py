"""A changed standard reaches running clocks where its activator chose so; the events alone tell it again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.clocks import services
from aftersales.clocks.accounts import account
from aftersales.clocks.models import Clock
from aftersales.core import deliveries, jobs
from aftersales.core.models import Event, Job
from aftersales.standards import pages
from aftersales.standards import services as standards
from aftersales.standards.models import ServiceStandard, StandardVersion
from tests.clocks.conftest import KIND, Desk

pytestmark = pytest.mark.django_db
Find = Callable[..., Clock]


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.fixture
def change(desk: Desk, cast: Any, machine_user: Any) -> Callable[..., StandardVersion]:
    """A new version of a standard, in force at a moment, with the recount run where it was chosen."""

    def make(code: str, at: Any, *, open_too: bool = True, run: bool = True, **terms: Any) -> StandardVersion:
        standard = ServiceStandard.objects.get(code=code)
        draft = standards.standard_draft(standard=standard, actor=cast.operations, now=at, **terms)
        row: StandardVersion = standards.rule_activate(
            draft=draft, actor=cast.supervisor, now=at, open_too=open_too
        )
        if run:
            services.recount(row.pk, now=at, actor=machine_user)
        return row

    return make


def test_open_clocks_are_counted_anew_from_their_start_with_their_pauses(
    desk: Desk, clock: Find, change: Any
) -> None:
    # Given 48 hours for the solution, of which four stood still
    thing = desk.open()
    desk.tell("waiting", thing, at=desk.now + hours(2), **{"for": "customer"})
    desk.tell("resumed", thing, at=desk.now + hours(6))
    assert clock(thing, "solution_agreed").due_at == desk.now + hours(52)
    # When the standard becomes 36 hours, for open tickets too
    row = change("solution_agreed", desk.now + hours(10), limit_value=36)
    # Then it is due 36 hours and the four from its start, by the new version, and its event says both moments
    found = clock(thing, "solution_agreed")
    assert (found.due_at, found.standard_version_id) == (desk.now + hours(40), row.pk)
    told = Event.objects.about(KIND, thing.pk).get(kind="clock.retargeted")
    assert told.payload["old_due_at"] == (desk.now + hours(52)).isoformat()
    assert told.rule_version == "solution_agreed v2"
    # And a replay of the events comes to the same
    assert services.rebuild(KIND, [thing.pk], desk.now + hours(11)).is_same
    (count,) = account(found, desk.now + hours(11)).counts
    assert sum(line.worked_seconds for line in count.rows) == 36 * 3600


def test_nobody_is_late_before_the_version_was_in_force(desk: Desk, clock: Find, change: Any) -> None:
    thing = desk.open()
    at = desk.now + hours(20)
    change("solution_agreed", at, limit_value=4)
    found = clock(thing, "solution_agreed")
    assert found.due_at == at
    assert services.rebuild(KIND, [thing.pk], at).is_same
    (count,) = account(found, at).counts
    assert sum(line.worked_seconds for line in count.rows) == 4 * 3600


def test_a_standing_clock_is_late_only_when_it_goes_on(desk: Desk, clock: Find, change: Any) -> None:
    thing = desk.open()
    desk.tell("waiting", thing, at=desk.now + hours(10), **{"for": "customer"})
    change("solution_agreed", desk.now + hours(20), limit_value=4)
    desk.tell("resumed", thing, at=desk.now + hours(30))
    assert clock(thing, "solution_agreed").due_at == desk.now + hours(30)
    assert services.rebuild(KIND, [thing.pk], desk.now + hours(30)).is_same


def test_without_the_choice_running_clocks_keep_their_version(desk: Desk, clock: Find, change: Any) -> None:
    thing = desk.open()
    change("solution_agreed", desk.now + hours(1), open_too=False, limit_value=4)
    assert clock(thing, "solution_agreed").due_at == desk.now + hours(48)
    assert not StandardVersion.objects.get(standard__code="solution_agreed", number=2).applies_to_open


def test_late_ended_and_historic_clocks_stay(desk: Desk, clock: Find, change: Any) -> None:
    late, kept, old = desk.open(), desk.open(), desk.open(historic=True)
    desk.tell("solution_agreed", kept, at=desk.now + hours(3))
    change("solution_agreed", desk.now + hours(49), limit_value=96)
    for thing in (late, kept, old):
        assert clock(thing, "solution_agreed").due_at == desk.now + hours(48)


@pytest.mark.parametrize(
    ("kind", "limit", "due"),
    [("statutory", 96, 48), ("statutory", 40, 40), ("obligation", 40, 48), ("obligation", 96, 96)],
)
def test_the_laws_time_never_becomes_longer_and_an_obligation_never_shorter(
    desk: Desk, clock: Find, change: Any, kind: str, limit: int, due: int
) -> None:
    thing = desk.open()
    Clock.objects.of(KIND, thing.pk).filter(promise="solution_agreed").update(kind=kind)
    change("solution_agreed", desk.now + hours(1), limit_value=limit)
    assert clock(thing, "solution_agreed").due_at == desk.now + hours(due)


def test_a_recount_runs_again_without_changing_anything(
    desk: Desk, clock: Find, change: Any, machine_user: Any
) -> None:
    desk.open_many(3)
    row = change("solution_agreed", desk.now + hours(1), limit_value=36)
    again = services.recount(row.pk, now=desk.now + hours(2), actor=machine_user)
    assert again == {"looked_at": 0, "changed": 0}
    assert Event.objects.filter(kind="clock.retargeted").count() == 3


def test_a_batch_takes_a_fixed_number_of_statements(desk: Desk, change: Any, machine_user: Any) -> None:
    def statements(number: int, limit: int) -> int:
        desk.open_many(number)
        row = change("solution_agreed", desk.now + hours(limit), limit_value=200 - limit, run=False)
        with CaptureQueriesContext(connection) as asked:
            found = services.recount(row.pk, now=desk.now + hours(limit), actor=machine_user)
        assert found["changed"] >= number
        return len(asked)

    few = statements(2, 1)
    assert statements(40, 2) <= few


def test_activation_asks_for_the_recount_once_at_its_first_moment(
    desk: Desk, clock: Find, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_consumers", {})
    monkeypatch.setattr(deliveries, "_names", {**deliveries._names})
    deliveries.subscribe("clocks.recount", "rule.activated", services.recount_ask)
    thing = desk.open()
    standard = ServiceStandard.objects.get(code="solution_agreed")
    draft = standards.standard_draft(standard=standard, actor=cast.operations, now=desk.now, limit_value=36)
    later = desk.now + hours(5)
    standards.rule_activate(draft=draft, actor=cast.supervisor, now=desk.now, valid_from=later, open_too=True)
    while deliveries.run(desk.now):
        pass
    jobs.run_due(desk.now + hours(4))
    assert clock(thing, "solution_agreed").due_at == desk.now + hours(48)
    jobs.run_due(later)
    assert clock(thing, "solution_agreed").due_at == desk.now + hours(36)
    job = Job.objects.get(kind="clocks.recount")
    assert (job.state, job.result["changed"]) == ("done", 1)


def test_a_draft_shows_what_it_would_do_by_kind_and_how_the_last_months_would_have_gone(
    desk: Desk, cast: Any
) -> None:
    # Given three open clocks, one of them 40 hours old, and one promise kept after ten hours
    desk.open_many(2, at=desk.now)
    desk.open(at=desk.now - hours(40))
    kept = desk.open(at=desk.now - hours(100))
    desk.tell("solution_agreed", kept, at=desk.now - hours(90))
    standard = ServiceStandard.objects.get(code="solution_agreed")
    draft = standards.standard_draft(standard=standard, actor=cast.operations, now=desk.now, limit_value=9)
    found = pages.effects(draft, desk.now)
    assert (found.earlier, found.later, found.late_at_once) == (2, 0, 1)
    assert found.lately is not None
    assert (found.lately.number, found.lately.kept, found.lately.kept_then) == (1, 1, 0)
    longer = pages.effects(
        standards.rule_change_draft(
            draft=draft, actor=cast.operations, now=desk.now, version=draft.version, limit_value=72
        ),
        desk.now,
    )
    assert (longer.earlier, longer.later, longer.late_at_once) == (0, 3, 0)
