"""A count taken apart: which stretch counted, which did not and why. The worked parts sum to the limit exactly."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db import models
from django.utils.translation import pgettext_lazy

from aftersales.clocks.rules import Pause, day_end, stood_at
from aftersales.standards.states import TIME_UNITS
from aftersales.standards.worktime import ONE_DAY, ZERO, WorkingTime

DayName = tuple[str, str]


class Part(models.TextChoices):
    """What a stretch of a count is."""

    COUNTED = "counted", pgettext_lazy("part of a count", "counts")
    MAKE_UP = "make_up", pgettext_lazy("part of a count", "make-up working day, counts")
    BREAK = "break", pgettext_lazy("part of a count", "break")
    NIGHT = "night", pgettext_lazy("part of a count", "night")
    WEEKEND = "weekend", pgettext_lazy("part of a count", "weekend")
    HOLIDAY = "holiday", pgettext_lazy("part of a count", "holiday")
    FIRST_DAY = "first_day", pgettext_lazy("part of a count", "the starting day does not count")
    PAUSED = "paused", pgettext_lazy("part of a count", "stood still")
    LEFT = "left", pgettext_lazy("part of a count", "still to run")


COUNTING = frozenset({Part.COUNTED, Part.MAKE_UP, Part.LEFT})


@dataclass(frozen=True)
class Count:
    """One count by one version: from ``start`` until it is due, or until another rule took over at ``until``."""

    calendar: WorkingTime
    start: datetime
    value: int
    unit: str
    due: datetime
    pauses: Sequence[Pause] = ()
    until: datetime | None = None
    standing_until: datetime | None = None  # up to when a pause that lasts is shown

    @property
    def end(self) -> datetime:
        return self.due if self.until is None else min(self.until, self.due)


@dataclass(frozen=True)
class Segment:
    """A stretch of time and how much of it counted: ``worked`` where time is counted, ``days`` where days are."""

    part: Part
    start: datetime
    end: datetime
    worked: timedelta = ZERO
    days: int = 0
    name: DayName = ("", "")
    reason: str = ""

    @property
    def counts(self) -> bool:
        return self.part in COUNTING


def taken_apart(count: Count) -> list[Segment]:
    """The whole count without a gap, oldest first; a pause that still lasts ends it and says what is left."""
    return list(_time_parts(count)) if count.unit in TIME_UNITS else _joined(_day_parts(count))


def worked(segments: Iterable[Segment]) -> tuple[timedelta, int]:
    """What counted, as time and as days."""
    chosen = [one for one in segments if one.counts]
    return sum((one.worked for one in chosen), ZERO), sum(one.days for one in chosen)


def _time_parts(count: Count) -> Iterator[Segment]:
    at, total, end = count.start, timedelta(**{str(count.unit): count.value}), count.end
    used = ZERO
    for pause in count.pauses:
        if pause.start >= end:
            break
        for one in between(count.calendar, at, pause.start):
            used += one.worked
            yield one
        until = pause.end or max(pause.start, count.standing_until or pause.start)
        yield Segment(Part.PAUSED, pause.start, until, reason=pause.reason)
        at = max(at, until)
        if pause.end is None:
            yield Segment(Part.LEFT, until, until, worked=max(total - used, ZERO))
            return
    yield from between(count.calendar, at, end)


def between(calendar: WorkingTime, start: datetime, end: datetime) -> Iterator[Segment]:
    """Open and closed stretches between two moments."""
    at = start
    for span, opens, closes in _spans(calendar, start, end):
        if opens > at:
            yield from _closed(calendar, at, opens)
        yield replace(span, start=opens, end=closes, worked=closes - opens)
        at = closes
    if at < end:
        yield from _closed(calendar, at, end)


def _spans(calendar: WorkingTime, start: datetime, end: datetime) -> list[tuple[Segment, datetime, datetime]]:
    """Open stretches cut to the moments; those that touch, as over midnight, are one."""
    if calendar.is_always:
        return [(Segment(Part.COUNTED, start, end), start, end)] if start < end else []
    found: list[tuple[Segment, datetime, datetime]] = []
    day, last = calendar.local_day(start) - ONE_DAY, calendar.local_day(end)
    while day <= last:
        kind = _open_day(calendar, day, start, end)
        for opens, closes in calendar.spans(day):
            begin, finish = max(opens, start), min(closes, end)
            if begin >= finish:
                continue
            if found and found[-1][2] == begin and found[-1][0] == kind:
                found[-1] = (kind, found[-1][1], finish)
            else:
                found.append((kind, begin, finish))
        day += ONE_DAY
    return found


def _open_day(calendar: WorkingTime, day: date, start: datetime, end: datetime) -> Segment:
    """A day that counts; a make-up day, open although its weekday is not, by the name of its holiday."""
    if day in calendar.special and not calendar.weekly[day.weekday()]:
        return Segment(Part.MAKE_UP, start, end, name=calendar.names.get(day, ("", "")))
    return Segment(Part.COUNTED, start, end)


def _closed(calendar: WorkingTime, start: datetime, end: datetime) -> list[Segment]:
    """A closed stretch by its reasons: a break inside a day, a night, or the closed days with the nights around."""
    first, last = calendar.local_day(start), calendar.local_day(end)
    pieces: list[Segment] = []
    day = first
    while day <= last:
        begin, finish = max(calendar.instant(day, 0), start), min(calendar.instant(day + ONE_DAY, 0), end)
        if begin < finish and not calendar.is_open_day(day):
            holiday = day in calendar.special
            name = calendar.names.get(day, ("", ""))
            part = Part.HOLIDAY if holiday else Part.WEEKEND
            if pieces and (pieces[-1].part, pieces[-1].name) == (part, name):
                pieces[-1] = replace(pieces[-1], end=finish)
            else:
                pieces.append(Segment(part, begin, finish, name=name))
        day += ONE_DAY
    if not pieces:
        inside = first == last and _opens_before(calendar, start) and _opens_after(calendar, end)
        return [Segment(Part.BREAK if inside else Part.NIGHT, start, end)]
    edges = [start, *(one.start for one in pieces[1:]), end]
    return [replace(piece, start=a, end=b) for piece, (a, b) in zip(pieces, pairwise(edges), strict=True)]


def _opens_before(calendar: WorkingTime, at: datetime) -> bool:
    return any(opens < at for opens, _closes in calendar.spans(calendar.local_day(at)))


def _opens_after(calendar: WorkingTime, at: datetime) -> bool:
    return any(closes > at for _opens, closes in calendar.spans(calendar.local_day(at)))


def _day_parts(count: Count) -> Iterator[Segment]:
    """One segment a day: the starting day, then each day until the last counted one ends."""
    calendar, day = count.calendar, count.calendar.local_day(count.start)
    at = min(calendar.instant(day + ONE_DAY, 0), count.end)
    yield Segment(Part.FIRST_DAY, count.start, at)
    left = count.value
    standing = next((one for one in count.pauses if one.end is None), None)
    while at < count.end:
        day += ONE_DAY
        midnight = min(calendar.instant(day + ONE_DAY, 0), count.end)
        if standing is not None and standing.start < midnight:
            until = max(at, standing.start, count.standing_until or at)
            yield Segment(Part.PAUSED, at, until, reason=standing.reason)
            yield Segment(Part.LEFT, until, until, days=left)
            return
        one = _day(count, at, midnight)
        left -= one.days
        yield one
        at = midnight


def _day(count: Count, start: datetime, end: datetime) -> Segment:
    calendar = count.calendar
    local = calendar.local_day(start)
    name, finish = calendar.names.get(local, ("", "")), day_end(calendar, local, count.unit)
    if finish is None:
        return Segment(Part.HOLIDAY if local in calendar.special else Part.WEEKEND, start, end, name=name)
    pause = stood_at(count.pauses, finish)
    if pause is not None:
        return Segment(Part.PAUSED, start, end, reason=pause.reason)
    if finish > end:  # another rule took over before the day was out
        return Segment(Part.NIGHT, start, end)
    return replace(_open_day(calendar, local, start, end), days=1)


def _joined(parts: Iterable[Segment]) -> list[Segment]:
    """Neighbours that say the same become one."""
    found: list[Segment] = []
    for one in parts:
        last = found[-1] if found else None
        if last and (last.part, last.name, last.reason, last.end) == (
            one.part,
            one.name,
            one.reason,
            one.start,
        ):
            found[-1] = replace(last, end=one.end, days=last.days + one.days)
        else:
            found.append(one)
    return found
