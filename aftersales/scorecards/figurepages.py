"""What a page says of a figure that no formula judges: its value with the sample, an interval, and how it went on.

Of fewer cases than the floor a rate is not told: the sample is, and that it says nothing yet (C4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.core.errors import Text
from aftersales.scorecards import charts
from aftersales.scorecards.metrics import Metric, metric
from aftersales.scorecards.pages import MOST_ROWS, RowsWanted, behind_figure, called, which_tabs
from aftersales.scorecards.scores.rules import Counted, wilson
from aftersales.scorecards.selectors import PAGE, Figure, rows_behind
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way

Z = Decimal("1.96")  # an interval of 95 %, as the formulas use it (C4)
DASH = "–"
TEN_THOUSAND = 10_000
RATES = (Unit.PERCENT, Unit.PER_TEN_THOUSAND)


@dataclass(frozen=True)
class Told:
    """A figure in words. ``low`` and ``high`` bound the rate itself; None where there is none to bound."""

    metric: Metric
    value: str
    sample: str
    interval: str
    enough: bool
    low: Decimal | None = None
    high: Decimal | None = None
    more: str = ""

    @property
    def name(self) -> Text:
        return self.metric.name


def is_rate(one: Metric) -> bool:
    """Cases of which some were so: what an interval can be given for."""
    return one.way is Way.SHARE and one.unit in RATES


def bounds(num: int, den: int) -> tuple[Decimal, Decimal] | None:
    """Between what the rate lies, 95 times of a hundred; None without a case."""
    cases = Counted(num, den, 0).cases
    return wilson(Decimal(num), Decimal(cases), Z) if cases else None


def told(figure: Figure, floor: int) -> Told:
    """One figure; below ``floor`` cases its rate, mean or time is left out."""
    one = figure.metric
    if one.way in (Way.COUNT, Way.STOCK):
        return Told(one, f"{figure.num:,}", "", "", enough=True)
    enough = figure.den >= max(floor, 1)
    low, high = (bounds(figure.num, figure.den) if is_rate(one) and enough else None) or (None, None)
    interval = f"{rate(one, low)} – {rate(one, high)}" if low is not None and high is not None else ""
    value = words(one, figure) if enough else DASH
    more = _more(figure) if enough else ""
    return Told(one, value, sample(one, figure.num, figure.den), interval, enough, low, high, more)


def sample(one: Metric, num: int, den: int) -> str:
    """What it was counted from: of times and means only how many."""
    return f"{num:,} / {den:,}" if one.way is Way.SHARE else f"n = {den:,}"


def words(one: Metric, figure: Figure) -> str:
    if one.way is Way.TIME:
        span = figure.median if figure.median is not None else figure.value
        return wording.duration(float(span)) if span is not None else DASH
    return value_words(one, figure.num, figure.den)


def value_words(one: Metric, num: int, den: int) -> str:
    """Numerator over denominator in the metric's unit."""
    if one.way in (Way.COUNT, Way.STOCK):
        return f"{num:,}"
    if not den:
        return DASH
    value = Decimal(num) / den
    if one.unit == Unit.SECONDS:
        return wording.duration(float(value))
    if one.unit == Unit.MONEY:
        return f"{value / 100:,.2f}"
    return rate(one, value) if one.unit in RATES else f"{value:.2f}"


def rate(one: Metric, value: Decimal) -> str:
    if one.unit == Unit.PER_TEN_THOUSAND:
        return f"{value * TEN_THOUSAND:,.1f} ‱"
    return wording.percent(value)


def _more(figure: Figure) -> str:
    if figure.p90 is None:
        return ""
    return _("P90 %(time)s") % {"time": wording.duration(float(figure.p90))}


def course(one: Metric, spans: Mapping[date, tuple[int, int]], listed: Sequence[date]) -> SafeString | str:
    """A line over the months; where nothing was counted it has a gap. Empty for fewer than two points."""
    points = [
        charts.Point(f"{day:%Y-%m}", _height(one, *spans[day]), value_words(one, *spans[day]))
        if day in spans and (spans[day][1] or one.way is Way.COUNT)
        else None
        for day in listed
    ]
    known = [point for point in points if point is not None]
    if len(known) < 2:
        return ""
    finding = _("%(metric)s: %(first)s in %(from)s, %(last)s in %(to)s") % {
        "metric": one.name, "first": known[0].words, "from": known[0].label, "last": known[-1].words,
        "to": known[-1].label,
    }  # fmt: skip
    return charts.spark(points, finding=finding)


def _height(one: Metric, num: int, den: int) -> float:
    return float(num) if one.way is Way.COUNT else num / den


def way_of(one: Metric) -> str:
    """Which way is better, in a word for the head of a column."""
    return "" if one.direction == Direction.NEITHER else str(Direction(one.direction).label)


def rows_page(
    code: str,
    kind: SubjectKind,
    subject: int | str,
    since: date,
    until: date,
    asked: RowsWanted,
    user: Any,
    category: str = "",
) -> dict[str, Any]:
    """The very rows behind a figure over some days, as ``scorecards/_rows_of.html`` shows them.

    The caller has seen to the right (``may_see``). Raises ``unknown_metric``, and ``ValueError`` for no span of days.
    """
    one = metric(code)
    is_neutral = one.direction == Direction.NEITHER
    which = "all" if asked.which == "bad" and is_neutral else asked.which
    page = MOST_ROWS if asked.whole else PAGE
    rows = rows_behind(
        code=code, kind=kind, subject=subject, since=since, until=until, which=which, after=asked.after,
        page=page + 1, category=category,
    )  # fmt: skip
    shown, last = rows[:page], rows[page - 1] if len(rows) > page else None
    return {
        "title": one.name, "meaning": one.explained, "code": code, "since": since, "until": until, "which": which,
        "tabs": which_tabs(one), "rows": behind_figure(one, shown, called(shown, user)),
        "after": f"{last.at.isoformat()}_{last.id}" if last is not None else "",
    }  # fmt: skip
