"""Pages of practical assessments: what is planned, my sheets, one assessment, the rubrics."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import moves
from aftersales.core.access import answered, needs, valid
from training import practicalrules, practicalselectors
from training.forms import AssessmentForm, NewRubricForm, ThirdForm
from training.models import Assessment
from training.services import DRAFT, practical

SEE = "training.view_courses"
MARK = "training.mark_exams"


@needs(SEE)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Assessments this person sees, those that wait for his sheet first, and the rubrics."""
    now, user = timezone.now(), request.user
    page = {
        "title": pgettext("practical", "Practical assessments"), "now": now,
        "waiting": practicalselectors.waiting_for(user),
        "rows": [(one, practicalselectors.badge(one)) for one in practicalselectors.seen_by(user)],
        "rubrics": practicalselectors.rubrics(user, now), "may_draft": user.has_perm(DRAFT),
        "may_open": user.has_perm(MARK), "form": AssessmentForm(prefix="new", user=user),
        "rubric_form": NewRubricForm(prefix="rubric"),
    }  # fmt: skip
    return render(request, "training/practicals.html", page)


@needs(DRAFT)
@require_POST
def rubric_new(request: HttpRequest) -> HttpResponse:
    """A rubric with its first draft."""
    form = NewRubricForm(request.POST, prefix="rubric")
    if valid(request, form):
        answered(
            lambda: practical.rubric_create(actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
    return redirect("training:practicals")


@needs(MARK)
@require_POST
def assessment_new(request: HttpRequest) -> HttpResponse:
    """Two colleagues are to watch a third."""
    form = AssessmentForm(request.POST, prefix="new", user=request.user)
    if valid(request, form):
        asked = form.cleaned_data
        made = answered(
            lambda: practical.assessment_open(
                rubric=asked["rubric"], person=asked["person"], assessors=[asked["first"], asked["second"]],
                task=asked["task"], actor=request.user, now=timezone.now(),
            ),
            request, _("The two assessors find it on this page."),
        )  # fmt: skip
        if made:
            return redirect("training:practical", made.number)
    return redirect("training:practicals")


def _seen(request: HttpRequest, number: str) -> Assessment:
    rows = practicalselectors.seen_by(request.user)
    found: Assessment = get_object_or_404(rows, number=number)
    return found


@needs(SEE)
@require_GET
def assessment(request: HttpRequest, number: str) -> HttpResponse:
    """One assessment: my sheet to fill, or what came of it. Sheets of others show once it is over."""
    now, user = timezone.now(), request.user
    row = _seen(request, number)
    criteria = practicalrules.parse(row.rubric_version.criteria)
    sheets = list(row.sheets.select_related("assessor"))
    mine = next((one for one in sheets if one.assessor_id == user.pk), None)
    over = row.state in {"done", "void"}
    options = {one.move.name: one for one in moves.options(row, actor=user, now=now)}
    page = {
        "title": row.number, "now": now, "row": row, "badge": practicalselectors.badge(row), "criteria": criteria,
        "given": [(one, one.given_at is not None) for one in sheets], "over": over,
        "lines": practicalselectors.lines(criteria, sheets) if row.state == "done" else [],
        "remarks": [one for one in sheets if over and one.remark],
        "fill": mine is not None and mine.given_at is None and not over and user.has_perm(MARK),
        "needs_third": row.state == "disputed" and len(sheets) == practicalrules.ASSESSORS and row.person_id != user.pk
        and user.has_perm(MARK),
        "form": ThirdForm(prefix="third"), "void": options.get("void"),
    }  # fmt: skip
    return render(request, "training/practical.html", page)


@needs(MARK)
@require_POST
def give(request: HttpRequest, number: str) -> HttpResponse:
    """My sheet."""
    row = _seen(request, number)
    scores = [_score(value) for value in request.POST.getlist("score")[:100]]
    answered(
        lambda: practical.sheet_give(
            assessment=row, scores=scores, remark=request.POST.get("remark", "")[:1000], actor=request.user,
            now=timezone.now(),
        ),
        request, _("Your sheet is in."),
    )  # fmt: skip
    return redirect("training:practical", number)


def _score(text: str) -> Decimal:
    """What is no number is refused by the service in words."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(-1)


@needs(MARK)
@require_POST
def third(request: HttpRequest, number: str) -> HttpResponse:
    """Who is to be the third."""
    row, form = _seen(request, number), ThirdForm(request.POST, prefix="third")
    if valid(request, form):
        chosen: Any = form.cleaned_data["assessor"]
        answered(
            lambda: practical.third_name(
                assessment=row, assessor=chosen, actor=request.user, now=timezone.now()
            ),
            request, _("The third assessor finds it on this page."),
        )  # fmt: skip
    return redirect("training:practical", number)


@needs("training.certify")
@require_POST
def void(request: HttpRequest, number: str) -> HttpResponse:
    """It does not count."""
    row = _seen(request, number)
    answered(
        lambda: practical.assessment_void(
            assessment=row, actor=request.user, now=timezone.now(), reason=request.POST.get("reason", "")[:2000]
        ),
        request, _("Done."),
    )  # fmt: skip
    return redirect("training:practical", number)
