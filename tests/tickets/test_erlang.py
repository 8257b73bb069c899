"""Erlang's formulas against published tables, and the forecast against weeks made by hand."""

from datetime import UTC, date, datetime, timedelta
from math import factorial, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.tickets import erlang, forecast

TERMS = forecast.Terms(
    weeks=4, chat_handling=480, chat_at_once=2, chat_share=0.8, chat_seconds=180, phone_handling=180,
    phone_share=0.8, phone_seconds=20, ticket_minutes={"minor": 20, "major": 45, "critical": 90}, ticket_hours=4,
    busy_share=0.8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("people", "load", "share"),
    [  # the usual Erlang B table: offered traffic at which a group of this size blocks 1 %, and others
        (1, 0.0101, 0.01), (2, 0.1526, 0.01), (5, 1.3608, 0.01), (10, 4.4612, 0.01), (20, 12.031, 0.01),
        (50, 37.901, 0.01), (100, 84.064, 0.01), (10, 10.0, 0.2146), (1, 1.0, 0.5), (2, 1.0, 0.2),
    ],
)  # fmt: skip
def test_erlang_b_is_the_published_table(people: int, load: float, share: float) -> None:
    assert isclose(erlang.blocked(people, load), share, rel_tol=2e-3)


def test_the_worked_example_of_a_hundred_calls_in_half_an_hour() -> None:
    """200 calls an hour of 3 minutes, 80 % within 20 seconds: 10 Erlang, 14 people, 17.4 % wait, 88.8 %, 7.8 s."""
    load = erlang.load_of(200, 180)

    assert load == 10
    assert erlang.people_needed(200, 180, 0.8, 20) == 14
    assert isclose(erlang.waits(14, load), 0.174, abs_tol=5e-4)
    assert isclose(erlang.answered_within(14, load, 180, 20), 0.888, abs_tol=5e-4)
    assert isclose(erlang.average_wait(14, load, 180), 7.8, abs_tol=0.05)


@given(st.integers(1, 60), st.floats(0.01, 59))
def test_erlang_c_is_the_textbook_sum_where_that_can_be_written_out(people: int, load: float) -> None:
    if people <= load:
        assert erlang.waits(people, load) == 1
        return
    last = load**people / factorial(people) * people / (people - load)
    direct = last / (sum(load**k / factorial(k) for k in range(people)) + last)
    assert isclose(erlang.waits(people, load), direct, rel_tol=1e-9)


@given(st.floats(0, 5000), st.floats(1, 3600), st.floats(0.01, 0.99), st.floats(0, 600))
def test_the_answer_is_enough_and_one_less_is_not(
    calls: float, handling: float, share: float, seconds: float
) -> None:
    load = erlang.load_of(calls, handling)
    needed = erlang.people_needed(calls, handling, share, seconds)
    assert erlang.answered_within(needed, load, handling, seconds) >= share - 1e-12
    assert (
        needed == 0
        or needed - 1 <= load
        or erlang.answered_within(needed - 1, load, handling, seconds) < share
    )


def test_it_holds_for_thousands_of_people() -> None:
    assert 0 <= erlang.waits(5100, 5000.0) <= 1
    assert erlang.people_needed(100_000, 180, 0.8, 20) > 5000


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), 1e9])
def test_a_load_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="Erlang"):
        erlang.blocked(3, bad)


def test_more_people_never_let_anybody_wait_longer() -> None:
    answers = [erlang.answered_within(n, 10.0, 180, 20) for n in range(30)]
    assert answers == sorted(answers)


# The forecast


def working(day: date) -> bool:
    """1 October is a holiday, Saturday 10 October a make-up day."""
    if day == date(2026, 10, 1):
        return False
    return day == date(2026, 10, 10) or day.weekday() < 5


KNOWN = [date(2026, 9, 1) + timedelta(days=n) for n in range(60)]


def test_an_ordinary_day_is_compared_with_its_weekday_without_holidays() -> None:
    found = forecast.comparable(date(2026, 10, 15), KNOWN, working, 4)
    assert found == [date(2026, 10, 8), date(2026, 9, 24), date(2026, 9, 17), date(2026, 9, 10)]


def test_a_holiday_is_compared_with_days_off_and_a_make_up_day_with_working_days() -> None:
    holiday = forecast.comparable(date(2026, 10, 1), KNOWN, working, 3)
    make_up = forecast.comparable(date(2026, 10, 10), KNOWN, working, 3)
    assert holiday == [date(2026, 9, 27), date(2026, 9, 26), date(2026, 9, 20)]
    assert make_up == [date(2026, 10, 9), date(2026, 10, 8), date(2026, 10, 7)]


def test_one_wild_day_does_not_move_the_median() -> None:
    days = [date(2026, 9, 3) + timedelta(days=7 * n) for n in range(4)]
    counts = {(day, 9): {"phone": 10.0} for day in days} | {(days[3], 9): {"phone": 500.0}}
    found = forecast.expected(date(2026, 10, 15), counts, KNOWN, working, 4)
    assert (found[9]["phone"], found[8]["phone"]) == (10.0, 0.0)


def test_calls_need_people_at_once_and_tickets_within_their_hours() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    hours = [{"phone": 200.0} if n == 9 else {"minor": 24.0} if n == 10 else {} for n in range(24)]

    found = forecast.hours_needed([(start, hours)], TERMS)

    assert found[9].needed == 14
    # 24 tickets of 20 minutes are 480 minutes, ten hours of people who are busy 80 % of the time, over four hours
    assert sum(hour.needed for hour in found[10:14]) == 10
    assert all(hour.needed == 0 for hour in found[14:])


def test_breaks_leave_holes_and_hours_alike_are_one() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    needed = forecast.hours_needed([(start, [{"phone": 1.0}] * 24)], TERMS)
    wanted = needed[0].needed
    hour = timedelta(hours=1)
    spans = [(start, start + 12 * hour), (start + 13 * hour, start + 24 * hour)] * wanted
    people = forecast.planned(spans, start, 24)

    found = forecast.holes(needed, people)

    assert [(one.start, one.end, one.needed, one.planned) for one in found] == [
        (start + 12 * hour, start + 13 * hour, wanted, 0)
    ]


def test_a_person_who_comes_at_half_past_is_half_a_person() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    half = start + timedelta(hours=1, minutes=30)
    assert forecast.planned([(half, start + timedelta(hours=3))], start, 4) == [0, 0.5, 1, 0]


def test_the_backlog_grows_where_nobody_is_free_and_is_worked_off_later() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    hours = forecast.hours_needed([(start, [{"minor": 6.0} if n == 0 else {} for n in range(24)])], TERMS)
    left = forecast.backlog(hours, [0.0, 1.0, 1.0, 1.0] + [1.0] * 20, TERMS)
    assert left[:4] == [120, 72, 24, 0]
