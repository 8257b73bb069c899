"""The workshop of formulas: versions, their terms side by side, drafts, announcement, whether it was simulated."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import moves
from aftersales.core.access import answered, needs
from aftersales.core.posted import moment_of, whole
from aftersales.core.rulebook import RuleState
from aftersales.scorecards import formulapages as pages
from aftersales.scorecards import services, simulationpages
from aftersales.scorecards.models import Formula, FormulaVersion
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.services.shadow import SIMULATE
from aftersales.standards import services as rule_book

READ = "standards.view_rulebook"
TRIALS = "scorecards.view_trials"


@require_GET
@needs(READ)
def formulas(request: HttpRequest) -> HttpResponse:
    """Every formula with the version that counts."""
    now = timezone.now()
    page = {"title": pgettext("scorecards", "Formulas of scores"), "now": now, "rows": pages.overview(now)}
    return render(request, "scorecards/formulas.html", page)


@require_GET
@needs(READ)
def formula(request: HttpRequest, code: str) -> HttpResponse:
    """One formula: a version's terms beside those before, its life, and whether it was simulated."""
    row, now = get_object_or_404(Formula, code=code), timezone.now()
    versions = list(row.versions.select_related("formula", "drafted_by", "activated_by").order_by("-number"))
    number = whole(request.GET.get("v"))
    version = pages.chosen(versions, number, now)
    if number is not None and version is None:
        raise Http404
    page: dict[str, Any] = {
        "title": row.name, "now": now, "formula": row, "version": version,
        "versions": [(one, pages.badge(one, now)) for one in versions],
        "may_draft": request.user.has_perm(rule_book.DRAFT), "form": pages.form_of(version),
    }  # fmt: skip
    if version is not None:
        page |= _about(request, version, versions, now)
    return render(request, "scorecards/formula.html", page)


def _about(
    request: HttpRequest, version: FormulaVersion, versions: list[FormulaVersion], now: Any
) -> dict[str, Any]:
    earlier = pages.before(version, versions)
    options = {one.move.name: one for one in moves.options(version, actor=request.user, now=now)}
    readable = pages.readable(version) and (earlier is None or pages.readable(earlier))
    seen = simulationpages.simulated(version) if request.user.has_perm(TRIALS) else None
    return {
        "badge": pages.badge(version, now), "before": earlier, "is_draft": version.state == RuleState.DRAFT,
        "terms": pages.terms(version, earlier) if readable else None, "activate": options.get("activate"),
        "reject": options.get("reject"), "retire": options.get("retire"),
        "earliest": selectors.earliest(version, now),
        "may_simulate": readable and version.state == RuleState.DRAFT and request.user.has_perm(SIMULATE),
        "simulation": (*seen, simulationpages.finding(seen[1], seen[0])) if seen else None,
    }  # fmt: skip


@require_POST
@needs(rule_book.DRAFT)
def formula_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft; what was typed stays on the page when it is refused."""
    row = get_object_or_404(Formula, code=code)
    form = pages.DraftForm(request.POST)
    if form.is_valid():
        done = answered(
            lambda: services.formula_draft(formula=row, actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
        if done is not None:
            return redirect("scorecards:formula", code)
    for words in pages.errors_of(form):
        messages.error(request, words)
    page = {
        "title": row.name, "now": timezone.now(), "formula": row, "version": None, "versions": [], "may_draft": True,
        "form": form,
    }  # fmt: skip
    return render(request, "scorecards/formula.html", page, status=422)


@require_POST
@needs("standards.activate")
def formula_decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person announces a draft or returns it with a reason; a version in force can be ended."""
    rows = FormulaVersion.objects.select_related("formula")
    row = get_object_or_404(rows, formula__code=code, number=number)
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")[:2000]
    if act == "reject":
        returned = _("The draft was returned.")
        answered(lambda: rule_book.rule_reject(draft=row, reason=reason, **who), request, returned)
    elif act == "retire":
        answered(lambda: rule_book.rule_retire(row=row, **who), request, _("The formula is out of force."))
    else:
        answered(
            lambda: services.formula_activate(
                draft=row, valid_from=moment_of(request.POST.get("valid_from")), reason=reason,
                seen=whole(request.POST.get("seen")), **who,
            ), request, _("The version is announced and comes into force on its day."),
        )  # fmt: skip
    return redirect("scorecards:formula", code)
