"""When a promise is due: pauses given back, warnings, triggers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.clocks.rules import Pause, due_at, is_late_himself, together, triggers, warn_at
from aftersales.standards.worktime import ALWAYS, elapsed
from tests.standards.test_worktime import CHAT, LENGTHS, MOMENTS, OFFICE, at


def pause(start: str, end: str | None) -> Pause:
    return Pause(at(start), at(end) if end else None, "customer")


@pytest.mark.parametrize(
    ("start", "value", "unit", "pauses", "due"),
    [
        ("2026-11-23 10:00", 48, "hours", [], "2026-11-25 10:00"),
        ("2026-11-23 10:00", 48, "hours", [("2026-11-23 12:00", "2026-11-23 15:00")], "2026-11-25 13:00"),
        (
            "2026-11-23 10:00", 2, "hours",
            [("2026-11-23 10:30", "2026-11-23 11:00"), ("2026-11-23 11:30", "2026-11-23 12:30")],
            "2026-11-23 13:30",
        ),
        ("2026-11-23 10:00", 1, "hours", [("2026-11-23 11:00", "2026-11-23 12:00")], "2026-11-23 11:00"),
        ("2026-11-23 10:00", 1, "hours", [("2026-11-23 10:30", None)], "2026-11-23 11:00"),
        ("2026-11-20 10:00", 7, "days", [], "2026-11-28 00:00"),
        ("2026-11-20 10:00", 7, "days", [("2026-11-21 10:00", "2026-11-23 09:00")], "2026-11-30 00:00"),
    ],
)  # fmt: skip
def test_plain_time_gives_back_what_was_paused(
    start: str, value: int, unit: str, pauses: list[tuple[str, str | None]], due: str
) -> None:
    found = due_at(CHAT_FREE, at(start), value, unit, [pause(*one) for one in pauses])
    assert found == at(due)


CHAT_FREE = type(CHAT)(zone="Asia/Shanghai")  # open day and night, counted on Shanghai's days


def test_a_pause_over_night_gives_back_opening_hours_only() -> None:
    # Given two office hours from Monday 17:00, paused from 17:30 until Tuesday 10:00
    found = due_at(
        OFFICE, at("2026-11-23 17:00"), 2, "hours", [pause("2026-11-23 17:30", "2026-11-24 10:00")]
    )
    # Then half an hour was used, and one and a half remain from Tuesday 10:00
    assert found == at("2026-11-24 11:30")


def test_a_pause_in_closed_time_gives_nothing_back() -> None:
    free = due_at(OFFICE, at("2026-11-23 17:00"), 2, "hours")
    assert (
        due_at(OFFICE, at("2026-11-23 17:00"), 2, "hours", [pause("2026-11-23 19:00", "2026-11-24 08:00")])
        == free
    )


def test_working_days_get_back_the_days_that_ended_paused() -> None:
    found = due_at(
        OFFICE, at("2026-11-19 10:00"), 5, "working_days", [pause("2026-11-20 10:00", "2026-11-24 10:00")]
    )
    assert found == at("2026-11-30 18:00")  # two working days later than Thursday the 26th


def test_a_warning_comes_when_three_quarters_of_the_time_are_used() -> None:
    start = at("2026-11-23 10:00")
    due = due_at(ALWAYS, start, 4, "hours")
    assert warn_at(ALWAYS, start, due, 75) == at("2026-11-23 13:00")


def test_a_warning_moves_with_a_pause_before_it_and_not_with_one_after_it() -> None:
    start = at("2026-11-23 10:00")
    plain = due_at(ALWAYS, start, 4, "hours")
    early, late = pause("2026-11-23 11:00", "2026-11-23 12:00"), pause("2026-11-23 13:30", "2026-11-23 14:30")
    assert warn_at(ALWAYS, start, plain, 75, [early]) == at("2026-11-23 14:00")
    assert warn_at(ALWAYS, start, plain, 75, [late]) == at("2026-11-23 13:00")


@pytest.mark.parametrize(
    ("listed", "kind", "payload", "answer"),
    [
        (["ticket.waiting"], "ticket.waiting", {}, True),
        (["ticket.waiting?for=customer"], "ticket.waiting", {"for": "customer"}, True),
        (["ticket.waiting?for=customer"], "ticket.waiting", {"for": "merchant"}, False),
        (["ticket.waiting?for=customer"], "ticket.waiting", {}, False),
        (["ticket.waited"], "ticket.waiting", {}, False),
        ([], "ticket.waiting", {}, False),
    ],
)
def test_a_trigger_names_an_event_and_perhaps_one_value_of_it(
    listed: list[str], kind: str, payload: dict[str, str], answer: bool
) -> None:
    assert triggers(listed, kind, payload) is answer


@given(MOMENTS, st.integers(1, 200), st.lists(LENGTHS, min_size=2, max_size=8))
def test_working_time_outside_pauses_is_exactly_the_limit(
    start: datetime, hours: int, lengths: list[timedelta]
) -> None:
    # Given pauses one after another since the start
    moment, pauses = start, []
    for begin, length in zip(lengths[::2], lengths[1::2], strict=False):
        pauses.append(Pause(moment + begin, moment + begin + length))
        moment += begin + length
    # When the due time is worked out
    due = due_at(OFFICE, start, hours, "hours", pauses)
    # Then the working time until then, less the pauses, is the limit
    lost = sum(
        (elapsed(OFFICE, one.start, one.end or one.start) for one in pauses if one.start < due), timedelta(0)
    )
    assert elapsed(OFFICE, start, due) - lost == timedelta(hours=hours)


@given(MOMENTS, st.integers(1, 200), LENGTHS, LENGTHS)
def test_a_pause_never_makes_a_promise_due_earlier(
    start: datetime, hours: int, begin: timedelta, length: timedelta
) -> None:
    paused = due_at(OFFICE, start, hours, "hours", [Pause(start + begin, start + begin + length)])
    assert paused >= due_at(OFFICE, start, hours, "hours")


def test_due_times_are_kept_in_utc() -> None:
    assert due_at(OFFICE, at("2026-11-23 10:00"), 1, "hours").tzinfo is UTC


def test_time_that_lay_with_others_is_given_back_once_and_never_what_had_run_out_before() -> None:
    start, hour = datetime(2026, 3, 2, 8, tzinfo=UTC), timedelta(hours=1)

    def late(until: int, *away: tuple[int, int | None]) -> bool:
        spells = [Pause(start + a * hour, None if b is None else start + b * hour) for a, b in away]
        stood = together(spells, start)
        due = due_at(ALWAYS, start, 48, "hours", stood)
        return is_late_himself(due, stood, start + until * hour)

    assert late(49)
    assert not late(49, (47, None)), "it stands while others have it"
    assert late(51, (50, None)), "it had run out before"
    assert not late(70, (40, 61), (40, 62)), "touching spells are one"
    assert late(71, (40, 61), (40, 62))
    assert late(52, (-8, 3)), "what lay before the start gives nothing back"
    assert not late(51, (-8, 3))
