"""Pure clock arithmetic: when a promise is due, when it warns, which event touches which clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aftersales.standards.states import TIME_UNITS, Unit
from aftersales.standards.worktime import (
    WorkingTime,
    add,
    elapsed,
    end_of_day,
    end_of_working_day,
    working_days_between,
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

    Minutes and hours are working time; days are counted from the day after ``start`` and end with the day
    (24:00 for calendar days, closing time for working days).
    """
    due = _first_due(calendar, start, value, unit)
    for pause in pauses:
        if pause.end is not None and pause.start < due:
            due = _given_back(calendar, due, pause, unit)
    return due


def _first_due(calendar: WorkingTime, start: datetime, value: int, unit: str) -> datetime:
    if unit == Unit.MINUTES:
        return add(calendar, start, timedelta(minutes=value))
    if unit == Unit.HOURS:
        return add(calendar, start, timedelta(hours=value))
    if unit == Unit.WORKING_DAYS:
        return end_of_working_day(calendar, start, value)
    return end_of_day(calendar, start, value)


def _given_back(calendar: WorkingTime, due: datetime, pause: Pause, unit: str) -> datetime:
    """Time units give back working time; day units give back each day at whose end the clock stood."""
    end = pause.end or pause.start
    if unit in TIME_UNITS:
        return add(calendar, end, elapsed(calendar, pause.start, due))
    if unit == Unit.WORKING_DAYS:
        lost = working_days_between(calendar, pause.start, end)
        return end_of_working_day(calendar, due, lost) if lost else due
    lost = (calendar.local_day(end) - calendar.local_day(pause.start)).days
    return due + timedelta(days=lost)


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
