"""Pages of training effect: every course, one course with its runs, one run; each as a sheet too."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.core.sheets.views import attachment
from training import effectpages, effectselectors
from training.effectselectors import Effects
from training.models import Course, Run

SEE = "training.view_seats"
CSV_TYPE = "text/csv; charset=utf-8"


@needs(SEE)
@require_GET
def effects(request: HttpRequest) -> HttpResponse:
    """What each course did to the figures of the people who attended, within a year."""
    now = timezone.now()
    told = Effects(effectselectors.finished(request.user, now), request.user, now)
    page = {
        "title": pgettext("training", "Training effect"), "now": now, "courses": effectpages.by_course(told),
        "days": told.days, "sample": told.sample,
    }  # fmt: skip
    return render(request, "training/effects.html", page)


def _told(request: HttpRequest, **which: Any) -> Effects:
    now = timezone.now()
    return Effects(effectselectors.finished(request.user, now).filter(**which), request.user, now)


@needs(SEE)
@require_GET
def course_effect(request: HttpRequest, code: str) -> HttpResponse:
    """One course: its runs together with charts, then each of them."""
    course = get_object_or_404(Course.objects.visible_to(request.user), code=code)
    told = _told(request, course=course)
    found = effectpages.together(told.runs, told)
    each = [(run, effectpages.lines(told.of([run]), told, drawn=False)) for run in told.runs]
    page = {
        "title": pgettext("training", "Training effect"), "now": timezone.now(), "course": course, "found": found,
        "lines": effectpages.lines(found, told) if told.runs else [], "each": each, "days": told.days,
        "sample": told.sample, "asked": f"course={course.code}",
    }  # fmt: skip
    return render(request, "training/effect.html", page)


@needs(SEE)
@require_GET
def run_effect(request: HttpRequest, number: str) -> HttpResponse:
    """One run that is over."""
    run: Any = get_object_or_404(Run.objects.visible_to(request.user).select_related("course"), number=number)
    told = _told(request, pk=run.pk)
    found = told.of(told.runs)
    page = {
        "title": pgettext("training", "Training effect"), "now": timezone.now(), "course": run.course, "run": run,
        "found": found, "lines": effectpages.lines(found, told) if told.runs else [], "each": [], "days": told.days,
        "sample": told.sample, "asked": f"run={run.number}",
    }  # fmt: skip
    return render(request, "training/effect.html", page)


@needs(SEE)
@require_GET
def effects_sheet(request: HttpRequest) -> HttpResponse:
    """The same as CSV: every run, those of a course, or one; figures of groups, no person's."""
    code, number = request.GET.get("course", ""), request.GET.get("run", "")
    which = ({"course__code": code} if code else {}) | ({"number": number} if number else {})
    content = effectpages.sheet(_told(request, **which))
    name = f"training-effect-{timezone.localdate(timezone.now()):%Y%m%d}.csv"
    return attachment(HttpResponse(content, content_type=CSV_TYPE), name)
