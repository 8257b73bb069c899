"""Carriers, repair shops, outsourced vendors: each kind side by side, one of them, lanes, the rows behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.dashboards.pages import pages, trade
from aftersales.dashboards.selectors import partners as selectors
from aftersales.dashboards.selectors.partners import KINDS, Wanted
from aftersales.dashboards.selectors.products import SPANS, Span
from aftersales.dashboards.states import Table
from aftersales.dashboards.views import tables
from aftersales.dashboards.views.figures import line_of, rows_answer
from aftersales.improvement.pages import badge
from aftersales.scorecards import figurepages, lanes, trends
from aftersales.scorecards.metrics import metric, of_kind
from aftersales.scorecards.selectors import may_see
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.selectors import one_edition

READ = "scorecards.view_own"
LIST = "dashboards:partner_list"
SHEET = 5_000  # lanes of a sheet
TITLES = {
    SubjectKind.CARRIER: lambda: pgettext("figures", "Carriers"),
    SubjectKind.WORKSHOP: lambda: pgettext("figures", "Repair shops"),
    SubjectKind.VENDOR: lambda: pgettext("figures", "Outsourced vendors"),
}


def _kind(request: HttpRequest, kind: str) -> SubjectKind:
    """What one may not see is not there."""
    if kind not in KINDS or not may_see(request.user, kind, 0):
        raise Http404
    return SubjectKind(kind)


def _tabs(request: HttpRequest, kind: SubjectKind, asked: Wanted) -> list[tuple[str, str, bool]]:
    query = urlencode({name: value for name, value in asked.query.items() if name != "sort"})
    return [
        (f"{reverse(LIST, args=[one.value])}?{query}", TITLES[one](), one == kind)
        for one in KINDS
        if may_see(request.user, one, 0)
    ]


def _query(asked: Wanted, **changes: str) -> str:
    return urlencode({name: value for name, value in {**asked.query, **changes}.items() if value})


def _spans(asked: Wanted, **more: str) -> list[tuple[int, str, bool]]:
    keep = {"sort": asked.sort, **more}
    return [
        (days, urlencode({"days": days, **{name: value for name, value in keep.items() if value}}),
         asked.month is None and days == asked.days)
        for days in SPANS
    ]  # fmt: skip


def _months(now: datetime) -> list[str]:
    return [f"{one:%Y-%m}" for one in reversed(trends.months(selectors.span(1, now).until))]


@require_GET
@needs(READ)
def first(request: HttpRequest) -> HttpResponse:
    """The first kind that this person may see."""
    for one in KINDS:
        if may_see(request.user, one, 0):
            return redirect(LIST, one.value)
    raise Http404


@require_GET
@needs(READ)
@one_edition()
def partners(request: HttpRequest, kind: str) -> HttpResponse:
    """Everybody of one kind side by side over the same days, the surely worst first; a sheet with ``?format=csv``."""
    which, now = _kind(request, kind), timezone.now()
    asked = selectors.wanted(request.GET.dict(), which)
    of, floor = selectors.span_of(asked, now), selectors.floor_of(now)
    rows = selectors.table(request.user, which, asked, of, floor)
    if tables.is_asked(request):
        return tables.sheet(
            request, Table.PARTNERS, of.until, _head(which), [_taken(which, one) for one in rows]
        )
    page = {
        "title": TITLES[which](), "kind": which, "asked": asked, "of": of, "floor": floor, "spans": _spans(asked),
        "rows": [_row(which, one, floor, asked) for one in rows], "columns": _columns(which, asked),
        "tabs": _tabs(request, which, asked), "out": _query(asked, format="csv"), "months": _months(now),
        "trade": trade("dashboards:partners") if request.user.has_perm("scorecards.view_merchants") else [],
        "pages": pages(request.user, "dashboards:merchants"),
    }  # fmt: skip
    return render(request, "dashboards/partners.html", page)


def _columns(kind: SubjectKind, asked: Wanted) -> list[tuple[Any, str, bool]]:
    """Name of a metric, the address that sorts by it, whether the list is."""
    first = selectors.COLUMNS[kind][0]
    return [
        (one.name, _query(asked, sort="" if one.code == first else one.code), (asked.sort or first) == one.code)
        for one in selectors.columns(kind)
    ]  # fmt: skip


def _row(kind: SubjectKind, one: selectors.Row, floor: int, asked: Wanted) -> dict[str, Any]:
    query = _query(asked, sort="", name=one.name)
    cells = []
    for column in selectors.columns(kind):
        figure = one.figures.get(column.code)
        told = figurepages.told(figure, floor) if figure is not None else None
        rows = reverse("dashboards:partner_rows", args=[kind.value, column.code])
        cells.append((column.name, told, f"{rows}?{query}&which=all"))
    return {
        "name": one.name,
        "url": f"{reverse('dashboards:partner', args=[kind.value])}?{query}",
        "cells": cells,
    }


def _head(kind: SubjectKind) -> list[Any]:
    found: list[Any] = [pgettext("figures", "Name")]
    for one in selectors.columns(kind):
        found += [f"{one.name}: {one.numerator}", f"{one.name}: {one.denominator}"]
    return found


def _taken(kind: SubjectKind, one: selectors.Row) -> list[Any]:
    figures = [one.figures.get(code) for code in selectors.COLUMNS[kind]]
    return [
        one.name,
        *(
            part
            for figure in figures
            for part in ((figure.num, figure.den) if figure is not None else (0, 0))
        ),
    ]


def _asked(request: HttpRequest, kind: str) -> tuple[SubjectKind, str, Wanted, Span]:
    """Whom the address names; somebody of whom nothing was ever counted is not there."""
    which, name = _kind(request, kind), request.GET.get("name", "").replace("\x00", "")[:120]
    asked = selectors.wanted(request.GET.dict(), which)
    if not selectors.is_known(request.user, which, name):
        raise Http404
    return which, name, asked, selectors.span_of(asked, timezone.now())


@require_GET
@needs(READ)
@one_edition()
def partner(request: HttpRequest, kind: str) -> HttpResponse:
    """One partner: every metric with its sample, interval and course beside all others'; where; with whom."""
    which, name, asked, of = _asked(request, kind)
    now = timezone.now()
    floor, found = selectors.floor_of(now), selectors.told(request.user, which, name, of)
    query = _query(asked, sort="", name=name)
    lines = [
        line_of(
            one, floor, found.months.get(one.metric.code, {}), of.until,
            f"{reverse('dashboards:partner_rows', args=[kind, one.metric.code])}?{query}",
            found.others.get(one.metric.code),
        )
        for one in found.figures
    ]  # fmt: skip
    page = {
        "title": name, "kind": which, "asked": asked, "of": of, "floor": floor, "spans": _spans(asked, name=name),
        "lines": lines, "query": query, "months": _months(now), "name": name, "all": TITLES[which](),
        "list": f"{reverse(LIST, args=[kind])}?{_query(asked, sort='')}", 
        **_beside(request, which, name, of, floor, query),
    }  # fmt: skip
    return render(request, "dashboards/partner.html", page)


