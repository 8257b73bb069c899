"""Results of staff and teams, for whoever leads them and for oneself: samples beside every figure, no ranking."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from accounts.models import Team, User
from aftersales.core.access import needs
from aftersales.core.posted import whole
from aftersales.dashboards.pages import pages
from aftersales.dashboards.selectors import products
from aftersales.dashboards.selectors import results as selectors
from aftersales.dashboards.selectors.products import SPANS, Span
from aftersales.dashboards.states import Table
from aftersales.dashboards.views import tables
from aftersales.dashboards.views.figures import line_of, rows_answer, score_rows_answer
from aftersales.scorecards import figurepages
from aftersales.scorecards import pages as scores
from aftersales.scorecards.metrics import of_kind
from aftersales.scorecards.selectors import may_see
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.selectors import one_edition

READ = "scorecards.view_own"
KINDS = (SubjectKind.PERSON, SubjectKind.TEAM)


def _days(request: HttpRequest) -> int:
    days = whole(request.GET.get("days"))
    return days if days in SPANS else SPANS[1]


@require_GET
@needs(READ)
@one_edition()
def results(request: HttpRequest) -> HttpResponse:
    """My teams, or the people of one; whoever leads none sees his own."""
    now, days = timezone.now(), _days(request)
    listed = selectors.teams(request.user)
    if not listed:
        return redirect("dashboards:result", SubjectKind.PERSON.value, request.user.pk)
    key, of, floor = whole(request.GET.get("team")), products.span(days, now), selectors.floor_of(now)
    team = next((one for one in listed if one.pk == key), listed[0] if len(listed) == 1 else None)
    rows = selectors.table(request.user, listed, team, of, now)
    if tables.is_asked(request):
        return tables.sheet(request, Table.RESULTS, of.until, _head(), [_taken(one) for one in rows])
    page = {
        "title": pgettext("figures", "Results"), "teams": listed, "team": team, "days": days, "of": of, "floor": floor,
        "rows": [_row(one, floor, days) for one in rows], "columns": selectors.columns(), "spans": SPANS,
        "pages": pages(request.user, "dashboards:results"), "mine": _mine(request),
    }  # fmt: skip
    return render(request, "dashboards/results.html", page)


def _mine(request: HttpRequest) -> str:
    return reverse("dashboards:result", args=[SubjectKind.PERSON.value, request.user.pk])


def _row(one: selectors.Row, floor: int, days: int) -> dict[str, Any]:
    base = reverse("dashboards:result", args=[one.kind.value, one.pk])
    cells = []
    for column in selectors.COLUMNS:
        figure = one.figures.get(column)
        url = f"{base}{column}/?days={days}&which=all" if figure is not None else ""
        cells.append((figurepages.told(figure, floor) if figure is not None else None, url))
    return {"row": one, "url": f"{base}?days={days}", "cells": cells, "is_team": one.kind == SubjectKind.TEAM}


def _head() -> list[Any]:
    found: list[Any] = [pgettext("figures", "Kind"), pgettext("figures", "Name")]
    for one in selectors.columns():
        found += [f"{one.name}: {one.numerator}", f"{one.name}: {one.denominator}"]
    return found


def _taken(one: selectors.Row) -> list[Any]:
    figures = [one.figures.get(code) for code in selectors.COLUMNS]
    return [
        one.kind.label, one.name,
        *(part for figure in figures for part in ((figure.num, figure.den) if figure is not None else (0, 0))),
    ]  # fmt: skip


def _subject(request: HttpRequest, kind: str, pk: int) -> tuple[SubjectKind, Any]:
    """Who is asked about; what one may not see is not there."""
    if kind not in KINDS or not may_see(request.user, kind, pk):
        raise Http404
    rows: Any = User.objects.active() if kind == SubjectKind.PERSON else Team.objects.filter(active_to=None)
    return SubjectKind(kind), get_object_or_404(rows, pk=pk)


@require_GET
@needs(READ)
@one_edition()
def result(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """One person or team: every metric with its sample, interval, course and the team's beside; the score, if any."""
    of_whom, who = _subject(request, kind, pk)
    now, days = timezone.now(), _days(request)
    of, floor = products.span(days, now), selectors.floor_of(now)
    team = selectors.team_of(who, now) if of_whom == SubjectKind.PERSON else None
    found = selectors.told(request.user, of_whom, pk, of, team)
    is_me = of_whom == SubjectKind.PERSON and pk == request.user.pk
    page = {
        "title": pgettext("figures", "My results") if is_me else str(who), "who": who, "kind": of_whom, "team": team,
        "lines": _lines(found, floor, of, of_whom, pk, days), "days": days, "of": of, "floor": floor, "spans": SPANS,
        "is_person": of_whom == SubjectKind.PERSON, "is_me": is_me, "pages": pages(request.user, "dashboards:results"),
        **_score(request, of_whom, pk),
    }  # fmt: skip
    return render(request, "dashboards/result.html", page)


def _lines(found: selectors.Told, floor: int, of: Span, kind: SubjectKind, pk: int, days: int) -> list[Any]:
    listed = []
    for one in found.figures:
        code, beside = one.metric.code, found.team.get(one.metric.code)
        url = f"{reverse('dashboards:result_rows', args=[kind.value, pk, code])}?days={days}"
        other = (beside.num, beside.den) if beside is not None and beside.den >= floor else None
        listed.append(line_of(one, floor, found.months.get(code, {}), of.until, url, other))
    return listed


def _score(request: HttpRequest, kind: SubjectKind, pk: int) -> dict[str, Any]:
    """What a formula says, where one is for people or teams."""
    row = scores.standing_of(request.user, kind, pk)
    if row is None:
        return {"card": None}

    def url(code: str) -> str:
        return f"{reverse('dashboards:result_rows', args=[kind.value, pk, code])}?score=1"

    return {
        "card": scores.card(row, url),
        "row": row,
        "counts": scores.counts(row),
        "announced": None,
        "month": None,
    }


@require_GET
@needs(READ)
@one_edition()
def result_rows(request: HttpRequest, kind: str, pk: int, code: str) -> HttpResponse:
    """The very tickets behind one figure of a person or team; as a sheet with ``?format=csv``."""
    of_whom, who = _subject(request, kind, pk)
    if code not in {one.code for one in of_kind(of_whom)}:
        raise Http404
    days, of_score = _days(request), bool(request.GET.get("score"))
    back = f"{reverse('dashboards:result', args=[kind, pk])}?days={days}"
    frame = {
        "crumbs": [(reverse("dashboards:results"), pgettext("figures", "Results")), (back, str(who))],
        "keep": "&score=1" if of_score else f"&days={days}",
    }  # fmt: skip
    if of_score:
        return score_rows_answer(request, code, scores.standing_of(request.user, of_whom, pk), frame)
    return rows_answer(request, code, of_whom, pk, products.span(days, timezone.now()), frame)
