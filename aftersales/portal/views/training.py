"""What a merchant's person is asked to learn: his courses, their material and runs; for owners also their people's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from aftersales.core import files
from aftersales.core.access import answered, needs
from aftersales.core.merchantscope import as_application
from aftersales.merchants import trainingselectors
from aftersales.merchants.models import Lesson
from aftersales.portal.scope import MerchantRequest, merchant_page, reading
from training import admission, courseselectors, exampages, examselectors, pages
from training.models import Course, CourseFile, CourseVersion, ExamVersion, Run, Seat
from training.prose import prose
from training.services import courses
from training.states import AttemptState, RunState, SeatState

LEARN = "merchants.learn"
COMING = (RunState.PLANNED, RunState.OPEN, RunState.RUNNING)


@needs(LEARN)
@merchant_page
@require_GET
def index(request: MerchantRequest) -> HttpResponse:
    """My courses; of an owner's merchants every person with what he lacks, and the share that is trained."""
    now, user = timezone.now(), request.user
    seen = trainingselectors.lessons_of(user)
    merchants = [request.merchant]
    shares = trainingselectors.shares([one.pk for one in merchants], now)
    others = [one for one in seen if one.member.user_id != user.pk]
    page = {
        "title": pgettext("portal", "Training"), "now": now, "merchants": merchants,
        "mine": [(one, one.is_late(now)) for one in seen if one.member.user_id == user.pk],
        "owned": _owned(merchants, others, shares, now),
    }  # fmt: skip
    return render(request, "portal/index.html", page)


def _owned(
    merchants: list[Any], others: list[Lesson], shares: Any, now: datetime
) -> list[tuple[Any, Any, list[tuple[Lesson, bool]]]]:
    """Merchant, share, what the others of his people owe; only where the reader sees others than himself."""
    return [
        (
            one,
            shares.get(one.pk),
            [(row, row.is_late(now)) for row in others if row.merchant_id == one.pk],
        )
        for one in merchants
        if any(row.merchant_id == one.pk for row in others)
    ]


@needs(LEARN)
@merchant_page
@require_GET
def lesson(request: HttpRequest, number: str) -> HttpResponse:
    """Where a message leads: to the course of one's own lesson, else to the list."""
    row = get_object_or_404(Lesson.objects.visible_to(request.user).select_related("course"), number=number)
    if row.course_id in admission.of(request.user, timezone.now()).courses:
        return redirect("portal:course", row.course.code)
    return redirect("portal:index")


def _course(request: HttpRequest, now: datetime, **key: Any) -> Course:
    """A course that this person takes; every other one is not there."""
    rows = Course.objects.filter(pk__in=admission.of(request.user, now).courses)
    found: Course = get_object_or_404(rows, **key)
    return found


@needs(LEARN)
@merchant_page
@require_GET
def course(request: HttpRequest, code: str) -> HttpResponse:
    """What it teaches, its material, its runs, its exam."""
    now, user = timezone.now(), request.user
    row = _course(request, now, code=code)
    version = CourseVersion.objects.in_force(now).filter(course=row).order_by("-number").first()
    if version is None:
        raise Http404
    own = [one for one in trainingselectors.lessons_of(user, of=user) if one.course_id == row.pk]
    page = {
        "title": row.name, "now": now, "course": row, "version": version, "hours": pages.hours_words(version.hours),
        "counts": pages.months_words(version.refresh_months), "syllabus": prose(version.syllabus),
        "material": prose(version.material), "links": version.links.split(),
        "files": courseselectors.files_of(version), "lessons": [(one, one.is_late(now)) for one in own],
        "runs": _runs(row, user, now), "exams": _exams(own, user, now),
    }  # fmt: skip
    return render(request, "portal/course.html", page)


def _runs(row: Course, user: Any, now: datetime) -> list[tuple[Run, Any, Seat | None]]:
    """Runs that are still to come or run now, with the own place in each; nobody else's."""
    with as_application("how many places of a run are taken, whoever took them"):
        rows = courseselectors.with_counts(Run.objects.filter(course=row, state__in=COMING, ends_at__gt=now))
        found = list(rows.order_by("starts_at"))
    mine = {one.run_id: one for one in Seat.objects.filter(person_id=user.pk, run__course=row).taken()}
    return [(one, pages.run_badge(one), mine.get(one.pk)) for one in found]


def _exams(own: list[Lesson], user: Any, now: datetime) -> list[tuple[Any, Any, list[Any], Any]]:
    """Exam, its terms, the own attempts, the one that runs."""
    sat = examselectors.attempts_of(user)
    found = []
    for exam in {one.exam for one in own if one.exam}:
        version = ExamVersion.objects.in_force(now).filter(exam=exam).order_by("-number").first()
        mine = [one for one in sat if one.exam_id == exam.pk]
        running = next((one for one in mine if one.state == AttemptState.STARTED and now < one.due_at), None)
        lines = exampages.terms(version) if version else []
        found.append((exam, lines, [(one, exampages.badge(one)) for one in mine], running))
    return found


@needs(LEARN)
@merchant_page
@require_GET
def file(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """A file of the material of a course that this person takes."""
    courses_ = admission.of(request.user, timezone.now()).courses
    rows = CourseFile.objects.filter(active_to=None, course_version__course__in=courses_)
    rows = rows.filter(course_version__state__in=["active", "retired"])
    return files.serve(get_object_or_404(rows, public_id=public_id), request)


def _run(request: HttpRequest, number: str) -> Run:
    with reading(request):
        rows = Run.objects.filter(course__in=admission.of(request.user, timezone.now()).courses)
        found: Run = get_object_or_404(rows.select_related("course"), number=number)
    return found


@needs(LEARN)
@merchant_page
@require_POST
def join(request: HttpRequest, number: str) -> HttpResponse:
    """Take a place for oneself, or give it back."""
    row, me = _run(request, number), get_object_or_404(User, pk=request.user.pk)
    now = timezone.now()
    if request.POST.get("act") == "withdraw":
        seat = get_object_or_404(Seat, run=row, person=me, state=SeatState.ENROLLED)
        answered(
            lambda: courses.seat_move(seat=seat, name="withdraw", actor=me, now=now), request, _("Done.")
        )
    else:
        answered(
            lambda: courses.seats_take(run=row, people=[me], actor=me, now=now),
            request,
            _("You are enrolled."),
        )
    return redirect("portal:course", row.course.code)


@needs(LEARN)
@merchant_page
@require_POST
def check_in(request: HttpRequest, number: str) -> HttpResponse:
    """I am here: the code that the trainer shows."""
    row = _run(request, number)
    answered(
        lambda: courses.seat_check_in(
            run=row, code=request.POST.get("code", ""), actor=request.user, now=timezone.now()
        ),
        request, _("You are checked in."),
    )  # fmt: skip
    return redirect("portal:course", row.course.code)
