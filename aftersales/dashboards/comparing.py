"""One range beside another: what came and went, how fast, which promises were kept."""

from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.dashboards.selectors.overview import Course, Kept, Span
from aftersales.standards.states import Promise

DASH, MINUS = "–", "−"
Line = tuple[str, str, str, str]


def compared(this: Course, other: Course) -> list[Line]:
    """Measure, this range, the other one, the difference in words."""
    rows = [
        _row_of(_("Opened"), this.opened, other.opened),
        _row_of(_("Closed"), this.closed, other.closed),
        _row_of_spans(_("First response"), this.first_response, other.first_response),
        _row_of_spans(_("Solution"), this.solution, other.solution),
    ]
    pairs = zip(this.kept, other.kept, strict=True)
    return rows + [_row_of_shares(one, that) for one, that in pairs if one.total or that.total]


def _row_of(label: str, this: int, that: int) -> Line:
    change = f"{(this - that) / that:+.1%}".replace("-", MINUS) if that else DASH
    return label, f"{this:,}", f"{that:,}", change


def _row_of_spans(label: str, this: Span, that: Span) -> Line:
    words = [
        _("%(time)s (%(n)s)") % {"time": wording.duration(one.median), "n": one.count}
        if one.median is not None
        else DASH
        for one in (this, that)
    ]
    change = DASH
    if this.median is not None and that.median is not None:
        slower = this.median > that.median
        change = ("+" if slower else MINUS) + wording.duration(abs(this.median - that.median))
    return _("%(label)s, median") % {"label": label}, words[0], words[1], change


def _row_of_shares(this: Kept, that: Kept) -> Line:
    words = [
        f"{wording.percent(one.share)} ({one.total})" if one.share is not None else DASH
        for one in (this, that)
    ]
    change = DASH
    if this.share is not None and that.share is not None:
        points = (this.share - that.share) * 100
        change = _("%(points)s points") % {"points": f"{points:+.1f}".replace("-", MINUS)}
    return _("%(promise)s in time") % {"promise": Promise(this.promise).label}, words[0], words[1], change