def _beside(
    request: HttpRequest, kind: SubjectKind, name: str, of: Span, floor: int, query: str
) -> dict[str, Any]:
    """What is asked of one kind only: regions and surges of a carrier, shops of a workshop, teams of a vendor."""
    if kind == SubjectKind.CARRIER:
        found = selectors.regions(request.user, name, of)
        return {
            "regions": [_region(one, floor, query) for one in found],
            "region_columns": [metric(code) for code in selectors.BY_REGION],
            "surges": [(one, badge(one)) for one in selectors.surges(request.user, name)],
        }
    if kind == SubjectKind.WORKSHOP:
        return {"shops": selectors.shops_of(request.user, name, of)}
    return {"teams": selectors.teams_of(name)}


def _region(one: selectors.Region, floor: int, query: str) -> dict[str, Any]:
    cells = []
    for code in selectors.BY_REGION:
        figure = one.figures.get(code)
        told = figurepages.told(figure, floor) if figure is not None else None
        rows = reverse("dashboards:partner_rows", args=[SubjectKind.CARRIER.value, code])
        place = urlencode({"region": one.name}) if one.name else ""
        which = "which=bad" if code in ("delivery_in_time", "lost_parcels") else "which=all"
        cells.append((metric(code).name, told, f"{rows}?{query}&{which}&{place}" if place else ""))
    return {"name": one.name, "cells": cells}


