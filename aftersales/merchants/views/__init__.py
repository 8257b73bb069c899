"""Page of merchants' training: what agreements ask for, how far each merchant is, who lacks what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import moves
from aftersales.core.access import answered, needs
from aftersales.standards.announcing import views as announcing
from training import pages
from training import services as rules

from .. import trainingselectors
from ..forms import TermForm
from ..models import TrainingTerm
from ..services.training import term_draft

SEE = "merchants.view_training"


def at() -> datetime:
    """The moment a page speaks about."""
    return timezone.now()


@needs(SEE)
@require_GET
def training(request: HttpRequest) -> HttpResponse:
    """Agreements and their terms, merchants with the share of trained people, who lacks which course."""
    now, user = timezone.now(), request.user
    merchant, only_late = request.GET.get("merchant", "")[:64], request.GET.get("late") == "1"
    lines = trainingselectors.by_merchant(user, now)
    page = {
        "title": pgettext("merchant training", "Merchants' training"), "now": now, "lines": lines,
        "agreements": trainingselectors.by_agreement(lines), "merchant": merchant, "late": only_late,
        "lacking": [
            (one, one.is_late(now))
            for one in trainingselectors.lacking(user, merchant=merchant, only_late=only_late, now=now)
        ],
        "terms": [
            (
                found[0], pages.badge_of(found[0]),
                {one.move.name: one for one in moves.options(found[0], actor=user, now=now)},
            )
            for found in trainingselectors.newest_terms(user)
        ],
        "may_draft": user.has_perm(rules.DRAFT), "form": TermForm(prefix="term"),
        "may_export": user.has_perm("core.export_merchant_lessons"),
        "may_take_terms": user.has_perm("core.export_training_terms"),
    }  # fmt: skip
    return render(request, "merchants/training.html", page)


@needs(rules.DRAFT)
@require_POST
def term_new(request: HttpRequest) -> HttpResponse:
    """Draft what an agreement asks for, or the next version of it."""
    announcing.drafted(request, TermForm(request.POST, prefix="term"), term_draft)
    return redirect("merchants:training")


@needs("training.activate")
@require_POST
def term_decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person brings a draft into force or returns it; a version in force is taken out."""
    row = get_object_or_404(TrainingTerm.objects.visible_to(request.user), code=code, number=number)
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    reason = request.POST.get("reason", "").strip()[:2000]
    acts = {
        "activate": (lambda: rules.rule_activate(draft=row, **who), _("The version is in force.")),
        "reject": (lambda: rules.rule_reject(draft=row, reason=reason, **who), _("The draft was returned.")),
        "retire": (
            lambda: rules.rule_retire(row=row, reason=reason, **who),
            _("The version is out of force."),
        ),
    }
    if request.POST.get("act") not in acts:
        raise Http404
    act, done = acts[request.POST["act"]]
    answered(act, request, done)
    return redirect("merchants:training")
