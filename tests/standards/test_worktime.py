"""Working time, by hand-derived dated cases and by properties that hold for every calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.standards.shipping import announced_days
from aftersales.standards.states import DayKind
from aftersales.standards.worktime import (
    ALWAYS,
    NoWorkingTime,
    WorkingTime,
    add,
    elapsed,
    end_of_day,
    end_of_working_day,
    subtract,
    working_days_between,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE_DAY = ((540, 720), (810, 1080))  # 09:00–12:00, 13:30–18:00
OFFICE = WorkingTime(
    zone="Asia/Shanghai",
    weekly=(OFFICE_DAY,) * 5 + ((), ()),
    special={day: (OFFICE_DAY if kind == DayKind.MAKE_UP else ()) for day, kind, *_ in announced_days()}
    | {date(2027, 1, 1): ()},
    announced_years=frozenset(range(2004, 2027)),
)
CHAT = WorkingTime(zone="Asia/Shanghai", weekly=(((480, 1380),),) * 7)
EVIDENCE = WorkingTime(zone="Asia/Shanghai", weekly=(((540, 1080),),) * 7)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize(
    ("calendar", "start", "length", "due"),
    [
        (OFFICE, "2026-11-23 10:00", 60, "2026-11-23 11:00"),  # inside the morning
        (OFFICE, "2026-11-23 11:30", 60, "2026-11-23 14:00"),  # over the lunch break
        (OFFICE, "2026-11-23 12:30", 60, "2026-11-23 14:30"),  # starts in the lunch break
        (OFFICE, "2026-11-23 17:30", 60, "2026-11-24 09:30"),  # over night
        (OFFICE, "2026-11-27 17:00", 120, "2026-11-30 10:00"),  # over the week-end
        (OFFICE, "2026-11-28 12:00", 60, "2026-11-30 10:00"),  # starts on a Saturday
        (OFFICE, "2026-11-23 08:00", 0, "2026-11-23 08:00"),  # nothing is due at once
        (OFFICE, "2026-11-23 09:00", 450, "2026-11-23 18:00"),  # exactly one day ends with it
        (OFFICE, "2026-11-23 09:00", 451, "2026-11-24 09:01"),  # one minute more is tomorrow
        (OFFICE, "2026-11-23 09:00", 2250, "2026-11-27 18:00"),  # exactly one week
        (OFFICE, "2026-09-30 17:00", 120, "2026-10-08 10:00"),  # over National Day
        (OFFICE, "2026-10-09 17:00", 120, "2026-10-10 10:00"),  # into a make-up Saturday
        (OFFICE, "2026-10-10 17:30", 60, "2026-10-12 09:30"),  # out of a make-up Saturday
        (OFFICE, "2026-02-13 17:00", 120, "2026-02-14 10:00"),  # the make-up Saturday before Spring Festival
        (OFFICE, "2026-02-14 17:00", 120, "2026-02-24 10:00"),  # over Spring Festival
        (OFFICE, "2026-01-03 10:00", 60, "2026-01-04 10:00"),  # from a holiday Saturday to a make-up Sunday
        (OFFICE, "2026-04-03 17:00", 120, "2026-04-07 10:00"),  # over Tomb-sweeping Day
        (OFFICE, "2026-12-31 17:00", 120, "2027-01-04 10:00"),  # over New Year
        (CHAT, "2026-11-23 22:59", 3, "2026-11-24 08:02"),  # the chat desk closes at 23:00
        (CHAT, "2026-11-23 23:30", 3, "2026-11-24 08:03"),
        (CHAT, "2026-11-28 08:00", 3, "2026-11-28 08:03"),  # Saturdays too
        (EVIDENCE, "2026-11-23 10:00", 240, "2026-11-23 14:00"),  # four window hours
        (EVIDENCE, "2026-11-23 14:01", 240, "2026-11-24 09:01"),
        (ALWAYS, "2026-11-23 23:30", 60, "2026-11-24 00:30"),
    ],
)
def test_a_length_of_working_time_ends_where_a_clerk_would_say(
    calendar: WorkingTime, start: str, length: int, due: str
) -> None:
    assert add(calendar, at(start), minutes(length)) == at(due)


@pytest.mark.parametrize(
    ("start", "end", "worked"),
    [
        ("2026-11-27 17:00", "2026-11-30 10:00", 120),
        ("2026-11-23 11:00", "2026-11-23 14:30", 120),
        ("2026-09-30 09:00", "2026-10-09 09:00", 900),
        ("2026-11-28 00:00", "2026-11-29 23:00", 0),
        ("2026-11-23 12:00", "2026-11-23 13:30", 0),
        ("2026-11-24 09:00", "2026-11-23 09:00", 0),
    ],
)
def test_working_time_between_two_moments_counts_open_hours_only(start: str, end: str, worked: int) -> None:
    assert elapsed(OFFICE, at(start), at(end)) == minutes(worked)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-19 10:00", 5, "2026-11-26 18:00"),
        ("2026-09-30 10:00", 1, "2026-10-08 18:00"),
        ("2026-02-13 10:00", 2, "2026-02-24 18:00"),  # Saturday 14th is worked, then the festival
        ("2026-11-28 10:00", 1, "2026-11-30 18:00"),
    ],
)
def test_working_days_are_counted_from_the_next_day_and_end_at_closing_time(
    start: str, days: int, due: str
) -> None:
    assert end_of_working_day(OFFICE, at(start), days) == at(due)


def test_the_law_counts_calendar_days_from_the_day_after_and_to_midnight() -> None:
    assert end_of_day(OFFICE, at("2026-11-20 15:00"), 7) == at("2026-11-28 00:00")


def test_an_hour_back_from_monday_morning_is_friday_evening() -> None:
    assert subtract(OFFICE, at("2026-11-23 09:30"), minutes(60)) == at("2026-11-20 17:30")


def test_a_change_of_the_clocks_does_not_move_opening_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    office = WorkingTime(zone="Europe/Berlin", weekly=(((540, 1080),),) * 5 + ((), ()))
    assert add(office, at("2026-03-27 17:00", berlin), minutes(120)) == at("2026-03-30 10:00", berlin)


def test_a_period_over_the_lost_hour_is_one_hour_shorter() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    nights = WorkingTime(zone="Europe/Berlin", weekly=(((0, 360),),) * 7)
    worked = elapsed(nights, at("2026-03-29 00:00", berlin), at("2026-03-29 12:00", berlin))
    assert worked == minutes(300)


def test_an_unannounced_year_makes_a_date_provisional() -> None:
    assert OFFICE.provisional(at("2027-01-04 10:00"))
    assert not OFFICE.provisional(at("2026-12-31 10:00"))
    assert not CHAT.provisional(at("2031-01-04 10:00"))  # holidays do not matter there


def test_a_calendar_that_never_opens_is_an_error_and_no_endless_loop() -> None:
    closed = WorkingTime(weekly=((),) * 7)
    with pytest.raises(NoWorkingTime):
        add(closed, at("2026-11-23 10:00"), minutes(1))
    with pytest.raises(NoWorkingTime):
        end_of_working_day(closed, at("2026-11-23 10:00"), 1)


@pytest.mark.parametrize("year", range(2004, 2027))
def test_open_days_agree_with_the_announced_calendar(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        assert OFFICE.is_open_day(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


MOMENTS = st.datetimes(datetime(2025, 6, 1), datetime(2026, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001
LENGTHS = st.integers(min_value=1, max_value=20_000).map(minutes)


@st.composite
def calendars(draw: st.DrawFn) -> WorkingTime:
    """Any week that is open four hours or more, any exceptional days.

    A week of one open minute would put the longest lengths beyond the horizon, which is another test's.
    """
    weekly = [draw(days_of_periods()) for _day in range(7)]
    if sum(closes - opens for periods in weekly for opens, closes in periods) < 240:
        weekly[0] = ((540, 780),)
    special = draw(
        st.dictionaries(st.dates(date(2025, 6, 1), date(2026, 12, 31)), days_of_periods(), max_size=20)
    )
    zone = draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/Sao_Paulo", "Asia/Kolkata"]))
    return WorkingTime(zone=zone, weekly=tuple(weekly), special=special)


@st.composite
def days_of_periods(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    return tuple(zip(edges[::2], edges[1::2], strict=False))


@given(calendars(), MOMENTS, LENGTHS)
def test_adding_then_measuring_gives_the_length_back(
    calendar: WorkingTime, start: datetime, length: timedelta
) -> None:
    assert elapsed(calendar, start, add(calendar, start, length)) == length


@given(calendars(), MOMENTS, LENGTHS)
def test_subtracting_then_measuring_gives_the_length_back(
    calendar: WorkingTime, end: datetime, length: timedelta
) -> None:
    assert elapsed(calendar, subtract(calendar, end, length), end) == length


@given(calendars(), MOMENTS, LENGTHS, LENGTHS)
def test_adding_twice_is_adding_the_sum(
    calendar: WorkingTime, start: datetime, first: timedelta, second: timedelta
) -> None:
    assert add(calendar, add(calendar, start, first), second) == add(calendar, start, first + second)


@given(calendars(), MOMENTS, MOMENTS, MOMENTS)
def test_working_time_of_two_parts_is_that_of_the_whole(
    calendar: WorkingTime, one: datetime, two: datetime, three: datetime
) -> None:
    first, middle, last = sorted([one, two, three])
    assert elapsed(calendar, first, middle) + elapsed(calendar, middle, last) == elapsed(
        calendar, first, last
    )


@given(calendars(), MOMENTS, LENGTHS, LENGTHS)
def test_more_time_is_never_due_earlier(
    calendar: WorkingTime, start: datetime, length: timedelta, more: timedelta
) -> None:
    assert add(calendar, start, length) <= add(calendar, start, length + more)


@given(calendars(), MOMENTS, st.integers(1, 12))
def test_the_nth_working_day_has_n_working_days_behind_it(
    calendar: WorkingTime, start: datetime, days: int
) -> None:
    due = end_of_working_day(calendar, start, days)
    assert working_days_between(calendar, start, due - timedelta(microseconds=1)) == days
