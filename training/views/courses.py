"""Pages of courses: catalogue, one course, its runs, the trainer's desk, a person's hours, numbers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.states import Duty
from aftersales.core import files, moves
from aftersales.core.access import answered, needs, valid
from aftersales.core.posted import whole
from training import courseselectors, pages
from training.forms import EnrolForm, NewCourseForm, RunForm
from training.models import Course, CourseFile, CourseVersion, Run, Seat, Tier
from training.prose import prose
from training.services import DRAFT, courses
from training.states import RunState, SeatState
from training.views import READ

SEE = "training.view_courses"
SHOWN = 100


# ------------------------------------------------------------------------------------------------- courses
@needs(SEE)
@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """Every course with its coming runs; filtered by a duty and a tier it is the syllabus of that post."""
    now = timezone.now()
    duty, tier = request.GET.get("duty", ""), request.GET.get("tier", "")
    tiers = [(one.code, one.name) for one in Tier.objects.all()]
    offers = courseselectors.catalogue(
        request.user, now, duty=duty if duty in Duty.values else "", tier=tier if tier in dict(tiers) else ""
    )
    page = {
        "title": pgettext("training", "Courses"), "now": now, "offers": [_offer(one) for one in offers],
        "duty": duty, "tier": tier, "duties": Duty.choices, "tiers": tiers,
        "form": NewCourseForm(prefix="new"), "may_draft": request.user.has_perm(DRAFT),
    }  # fmt: skip
    return render(request, "training/courses.html", page)


def _offer(one: courseselectors.Offered) -> dict[str, Any]:
    version = one.version
    return {
        "course": one.course, "version": version, "has_draft": one.has_draft, "coming": one.coming[:3],
        "hours": pages.hours_words(version.hours) if version else "",
        "duties": pages.duties(version.duties) if version else "",
        "counts": pages.months_words(version.refresh_months) if version else "",
    }  # fmt: skip


@needs(DRAFT)
@require_POST
def course_new(request: HttpRequest) -> HttpResponse:
    """Open a course with its first draft."""
    form = NewCourseForm(request.POST, prefix="new")
    if valid(request, form):
        made = answered(
            lambda: courses.course_create(actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
        if made:
            return redirect("training:course", made.course.code)
    return redirect("training:courses")


@needs(SEE)
@require_GET
def course(request: HttpRequest, code: str) -> HttpResponse:
    """One course: what it teaches, its material, its runs."""
    now, user = timezone.now(), request.user
    row = get_object_or_404(Course.objects.visible_to(user), code=code)
    versions = list(CourseVersion.objects.filter(course=row).order_by("-number"))
    draft = next((one for one in versions if one.state == "draft"), None)
    shown = next((one for one in versions if one.applies_at(now)), None) or draft or versions[0]
    runs = courseselectors.with_counts(Run.objects.visible_to(user).filter(course=row)).select_related(
        "trainer"
    )
    page = {
        "title": row.name, "now": now, "course": row, "version": shown, "badge": pages.badge_of(shown),
        "hours": pages.hours_words(shown.hours), "counts": pages.months_words(shown.refresh_months),
        "duties": pages.duties(shown.duties), "tiers": pages.tier_names(shown.tiers),
        "syllabus": prose(shown.syllabus), "material": prose(shown.material), "links": shown.links.split(),
        "files": courseselectors.files_of(shown), "draft": draft, "draft_shown": draft is not None and draft == shown,
        "draft_files": courseselectors.files_of(draft) if draft else [],
        "runs": [(run, pages.run_badge(run)) for run in runs[:SHOWN]], "accepted": files.accepted(),
        "may_draft": user.has_perm(DRAFT), "may_plan": user.has_perm("training.plan_runs") and shown.applies_at(now),
        "form": RunForm(prefix="run", initial={"trainer": user.pk}),
    }  # fmt: skip
    return render(request, "training/course.html", page)


@needs(DRAFT)
@require_POST
def file_add(request: HttpRequest, code: str) -> HttpResponse:
    """Files for the waiting draft."""
    draft = get_object_or_404(CourseVersion, course__code=code, state="draft")
    for upload in request.FILES.getlist("files"):
        act = partial(
            courses.course_file_add, draft=draft, upload=upload, actor=request.user, now=timezone.now()
        )
        answered(act, request, _("The file is in the draft."))
    return redirect("training:course", code)


@needs(DRAFT)
@require_POST
def file_remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a file out of a draft."""
    row = get_object_or_404(CourseFile.objects.select_related("course_version__course"), public_id=public_id)
    answered(
        lambda: courses.course_file_remove(file=row, actor=request.user, now=timezone.now()),
        request,
        _("Done."),
    )
    return redirect("training:course", row.course_version.course.code)


