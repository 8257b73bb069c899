"""The exam of a merchant's person: the same papers as the department's, found only by whom they belong to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import moves
from aftersales.core.access import answered, needs
from aftersales.portal.scope import merchant_page, reading
from training import admission, exampages, examselectors, papers
from training.models import Attempt, Exam
from training.services import exams
from training.states import AttemptState

from .training import LEARN


@needs(LEARN)
@merchant_page
@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Begin, or go on with the attempt that runs."""
    now = timezone.now()
    with reading(request):
        row = get_object_or_404(Exam, pk__in=admission.of(request.user, now).exams, code=code)
    made = answered(lambda: exams.attempt_start(exam=row, actor=request.user, now=now), request)
    return redirect("portal:attempt", made.public_id) if made else redirect("portal:index")


def _mine(request: HttpRequest, public_id: str) -> Attempt:
    rows = Attempt.objects.filter(person_id=request.user.pk).select_related("exam", "exam_version", "person")
    with reading(request):
        found: Attempt = get_object_or_404(rows, public_id=public_id)
    return found


@never_cache
@needs(LEARN)
@merchant_page
@require_GET
def attempt(request: HttpRequest, public_id: str) -> HttpResponse:
    """The paper while it runs, afterwards what came of it."""
    now, row = timezone.now(), _mine(request, public_id)
    page = {"title": row.exam.name, "now": now, "attempt": row, "mine": True, "badge": exampages.badge(row)}
    if row.state == AttemptState.STARTED:
        page |= {
            "paper": examselectors.paper(row), "left": max(int((row.due_at - now).total_seconds()), 0),
            "submit_url": reverse("portal:submit", args=[public_id]),
            "answer_url": reverse("portal:answer", args=[public_id]),
        }  # fmt: skip
        return render(request, "portal/paper.html", page)
    shown = row.state in examselectors.MARKED
    options = {one.move.name: one for one in moves.options(row, actor=request.user, now=now)}
    page |= {
        "items": examselectors.result(row) if shown else [], "shown": shown, "percent": exampages.percent(row),
        "appeal": options.get("appeal"),
    }  # fmt: skip
    return render(request, "portal/result.html", page)


@needs(LEARN)
@merchant_page
@require_POST
def answer(request: HttpRequest, public_id: str) -> JsonResponse:
    """One answer, saved as it is given."""
    status, said = papers.answer_posted(_mine(request, public_id), request.POST, request.user, timezone.now())
    return JsonResponse(said, status=status)


@needs(LEARN)
@merchant_page
@require_POST
def submit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Save everything on the page; hand in when asked to."""
    row, now, user = _mine(request, public_id), timezone.now(), request.user
    for save in papers.whole_posted(row, request.POST, user, now):
        answered(save, request)
    if request.POST.get("act") == "submit":
        answered(
            lambda: exams.attempt_submit(attempt=row, actor=user, now=now), request, _("You handed it in.")
        )
    return redirect("portal:attempt", public_id)


@needs(LEARN)
@merchant_page
@require_POST
def appeal(request: HttpRequest, public_id: str) -> HttpResponse:
    """A second marker, please."""
    row = _mine(request, public_id)
    answered(
        lambda: exams.attempt_appeal(
            attempt=row, actor=request.user, now=timezone.now(), reason=request.POST.get("reason", "")[:2000]
        ),
        request, _("A second marker will look at your paper."),
    )  # fmt: skip
    return redirect("portal:attempt", public_id)
