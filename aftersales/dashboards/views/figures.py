"""What pages of figures share: a line of one metric, and the page of the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aftersales.core.sheets.views import attachment
from aftersales.dashboards.selectors.products import Span
from aftersales.scorecards import charts, figurepages, trends
from aftersales.scorecards import pages as scores
from aftersales.scorecards.figurepages import Told
from aftersales.scorecards.models import Scored
from aftersales.scorecards.selectors import Figure
from aftersales.scorecards.states import SubjectKind


@dataclass(frozen=True)
class Line:
    """A metric as it is told: figure, range, course, what it is beside, where its rows are."""

    told: Told
    strip: SafeString | str
    spark: SafeString | str
    beside: str
    beside_sample: str
    url: str


def line_of(
    figure: Figure,
    floor: int,
    spans: trends.Spans,
    until: date,
    url: str,
    other: tuple[int, int] | None = None,
) -> Line:
    """``other``: numerator and denominator of what it is beside (a category, a team)."""
    one = figurepages.told(figure, floor)
    beside, sample = "", ""
    if other is not None and figurepages.is_rate(figure.metric) and other[1]:
        beside, sample = (
            figurepages.value_words(figure.metric, *other),
            figurepages.sample(figure.metric, *other),
        )
    return Line(
        one, _strip(one, figure, other), figurepages.course(figure.metric, spans, trends.months(until)), beside,
        sample, url,
    )  # fmt: skip


def _strip(one: Told, figure: Figure, other: tuple[int, int] | None) -> SafeString | str:
    """The rate with its interval, and dashed what it is beside."""
    if one.low is None or one.high is None or other is None or not other[1] or figure.value is None:
        return ""
    finding = _("%(rate)s, between %(interval)s; beside it %(other)s") % {
        "rate": one.value, "interval": one.interval, "other": figurepages.value_words(figure.metric, *other),
    }  # fmt: skip
    return charts.strip(
        float(figure.value), float(one.low), float(one.high), other[0] / other[1], finding=finding
    )


def rows_answer(
    request: HttpRequest,
    code: str,
    kind: SubjectKind,
    subject: int | str,
    of: Span,
    frame: Mapping[str, Any],
    category: str = "",
) -> HttpResponse:
    """The rows behind a figure (of one category) as a page, or as a sheet; the caller has seen to the right."""
    asked = scores.rows_wanted(request.GET.dict())
    found = figurepages.rows_page(code, kind, subject, of.since, of.until, asked, request.user, category)
    if request.GET.get("format") == "csv":
        answer = HttpResponse(scores.sheet(found["rows"]), content_type="text/csv; charset=utf-8")
        return attachment(answer, f"{kind}-{code}-{of.until}.csv")
    return render(request, "dashboards/figure_rows.html", {**found, **frame})


def score_rows_answer(
    request: HttpRequest, code: str, row: Scored | None, frame: Mapping[str, Any]
) -> HttpResponse:
    """The rows behind a metric of a score, over the window that the score counted; absent for what it rests not on."""
    asked = scores.rows_wanted(request.GET.dict())
    opened = scores.opened(row, code, asked) if row is not None else None
    if opened is None:
        raise Http404
    named = scores.called(opened.rows, request.user)
    if request.GET.get("format") == "csv":
        text = scores.sheet(scores.behind(opened.found, code, opened.rows, named))
        answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
        return attachment(answer, f"score-{code}-{opened.row.day}.csv")
    return render(request, "dashboards/figure_rows.html", {**scores.rows_page(opened, code, named), **frame})