@needs(SEE)
@require_GET
def file(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """A file of the material as a download; one that was taken out of a draft is not there any more."""
    return files.serve(get_object_or_404(CourseFile, public_id=public_id, active_to=None), request)


# ---------------------------------------------------------------------------------------------------- runs
@needs(SEE)
@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """The trainer's desk: runs he leads, who is missing in those that run now."""
    now, user = timezone.now(), request.user
    state = request.GET.get("state", "")
    state = state if state in RunState.values else ""
    found = list(courseselectors.led(user, state=state, mine=request.GET.get("mine") == "1")[:SHOWN])
    missing = courseselectors.missing_people(found, user)
    page = {
        "title": pgettext("training", "Course runs"), "now": now, "state": state, "states": RunState.choices,
        "mine": request.GET.get("mine") == "1", "sees_all": user.has_perm("training.plan_runs"),
        "rows": [(run, pages.run_badge(run), missing.get(run.pk, [])) for run in found],
    }  # fmt: skip
    return render(request, "training/runs.html", page)


@needs("training.plan_runs")
@require_POST
def run_plan(request: HttpRequest, code: str) -> HttpResponse:
    """Plan a run of this course."""
    row = get_object_or_404(Course.objects.visible_to(request.user), code=code)
    form = RunForm(request.POST, prefix="run")
    if valid(request, form):
        made = answered(
            lambda: courses.run_plan(course=row, actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("The run is planned. Open it when people may enrol."),
        )  # fmt: skip
        if made:
            return redirect("training:run", made.number)
    return redirect("training:course", code)


def _run(request: HttpRequest, number: str) -> Run:
    rows = Run.objects.visible_to(request.user).select_related("course", "trainer", "course_version")
    found: Run = get_object_or_404(rows, number=number)
    return found


@needs(SEE)
@require_GET
def run(request: HttpRequest, number: str) -> HttpResponse:
    """One run: when and where, who sits in it, the code for whoever leads it, the field for whoever sits in it."""
    now, user, row = timezone.now(), request.user, _run(request, number)
    seats = courseselectors.seats_of(row, user)
    mine = next((one for one in seats if one.person_id == user.pk), None)
    options = {one.move.name: one for one in moves.options(row, actor=user, now=now)}
    leads = row.trainer_id == user.pk or user.has_perm("training.plan_runs")
    page = {
        "title": row.number, "now": now, "run": row, "badge": pages.run_badge(row), "mine": mine,
        "hours": pages.hours_words(row.hours), "acts": list(options.values()),
        "seats": [(one, pages.seat_badge(one)) for one in seats], "leads": leads and user.has_perm("training.mark"),
        "mine_badge": pages.seat_badge(mine) if mine else None,
        "taken": courseselectors.taken(row),
        "may_join": _may_join(row, mine, user), "may_plan": user.has_perm("training.plan_runs"),
        "may_enrol": user.has_perm("training.enrol") and row.state in {"planned", "open", "running"},
        "form": RunForm(prefix="run", run=row), "enrol_form": EnrolForm(prefix="enrol", user=user),
        "code": _code(row, mine, leads, now),
    }  # fmt: skip
    return render(request, "training/run.html", page)


def _may_join(run: Run, mine: Seat | None, user: Any) -> bool:
    free = mine is None or mine.state == SeatState.WITHDRAWN
    return (
        run.state == RunState.OPEN and free and run.trainer_id != user.pk and user.has_perm("training.join")
    )


def _code(run: Run, mine: Seat | None, leads: bool, now: datetime) -> tuple[str, datetime] | None:
    """Only for who leads the run and does not sit in it: nobody reads the code to himself."""
    sits = mine is not None and mine.state != SeatState.WITHDRAWN
    return courseselectors.code_of(run, now) if leads and not sits and run.state == RunState.RUNNING else None


@needs("training.mark")
@require_POST
def run_act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Open, start, finish, cancel."""
    row = _run(request, number)
    if name not in {"open", "start", "finish", "cancel"}:
        raise Http404
    answered(
        lambda: courses.run_move(
            run=row, name=name, actor=request.user, now=timezone.now(),
            reason=request.POST.get("reason", "")[:2000], version=whole(request.POST.get("version")),
        ),
        request, _("Done."),
    )  # fmt: skip
    return redirect("training:run", number)


@needs("training.plan_runs")
@require_POST
def run_change(request: HttpRequest, number: str) -> HttpResponse:
    """Another time, place, trainer or cost."""
    row, form = _run(request, number), RunForm(request.POST, prefix="run")
    if valid(request, form):
        columns = {name: value for name, value in form.cleaned_data.items() if name != "trainer"}
        columns["trainer_id"] = form.cleaned_data["trainer"].pk
        answered(
            lambda: courses.run_change(
                run=row, actor=request.user, now=timezone.now(), version=whole(request.POST.get("version")), **columns
            ),
            request, _("The run is changed."),
        )  # fmt: skip
    return redirect("training:run", number)


@needs("training.enrol")
@require_POST
def enrol(request: HttpRequest, number: str) -> HttpResponse:
    """Enrol colleagues."""
    row, form = _run(request, number), EnrolForm(request.POST, prefix="enrol", user=request.user)
    if valid(request, form):
        people = list(form.cleaned_data["people"])
        answered(
            lambda: courses.seats_take(run=row, people=people, actor=request.user, now=timezone.now()),
            request, _("They are enrolled."),
        )  # fmt: skip
    return redirect("training:run", number)


@needs("training.study")
@require_POST
def join(request: HttpRequest, number: str) -> HttpResponse:
    """Take a place for oneself."""
    row, me = _run(request, number), get_object_or_404(User, pk=request.user.pk)
    answered(
        lambda: courses.seats_take(run=row, people=[me], actor=me, now=timezone.now()),
        request, _("You are enrolled."),
    )  # fmt: skip
    return redirect("training:run", number)


@needs("training.study")
@require_POST
def seat_act(request: HttpRequest, number: str, pk: int, name: str) -> HttpResponse:
    """Give a place back, or take it again."""
    seats = Seat.objects.visible_to(request.user).select_related("run")
    seat = get_object_or_404(seats, pk=pk, run__number=number)
    if name not in {"withdraw", "rejoin"}:
        raise Http404
    answered(
        lambda: courses.seat_move(seat=seat, name=name, actor=request.user, now=timezone.now()),
        request, _("Done."),
    )  # fmt: skip
    return redirect("training:run", number)


@needs("training.study")
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
    return redirect("training:run", number)


@needs("training.mark")
@require_POST
def mark(request: HttpRequest, number: str) -> HttpResponse:
    """Who was there, who was missing, by ticks."""
    row, name = _run(request, number), request.POST.get("act", "")
    if name not in {"attend", "miss"}:
        raise Http404
    ticked = [pk for pk in map(whole, request.POST.getlist("seat")[:1000]) if pk is not None]
    outcome = answered(
        lambda: courses.seats_mark(run=row, seats=ticked, name=name, actor=request.user, now=timezone.now()),
        request,
    )
    if outcome is not None:
        _told(request, outcome)
    return redirect("training:run", number)


def _told(request: HttpRequest, outcome: moves.Outcome) -> None:
    done = len(outcome.done)
    messages.success(
        request, ngettext("%(n)s person recorded.", "%(n)s people recorded.", done) % {"n": done}
    )
    for words in dict.fromkeys(str(reason) for _pk, found in outcome.refused for reason in found):
        messages.error(request, words)
    if outcome.busy:
        messages.error(request, _("Somebody else is working on this right now. Please try again."))


# --------------------------------------------------------------------------------------------------- hours
@needs(SEE)
@require_GET
def hours(request: HttpRequest) -> HttpResponse:
    """My hours: what I took part in, summed for this year and for ever."""
    return _hours_of(request, request.user)


@needs("training.view_seats")
@require_GET
def hours_of(request: HttpRequest, pk: int) -> HttpResponse:
    """A colleague's hours."""
    return _hours_of(request, get_object_or_404(User.objects.visible_to(request.user).people(), pk=pk))


def _hours_of(request: HttpRequest, who: Any) -> HttpResponse:
    now = timezone.now()
    year = timezone.localtime(now).year
    seats = courseselectors.seats_of_person(who)
    counted = [one for one in seats if one.state == SeatState.PRESENT and one.run.state == RunState.DONE]
    this_year = [one for one in counted if timezone.localtime(one.run.starts_at).year == year]
    page = {
        "title": _("My hours of training") if who == request.user else _("Hours of training"), "now": now,
        "who": who, "year": str(year),
        "all_hours": pages.hours_words(sum((one.run.hours for one in counted), start=Decimal(0))),
        "year_hours": pages.hours_words(sum((one.run.hours for one in this_year), start=Decimal(0))),
        "year_runs": len(this_year),
        "rows": [(one, pages.seat_badge(one), pages.hours_words(one.run.hours), one in counted) for one in seats],
    }  # fmt: skip
    return render(request, "training/hours.html", page)


@needs(READ)
@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    """The numbers that training works by, each with the page of its versions."""
    now = timezone.now()
    rows = [
        (newest, pages.number_words(current.value) if current else "", current, waits)
        for newest, current, waits in courseselectors.numbers(now)
    ]
    page = {"title": _("Numbers of training"), "now": now, "rows": rows}
    return render(request, "training/numbers.html", page)
