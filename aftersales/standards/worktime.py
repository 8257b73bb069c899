"""Working time as plain data and pure arithmetic: several periods a day, holidays, make-up days, zones.

All instants are aware datetimes; results are in UTC. Lengths are ``timedelta`` of working time. A calendar
that is always open is plain time. ``provisional(at)`` says that a result rests on a year whose holidays are
not announced yet: such a date is shown as provisional, never guessed silently.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

ZERO = timedelta(0)
ONE_DAY = timedelta(days=1)
MINUTES_OF_DAY = 24 * 60
HORIZON = timedelta(days=366 * 12)  # no promise lasts longer; stops a calendar without any open day

Period = tuple[int, int]
"""Opening and closing in minutes after local midnight, ``0 <= opens < closes <= 1440``."""


class NoWorkingTime(ValueError):
    """The calendar never opens within the horizon."""


@dataclass(frozen=True)
class WorkingTime:
    """One working calendar: ``weekly[0]`` is Monday; ``special`` holds the periods of exceptional dates."""

    zone: str = "UTC"
    weekly: tuple[tuple[Period, ...], ...] = (((0, MINUTES_OF_DAY),),) * 7  # type: ignore[assignment]
    special: Mapping[date, tuple[Period, ...]] = field(default_factory=dict)
    announced_years: frozenset[int] | None = None  # None: the calendar does not depend on holidays
    names: Mapping[date, tuple[str, str]] = field(
        default_factory=dict
    )  # of exceptional dates, Chinese and English

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def is_always(self) -> bool:
        """Plain time: day and night, no exceptions."""
        return not self.special and all(periods == ((0, MINUTES_OF_DAY),) for periods in self.weekly)

    def periods(self, day: date) -> tuple[Period, ...]:
        found = self.special.get(day)
        return self.weekly[day.weekday()] if found is None else found

    def is_open_day(self, day: date) -> bool:
        return bool(self.periods(day))

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The open spans of a local day as UTC instants; a change of the clocks is counted as it happens."""
        for opens, closes in self.periods(day):
            yield self.instant(day, opens), self.instant(day, closes)

    def instant(self, day: date, minute: int) -> datetime:
        if minute == MINUTES_OF_DAY:
            return datetime(*(day + ONE_DAY).timetuple()[:3], tzinfo=self.tz).astimezone(UTC)
        return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self.tz).astimezone(
            UTC
        )

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.tz).date()

    def provisional(self, at: datetime) -> bool:
        return self.announced_years is not None and self.local_day(at).year not in self.announced_years


ALWAYS = WorkingTime()


def add(calendar: WorkingTime, start: datetime, length: timedelta) -> datetime:
    """The first instant at which ``length`` of working time has passed since ``start``.

    A zero length gives ``start`` itself, also in closed time.
    """
    if length < ZERO:
        return subtract(calendar, start, -length)
    if calendar.is_always or not length:
        return start.astimezone(UTC) + length
    start, left = start.astimezone(UTC), length
    for opens, closes in _forward(calendar, start):
        begin = max(opens, start)
        if closes > begin:
            if closes - begin >= left:
                return begin + left
            left -= closes - begin
    raise NoWorkingTime(f"no working time in {HORIZON.days} days after {start:%Y-%m-%d}")


def subtract(calendar: WorkingTime, end: datetime, length: timedelta) -> datetime:
    """The last instant from which ``length`` of working time passes until ``end``."""
    if length < ZERO:
        return add(calendar, end, -length)
    if calendar.is_always or not length:
        return end.astimezone(UTC) - length
    end, left = end.astimezone(UTC), length
    for opens, closes in _backward(calendar, end):
        finish = min(closes, end)
        if finish > opens:
            if finish - opens >= left:
                return finish - left
            left -= finish - opens
    raise NoWorkingTime(f"no working time in {HORIZON.days} days before {end:%Y-%m-%d}")


def elapsed(calendar: WorkingTime, start: datetime, end: datetime) -> timedelta:
    """Working time between two instants; zero when ``end`` lies before ``start``."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return ZERO
    if calendar.is_always:
        return end - start
    total = ZERO
    for opens, closes in _forward(calendar, start):
        if opens >= end:
            break
        span = min(closes, end) - max(opens, start)
        total += max(span, ZERO)
    return total


def end_of_working_day(calendar: WorkingTime, start: datetime, days: int) -> datetime:
    """Closing time of the ``days``-th working day after the day of ``start``, which itself is not counted."""
    day, left, last = calendar.local_day(start), days, calendar.local_day(start) + HORIZON
    while left:
        day += ONE_DAY
        if day > last:
            raise NoWorkingTime(f"no working day in {HORIZON.days} days after {start:%Y-%m-%d}")
        left -= calendar.is_open_day(day)
    if not days:
        return start.astimezone(UTC)
    return calendar.instant(day, calendar.periods(day)[-1][1])


def end_of_day(calendar: WorkingTime, start: datetime, days: int) -> datetime:
    """24:00 of the ``days``-th calendar day; day 1 is the day after ``start`` (the law's way of counting)."""
    return calendar.instant(calendar.local_day(start) + days * ONE_DAY, MINUTES_OF_DAY)


def working_days_between(calendar: WorkingTime, start: datetime, end: datetime) -> int:
    """Open days after the day of ``start`` up to and including the day of ``end``."""
    day, last, count = calendar.local_day(start), calendar.local_day(end), 0
    while day < last:
        day += ONE_DAY
        count += calendar.is_open_day(day)
    return count


def _forward(calendar: WorkingTime, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = calendar.local_day(start) - ONE_DAY
    last = day + HORIZON
    while day < last:
        yield from calendar.spans(day)
        day += ONE_DAY


def _backward(calendar: WorkingTime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = calendar.local_day(end) + ONE_DAY
    last = day - HORIZON
    while day > last:
        yield from reversed(list(calendar.spans(day)))
        day -= ONE_DAY