@require_GET
@needs(READ)
@one_edition()
def carrier_lanes(request: HttpRequest, kind: str) -> HttpResponse:
    """A carrier's parcels from province to province, the most late ones first; as a sheet with ``?format=csv``."""
    which, name, asked, of = _asked(request, kind)
    if which != SubjectKind.CARRIER:
        raise Http404
    floor, is_sheet = selectors.floor_of(timezone.now()), tables.is_asked(request)
    found = lanes.of_carrier(name, of.since, of.until, limit=SHEET if is_sheet else lanes.MOST)
    if is_sheet:
        head = [
            pgettext("lane", "From"), pgettext("lane", "To"), pgettext("lane", "Late"), pgettext("lane", "Delivered"),
            pgettext("lane", "Seconds on the way"), pgettext("lane", "Parcels that took them"),
        ]  # fmt: skip
        rows = [
            [one.origin, one.region, one.judged - one.in_time, one.judged, one.seconds, one.delivered] for one in found
        ]  # fmt: skip
        return tables.sheet(request, Table.LANES, of.until, head, rows)
    page = {
        "title": pgettext("lane", "By lane"), "name": name, "most": lanes.MOST, "of": of, "floor": floor,
        "asked": asked,
        "rows": [_lane(one, floor) for one in found], "spans": _spans(asked, name=name),
        "out": _query(asked, sort="", name=name, format="csv"), "all": TITLES[SubjectKind.CARRIER](),
        "list": f"{reverse(LIST, args=[SubjectKind.CARRIER.value])}?{_query(asked, sort='')}",
        "back": f"{reverse('dashboards:partner', args=['carrier'])}?{_query(asked, sort='', name=name)}",
    }  # fmt: skip
    return render(request, "dashboards/lanes.html", page)


def _lane(one: lanes.Lane, floor: int) -> dict[str, Any]:
    def told(code: str, num: int, den: int) -> figurepages.Told:
        figure = selectors.Figure(metric(code), SubjectKind.CARRIER, 0, "", "", num, den)
        return figurepages.told(figure, floor)

    return {
        "lane": one, "late": one.judged - one.in_time, "in_time": told(lanes.IN_TIME, one.in_time, one.judged),
        "took": told(lanes.TOOK, one.seconds, one.delivered),
    }  # fmt: skip


@require_GET
@needs(READ)
@one_edition()
def partner_rows(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """The very orders, cases and tickets behind one figure of a partner; as a sheet with ``?format=csv``."""
    which, name, asked, of = _asked(request, kind)
    if code not in {one.code for one in of_kind(which)}:
        raise Http404
    region = request.GET.get("region", "").replace("\x00", "")[:80]
    query = _query(asked, sort="", name=name)
    back = f"{reverse('dashboards:partner', args=[kind])}?{query}"
    crumbs = [(f"{reverse(LIST, args=[kind])}?{_query(asked, sort='')}", TITLES[which]()), (back, name)]
    keep = f"&{query}" + (f"&{urlencode({'region': region})}" if region else "")
    frame = {"crumbs": [*crumbs, (back, region)] if region else crumbs, "keep": keep}
    return rows_answer(request, code, which, name, of, frame, region)
