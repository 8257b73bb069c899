"""Days of months and of measures."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from aftersales.scorecards.scores import selectors

DAY = timedelta(days=1)


def last_of(month: date) -> date:
    return (month + 31 * DAY).replace(day=1) - DAY


def starts(day: date) -> datetime:
    return datetime.combine(day, time.min, selectors.zone())


def first_day(period: date, figures: Mapping[str, Any]) -> date:
    """The first of the days that a measure counted: later than the window where an earlier one was about the rest."""
    if "since" in figures:
        return date.fromisoformat(figures["since"])
    until = last_of(period)
    return until - (int(figures.get("days") or until.day) - 1) * DAY
