"""Pure clock arithmetic: when a promise is due, when it warns, which event touches which clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from aftersales.standards.states import TIME_UNITS, ClockKind, Unit
from aftersales.standards.worktime import (
    MINUTES_OF_DAY,
    ONE_DAY,
    WorkingTime,
    add,
    elapsed,
    end_of_day,
    end_of_working_day,
)


@dataclass(frozen=True)
class ClockSubject:
    """What clocks know about the thing they run on; the room above fills it (see ``services.follow``).

    The first seven fields are compared with a standard's conditions; the others name who holds it now.
    """

    kind: str = ""
    severity: str = ""
    nature: str = ""
    channel: str = ""
    customer_class: str = ""
    market: str = ""
    tags: frozenset[str] = field(default_factory=frozenset)
    merchant_id: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    historic: bool = False


def triggers(listed: Sequence[str], kind: str, payload: Mapping[str, Any]) -> bool:
    """Whether an event is one of the listed triggers: ``kind`` or ``kind?key=value`` on its payload."""
    for trigger in listed:
        wanted, _mark, condition = trigger.partition("?")
        if wanted != kind:
            continue
        key, _equals, value = condition.partition("=")
        if not condition or str(payload.get(key, "")) == value:
            return True
    return False


@dataclass(frozen=True)
class Pause:
    """A stretch during which the clock stood; ``end`` is empty while it still stands."""

    start: datetime
    end: datetime | None
    reason: str = ""


def due_at(
    calendar: WorkingTime, start: datetime, value: int, unit: str, pauses: Sequence[Pause] = ()
) -> datetime:
    """When ``value unit`` from ``start`` is up, after giving back every finished pause.

    Minutes and hours are working time. A day counts when it comes after the day of ``start`` and the clock runs at
    its end (24:00 for calendar days, closing time for working days): a pause gives back the days that ended in it.
    """
    if unit not in TIME_UNITS:
        return _end_of_days(calendar, start, value, unit, pauses)
    due = add(calendar, start, timedelta(**{str(unit): value}))
    for pause in pauses:
        if pause.end is not None and pause.start < due:
            due = add(calendar, pause.end, elapsed(calendar, pause.start, due))
    return due


def _end_of_days(
    calendar: WorkingTime, start: datetime, value: int, unit: str, pauses: Sequence[Pause]
) -> datetime:
    """The end of the last of ``value`` counted days."""
    finished = [pause for pause in pauses if pause.end is not None]
    if not finished or not value:
        plain = end_of_working_day if unit == Unit.WORKING_DAYS else end_of_day
        return plain(calendar, start, value)
    day, left = calendar.local_day(start), value
    while left:
        day += ONE_DAY
        end = day_end(calendar, day, unit)
        if end is not None and not stood_at(finished, end):
            left -= 1
            due = end
    return due


def day_end(calendar: WorkingTime, day: date, unit: str) -> datetime | None:
    """When a day has passed as one of ``unit``; None where it is none, because the calendar is closed."""
    if unit != Unit.WORKING_DAYS:
        return calendar.instant(day, MINUTES_OF_DAY)
    periods = calendar.periods(day)
    return calendar.instant(day, periods[-1][1]) if periods else None


def stood_at(pauses: Iterable[Pause], at: datetime) -> Pause | None:
    """The pause in which this moment fell; one that ends just then still covers it, one that begins then does not."""
    return next((one for one in pauses if one.start < at and (one.end is None or at <= one.end)), None)


def not_before(at: datetime, pauses: Sequence[Pause]) -> datetime:
    """The first moment at which a clock counted anew at ``at`` may be late: then, or when the pause of then ends."""
    standing = next((one for one in pauses if one.start <= at and (one.end is None or at < one.end)), None)
    return at if standing is None or standing.end is None else standing.end


def together(spells: Iterable[Pause], since: datetime) -> list[Pause]:
    """Spells from ``since`` on, in order; those that touch each other are one."""
    found: list[Pause] = []
    for one in sorted(spells, key=lambda spell: spell.start):
        if one.end is not None and one.end <= since:
            continue
        last = found[-1] if found else None
        if last is None or (last.end is not None and last.end < one.start):
            found.append(replace(one, start=max(one.start, since)))
        elif last.end is not None and (one.end is None or one.end > last.end):
            found[-1] = replace(last, end=one.end)
    return found


def is_late_himself(due: datetime, spells: Sequence[Pause], until: datetime) -> bool:
    """Whether his own time ran out by ``until``. ``due``: with the finished spells in which others had it given back.

    While one of them lasts his time stands where it began.
    """
    return due < min([until, *(one.start for one in spells if one.end is None)])


def may_recount(old_kind: str, new_kind: str, old_due: datetime, new_due: datetime) -> bool:
    """A changed standard reaches a running clock: the law's time never becomes longer, an obligation never shorter."""
    kinds = {old_kind, new_kind}
    if ClockKind.STATUTORY in kinds and new_due > old_due:
        return False
    return not (ClockKind.OBLIGATION in kinds and new_due < old_due)


def share_used(
    calendar: WorkingTime, start: datetime, due: datetime, at: datetime, pauses: Sequence[Pause] = ()
) -> float:
    """How much of the time that counts from ``start`` to ``due`` is used up by then; above 1 it had run out.

    ``due`` has the finished pauses given back, whenever they were: none of them counts, one that lasts does not either.
    """

    def counted(until: datetime, stood: Iterable[Pause]) -> timedelta:
        still = (
            elapsed(calendar, max(one.start, start), until if one.end is None else min(one.end, until))
            for one in stood
        )
        return elapsed(calendar, start, until) - sum(still, timedelta())

    whole = counted(due, [one for one in pauses if one.end is not None])
    return counted(at, pauses) / whole if whole else 1.0


def warn_at(
    calendar: WorkingTime,
    start: datetime,
    plain_due: datetime,
    percent: int,
    pauses: Sequence[Pause] = (),
    due: datetime | None = None,
) -> datetime:
    """When ``percent`` of the working time between ``start`` and ``plain_due`` is used up, pauses given back.

    ``plain_due`` is the due time without pauses; ``due`` the one with them, which a warning never passes.
    """
    whole = elapsed(calendar, start, plain_due)
    warning = add(calendar, start, whole * percent / 100)
    for pause in pauses:
        if pause.end is not None and pause.start < warning:
            warning = add(calendar, pause.end, elapsed(calendar, pause.start, warning))
    return min(due or plain_due, warning)
