"""A draft of a formula counted over the past quarter: asked for, looked at, taken away as a sheet."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.sheets.views import attachment
from aftersales.scorecards import services
from aftersales.scorecards import simulationpages as pages
from aftersales.scorecards.models import FormulaVersion, ShadowRun
from aftersales.scorecards.services.shadow import SIMULATE

READ = "scorecards.view_trials"


@require_POST
@needs(SIMULATE)
def formula_simulate(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Ask for a simulation; a job counts it."""
    rows = FormulaVersion.objects.select_related("formula")
    version = get_object_or_404(rows, formula__code=code, number=number)
    now = timezone.now()
    run = answered(
        lambda: services.formula_simulate(
            version=version, least=_least(request.POST.get("least", "")), actor=request.user, now=now
        ),
        request,
    )
    if run is None:
        return redirect("scorecards:formula", code)
    return redirect("scorecards:simulation", code, run.public_id)


def _least(text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise DomainError(_("A limit of a score lies between 0 and 100."), "least")
    return found


def _run(request: HttpRequest, code: str, public_id: str) -> ShadowRun:
    rows = ShadowRun.objects.visible_to(request.user).select_related("by", "formula__formula")
    return get_object_or_404(rows, public_id=public_id, formula__formula__code=code)


@require_GET
@needs(READ)
def simulation(request: HttpRequest, code: str, public_id: str) -> HttpResponse:
    """Who moves by a draft, most first; both distributions; with ``?format=csv`` as a sheet."""
    run = _run(request, code, public_id)
    parts = pages.days_played(run)
    if parts and request.GET.get("format") == "csv":
        asked = pages.wanted(request.GET.dict() | {"after": ""}, parts)
        listed, _more = pages.rows(run, asked, request.user, most=pages.MOST_ROWS)
        answer = HttpResponse(pages.sheet(listed), content_type="text/csv; charset=utf-8")
        return attachment(answer, f"simulation-{code}-{asked.day}.csv")
    page = _page(request, run, parts) if parts else {}
    return render(request, "scorecards/simulation.html", _frame(run) | page)


def _frame(run: ShadowRun) -> dict[str, Any]:
    assert run.formula is not None
    now, against = timezone.now(), run.drafts["against"]
    rows = FormulaVersion.objects.filter(formula=run.formula.formula, number=against["number"])
    return {
        "title": pgettext("shadow", "Simulation of v%(n)s") % {"n": run.drafts["formula"]["number"]}, "run": run,
        "formula": run.formula.formula, "tried": run.drafts["formula"], "against": against,
        "announced": rows.filter(valid_from__gt=now).first(), "job": pages.job_of(run), "now": now,
    }  # fmt: skip


def _page(request: HttpRequest, run: ShadowRun, parts: list[Any]) -> dict[str, Any]:
    asked = pages.wanted(request.GET.dict(), parts)
    part = next(one for one in parts if one.counts["day"] == asked.day.isoformat())
    rows, after = pages.rows(run, asked, request.user)
    picture, table = pages.distribution(part)
    here = {"day": asked.day, "which": asked.which}
    labels = {
        "moved": pgettext("simulation", "Move"), "graded": pgettext("simulation", "Change grade"),
        "falls": pgettext("simulation", "Fall below the limit"), "all": pgettext("simulation", "All"),
    }  # fmt: skip
    return {
        "asked": asked, "part": part, "counts": part.counts, "rows": rows, "picture": picture, "table": table,
        "forgotten": not rows and bool(part.counts["subjects"]) and pages.is_forgotten(run),
        "grades": pages.grades(part), "finding": pages.finding(part, run),
        "more": urlencode(here | {"after": after}) if after else "", "sheet": urlencode(here | {"format": "csv"}),
        "days": [(one.counts["day"], urlencode(here | {"day": one.counts["day"]})) for one in parts],
        "tabs": [(name, labels[name], urlencode(here | {"which": name})) for name in pages.WHICH],
    }  # fmt: skip


@require_GET
@needs(READ)
def simulated(request: HttpRequest, code: str, public_id: str, subject: int) -> HttpResponse:
    """One subject's score by both versions, metric by metric."""
    run = _run(request, code, public_id)
    parts = pages.days_played(run)
    if not parts:
        raise Http404
    row = pages.subject(run, request.user, subject, pages.wanted(request.GET.dict(), parts).day)
    if row is None:
        raise Http404
    page = {
        "row": row, "lines": pages.beside(row, request.user), "title": pages.name_of(row),
        "by": pages.signed(row.after - row.before),
    }  # fmt: skip
    return render(request, "scorecards/simulated.html", _frame(run) | page)
