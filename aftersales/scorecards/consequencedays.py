"""Days of months and of measures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from aftersales.scorecards.scores import selectors

DAY = timedelta(days=1)
OF_SCORE = "since_of"
"""Among the figures of a measure on a score: by metric that was missed the first day that was counted of it."""


@dataclass(frozen=True)
class Span:
    """Days of a figure of a merchant from which something followed, and when that was."""

    merchant_id: int
    code: str
    since: date
    until: date
    at: datetime


def last_of(month: date) -> date:
    return (month + 31 * DAY).replace(day=1) - DAY


def starts(day: date) -> datetime:
    return datetime.combine(day, time.min, selectors.zone())


def first_day(period: date, figures: Mapping[str, Any], code: str = "") -> date:
    """The first of the days that a measure counted: later than the window where an earlier one was about the rest.

    Of one on a score: the first that was counted of this figure, which the formula may look at for longer.
    """
    if code in figures.get(OF_SCORE, {}):
        return date.fromisoformat(figures[OF_SCORE][code])
    if "since" in figures:
        return date.fromisoformat(figures["since"])
    until = last_of(period)
    return until - (int(figures.get("days") or until.day) - 1) * DAY
