"""Rectification plans of the shop: what is asked, the answer with measures, the proof. For its owner and clerks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import files, moves
from aftersales.core.access import answered, needs
from aftersales.core.posted import moment_of
from aftersales.portal import measurerows
from aftersales.portal.scope import MerchantRequest, merchant_page, reading
from aftersales.scorecards.models import Plan, PlanFile
from aftersales.scorecards.rectification import selectors
from aftersales.scorecards.rectification.machine import ANSWER
from aftersales.scorecards.services import rectification as services

MOST = 100


def _mine(request: MerchantRequest) -> Any:
    return Plan.objects.visible_to(request.user).filter(merchant=request.merchant)


@needs(ANSWER)
@merchant_page
@require_GET
def index(request: MerchantRequest) -> HttpResponse:
    """Every plan, the newest first."""
    now = timezone.now()
    rows = [(one, selectors.badge_of(one, now)) for one in _mine(request)[:MOST]]
    page = {"title": pgettext("portal", "Rectification"), "now": now, "rows": rows}
    return render(request, "portal/plans.html", page)


def _plan(request: MerchantRequest, public_id: str) -> Plan:
    found: Plan = get_object_or_404(_mine(request), public_id=public_id)
    return found


@needs(ANSWER)
@merchant_page
@require_GET
def plan(request: MerchantRequest, public_id: str) -> HttpResponse:
    """What is asked, until when, and the form whose turn it is."""
    row, now = _plan(request, public_id), timezone.now()
    options = {one.move.name: one for one in moves.options(row, actor=request.user, now=now)}
    page = {
        "title": row.number, "now": now, "row": row, "badge": selectors.badge_of(row, now),
        "figure": selectors.figure_of(row, now), "files": row.files.all(), "accept": files.accepted(),
        "answer": options.get("answer"), "prove": options.get("prove"), "late": row.is_late(now),
        "breaches": measurerows.breaches(row.breaches, request),
    }  # fmt: skip
    return render(request, "portal/plan.html", page)


@needs(ANSWER)
@merchant_page
@require_POST
def answer(request: MerchantRequest, public_id: str) -> HttpResponse:
    """Cause, measures, until when."""
    now = timezone.now()
    with reading(request):
        row = _plan(request, public_id)
    due = moment_of(request.POST.get("due")) or now

    def said() -> Plan:
        with files.stored_for(request.FILES.getlist("files"), now=now) as stored:
            return services.plan_answer(
                plan=row, cause=request.POST.get("cause", "")[:4001], measures=request.POST.get("measures", "")[:4001],
                measures_due=due, actor=request.user, now=now, files=stored,
            )  # fmt: skip

    answered(said, request, _("Thank you. Your manager accepts the measures or says what is missing."))
    return redirect("portal:plan", public_id)


@needs(ANSWER)
@merchant_page
@require_POST
def prove(request: MerchantRequest, public_id: str) -> HttpResponse:
    """What was done, with what proves it; nothing of a file stays when it is refused."""
    now: datetime = timezone.now()
    with reading(request):
        row = _plan(request, public_id)

    def proven() -> Plan:
        with files.stored_for(request.FILES.getlist("files"), now=now) as stored:
            words = request.POST.get("words", "")[:4001]
            return services.plan_prove(plan=row, words=words, actor=request.user, now=now, files=stored)

    answered(proven, request, _("Thank you. The proof is with us and is looked at."))
    return redirect("portal:plan", public_id)


@needs(ANSWER)
@merchant_page
@require_GET
def file(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """A file of a plan of one's own shop."""
    row = get_object_or_404(PlanFile.objects.visible_to(request.user), public_id=public_id)
    return files.serve(row, request)
