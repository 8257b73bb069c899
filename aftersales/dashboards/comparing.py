"""One range beside another: what came and went, how fast, which promises were kept."""

from datetime import timedelta

from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.dashboards.selectors.overview import Course, Kept, Span
from aftersales.standards.states import Promise

DASH, MINUS = "–", "−"
COUNT, HOURS, SHARE = "#,##0", '0.00" h"', "0.0%"
MORE, LONGER, POINTS = "+0.0%;-0.0%;0.0%", '+0.00" h";-0.00" h";0.00" h"', "+0.0;-0.0;0.0"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
IN_DAYS = timedelta(hours=48)  # from here on a length is told in days and hours


class Cell(str):
    """A figure in the words of a page; a workbook takes its number, its form and how many cases it rests on."""

    number: float | None
    form: str
    cases: int | None

    def __new__(
        cls, words: str, number: float | None = None, form: str = "", cases: int | None = None
    ) -> "Cell":
        found = super().__new__(cls, words)
        found.number, found.form, found.cases = number, form, cases
        return found


Line = tuple[str, Cell, Cell, Cell]


def compared(this: Course, other: Course) -> list[Line]:
    """Measure, this range, the other one, the difference in words."""
    rows = [
        _row_of(_("Opened"), this.opened, other.opened),
        _row_of(_("Closed"), this.closed, other.closed),
        _row_of_spans(_("First response"), this.first_response, other.first_response),
        _row_of_spans(_("Solution"), this.solution, other.solution),
    ]
    return rows + [_row_of_shares(one, that) for one, that in told_shares(this, other)]


def told_shares(this: Course, other: Course) -> list[tuple[Kept, Kept]]:
    """The promises that ended in one of the two ranges."""
    return [(one, that) for one, that in zip(this.kept, other.kept, strict=True) if one.total or that.total]


def _row_of(label: str, this: int, that: int) -> Line:
    change = Cell(DASH)
    if that:
        more = (this - that) / that
        change = Cell(f"{more:+.1%}".replace("-", MINUS), more, MORE)
    return label, Cell(f"{this:,}", this, COUNT), Cell(f"{that:,}", that, COUNT), change


def _row_of_spans(label: str, this: Span, that: Span) -> Line:
    cells = [
        Cell(
            _("%(time)s (%(n)s)") % {"time": wording.duration(one.median), "n": one.count},
            one.median / HOUR, HOURS, one.count,
        )
        if one.median is not None
        else Cell(DASH, cases=one.count)
        for one in (this, that)
    ]  # fmt: skip
    change = Cell(DASH)
    if this.median is not None and that.median is not None:
        longer = _as_told(this.median) - _as_told(that.median)
        sign = "+" if longer > timedelta(0) else MINUS if longer else ""
        change = Cell(sign + wording.duration(abs(longer)), (this.median - that.median) / HOUR, LONGER)
    return _("%(label)s, median") % {"label": label}, cells[0], cells[1], change


def _as_told(length: timedelta) -> timedelta:
    """A length without what its words leave out, so that the difference is that of the two figures beside it."""
    return length - length % (MINUTE if length < IN_DAYS else HOUR)


def _row_of_shares(this: Kept, that: Kept) -> Line:
    cells = [
        Cell(f"{wording.percent(one.share)} ({one.total})", one.share, SHARE, one.total)
        if one.share is not None
        else Cell(DASH, cases=one.total)
        for one in (this, that)
    ]
    change = Cell(DASH)
    if this.share is not None and that.share is not None:
        points = (this.share - that.share) * 100
        change = Cell(
            _("%(points)s points") % {"points": f"{points:+.1f}".replace("-", MINUS)}, points, POINTS
        )
    return _("%(promise)s in time") % {"promise": Promise(this.promise).label}, cells[0], cells[1], change
