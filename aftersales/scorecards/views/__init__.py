"""The workshop of formulas: versions, their terms side by side, drafts, announcement, whether it was simulated."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import needs
from aftersales.core.rulebook import RuleState
from aftersales.scorecards import formulapages as pages
from aftersales.scorecards import services, simulationpages
from aftersales.scorecards.models import Formula, FormulaVersion
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.services.shadow import SIMULATE
from aftersales.standards import services as rule_book
from aftersales.standards.announcing import views as announcing
from aftersales.standards.announcing.pages import before

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
    page = announcing.opened(request, row, versions, now, badge=pages.badge, about=_about)
    shown = page | {"formula": row, "form": pages.form_of(page["version"])}
    return render(request, "scorecards/formula.html", shown)


def _about(
    request: HttpRequest, version: FormulaVersion, versions: list[FormulaVersion], now: Any
) -> dict[str, Any]:
    earlier = before(version, versions)
    readable = pages.readable(version) and (earlier is None or pages.readable(earlier))
    seen = simulationpages.simulated(version) if request.user.has_perm(TRIALS) else None
    return {
        "before": earlier, "terms": pages.terms(version, earlier) if readable else None,
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
    if announcing.drafted(request, form, partial(services.formula_draft, formula=row)):
        return redirect("scorecards:formula", code)
    page = announcing.opened(request, row, [], timezone.now(), badge=pages.badge, about=_about)
    return render(request, "scorecards/formula.html", page | {"formula": row, "form": form}, status=422)


@require_POST
@needs("standards.activate")
def formula_decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person announces a draft or returns it with a reason; a version in force can be ended."""
    rows = FormulaVersion.objects.select_related("formula")
    row = get_object_or_404(rows, formula__code=code, number=number)
    announcing.decided(request, row, services.formula_activate, ended=_("The formula is out of force."))
    return redirect("scorecards:formula", code)
