"""Pages of exams: what one may sit, the paper and its answers, results, marking, the question bank."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import moves
from aftersales.core.access import answered, needs, valid
from aftersales.core.posted import whole
from training import courseselectors, exampages, examselectors, pages, papers
from training import services as rules
from training.forms import NewExamForm, NewQuestionForm, QuestionForm
from training.models import Attempt, Exam, ExamVersion, Question, QuestionVersion
from training.services import DRAFT, exams
from training.states import AttemptState

SEE = "training.view_courses"
STUDY = "training.study"
BANK = "training.view_bank"
MARK = "training.mark_exams"


# --------------------------------------------------------------------------------------------------- exams
@needs(SEE)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every exam, and my attempts."""
    now, user = timezone.now(), request.user
    page = {
        "title": pgettext("exam", "Exams"), "now": now, "exams": examselectors.exams(user, now),
        "mine": [(one, exampages.badge(one)) for one in examselectors.attempts_of(user)],
        "may_draft": user.has_perm(DRAFT), "may_sit": user.has_perm(STUDY), "form": NewExamForm(prefix="new"),
    }  # fmt: skip
    return render(request, "training/exams.html", page)


@needs(DRAFT)
@require_POST
def exam_new(request: HttpRequest) -> HttpResponse:
    """An exam with its first draft."""
    form = NewExamForm(request.POST, prefix="new")
    if valid(request, form):
        answered(
            lambda: exams.exam_create(actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
    return redirect("training:exams")


@needs(SEE)
@require_GET
def exam(request: HttpRequest, code: str) -> HttpResponse:
    """Before one begins: how long, how many questions, how often."""
    now, user = timezone.now(), request.user
    row = get_object_or_404(Exam.objects.visible_to(user), code=code)
    version = ExamVersion.objects.in_force(now).filter(exam=row).order_by("-number").first()
    mine = [one for one in examselectors.attempts_of(user) if one.exam_id == row.pk]
    page = {
        "title": row.name, "now": now, "exam": row, "version": version,
        "lines": exampages.terms(version) if version else [], "mine": [(one, exampages.badge(one)) for one in mine],
        "running": next((one for one in mine if one.state == AttemptState.STARTED and now < one.due_at), None),
        "may_sit": user.has_perm(STUDY) and version is not None,
    }  # fmt: skip
    return render(request, "training/exam.html", page)


@needs(STUDY)
@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Begin, or go on with the attempt that runs."""
    row = get_object_or_404(Exam.objects.visible_to(request.user), code=code)
    made = answered(lambda: exams.attempt_start(exam=row, actor=request.user, now=timezone.now()), request)
    return redirect("training:attempt", made.public_id) if made else redirect("training:exam", code)


# ------------------------------------------------------------------------------------------------- sitting
def _mine(request: HttpRequest, public_id: str) -> Attempt:
    rows = Attempt.objects.filter(person_id=request.user.pk).select_related("exam", "exam_version")
    found: Attempt = get_object_or_404(rows, public_id=public_id)
    return found


@never_cache
@needs(SEE)
@require_GET
def attempt(request: HttpRequest, public_id: str) -> HttpResponse:
    """The paper while it runs, afterwards what came of it."""
    now = timezone.now()
    rows = Attempt.objects.visible_to(request.user).select_related("exam", "exam_version", "person")
    row = get_object_or_404(rows, public_id=public_id)
    mine = row.person_id == request.user.pk
    page = {"title": row.number, "now": now, "attempt": row, "mine": mine, "badge": exampages.badge(row)}
    if row.state == AttemptState.STARTED and mine:
        left = max(int((row.due_at - now).total_seconds()), 0)
        return render(
            request, "training/paper.html", page | {"paper": examselectors.paper(row), "left": left}
        )
    shown = row.state in examselectors.MARKED
    options = {one.move.name: one for one in moves.options(row, actor=request.user, now=now)}
    page |= {
        "items": examselectors.result(row) if shown else [], "shown": shown,
        "percent": exampages.percent(row), "appeal": options.get("appeal") if mine else None,
        "void": options.get("void"),
    }  # fmt: skip
    return render(request, "training/result.html", page)


@needs(STUDY)
@require_POST
def answer(request: HttpRequest, public_id: str) -> JsonResponse:
    """One answer, saved as it is given; the page sends it again until this says yes."""
    status, said = papers.answer_posted(_mine(request, public_id), request.POST, request.user, timezone.now())
    return JsonResponse(said, status=status)


@needs(STUDY)
@require_POST
def submit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Save everything on the page; hand in when asked to. The way that needs no script."""
    row, now, user = _mine(request, public_id), timezone.now(), request.user
    for save in papers.whole_posted(row, request.POST, user, now):
        answered(save, request)
    if request.POST.get("act") == "submit":
        answered(
            lambda: exams.attempt_submit(attempt=row, actor=user, now=now), request, _("You handed it in.")
        )
    return redirect("training:attempt", public_id)


@needs(STUDY)
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
    return redirect("training:attempt", public_id)


@needs("training.certify")
@require_POST
def void(request: HttpRequest, public_id: str) -> HttpResponse:
    """It does not count."""
    row = get_object_or_404(Attempt.objects.visible_to(request.user), public_id=public_id)
    answered(
        lambda: exams.attempt_void(
            attempt=row, actor=request.user, now=timezone.now(), reason=request.POST.get("reason", "")[:2000]
        ),
        request, _("Done."),
    )  # fmt: skip
    return redirect("training:attempt", public_id)


# ------------------------------------------------------------------------------------------------- marking
@needs(MARK)
@require_GET
def marking(request: HttpRequest) -> HttpResponse:
    """Papers that wait for a person, without the names of who wrote them."""
    rows = [(one, exampages.badge(one)) for one in examselectors.to_mark(request.user)]
    page = {"title": pgettext("exam", "Marking"), "now": timezone.now(), "rows": rows}
    return render(request, "training/marking.html", page)


@needs(MARK)
@require_GET
def mark(request: HttpRequest, public_id: str) -> HttpResponse:
    """One paper to mark: short texts, or every question for the second marker."""
    row = _to_mark(request, public_id)
    if answered(lambda: exams.refuse_while_sitting(request.user), request) is None:
        return redirect("training:marking")
    every = row.state == AttemptState.APPEALED
    page = {
        "title": row.number, "now": timezone.now(), "attempt": row, "every": every,
        "items": [exampages.marked(one) for one in examselectors.items_to_mark(row, every=every)],
        "reason": exampages.appeal_words(row) if every else "",
    }  # fmt: skip
    return render(request, "training/mark.html", page)


def _to_mark(request: HttpRequest, public_id: str) -> Attempt:
    """One's own paper is not found here, nor one whose time still runs."""
    rows = Attempt.objects.filter(state__in=[AttemptState.SUBMITTED, AttemptState.APPEALED])
    found: Attempt = get_object_or_404(
        rows.exclude(person_id=request.user.pk).select_related("exam"), public_id=public_id
    )
    return found


@needs(MARK)
@require_POST
def mark_act(request: HttpRequest, public_id: str) -> HttpResponse:
    """Points for texts, or the decision of an appeal."""
    row, now = _to_mark(request, public_id), timezone.now()
    marks = _marks(request)
    if row.state == AttemptState.APPEALED:
        reason = request.POST.get("reason", "")
        done = answered(
            lambda: exams.appeal_settle(attempt=row, marks=marks, actor=request.user, now=now, reason=reason),
            request, _("The appeal is decided."),
        )  # fmt: skip
    else:
        done = answered(
            lambda: exams.texts_mark(attempt=row, marks=marks, actor=request.user, now=now),
            request,
            _("Saved."),
        )
    return redirect("training:marking") if done else redirect("training:mark_paper", public_id)


def _marks(request: HttpRequest) -> dict[int, tuple[Decimal, str]]:
    """Points by place; an empty field is no mark yet."""
    found = {}
    for name in request.POST:
        value = request.POST.get(name, "")
        place = whole(name.removeprefix("got-")) if name.startswith("got-") else None
        if place is None or not value.strip():
            continue
        try:
            points = Decimal(value)
        except InvalidOperation:
            points = Decimal(-1)  # refused by the service in words
        found[place] = (
            points if points.is_finite() else Decimal(-1),
            request.POST.get(f"remark-{place}", ""),
        )
    return found


# ---------------------------------------------------------------------------------------------------- bank
@needs(BANK)
@require_GET
def bank(request: HttpRequest) -> HttpResponse:
    """The questions with how they did: bad ones show."""
    now, user, topic = timezone.now(), request.user, request.GET.get("topic", "")
    page = {"title": _("Question bank"), "now": now, "topic": topic, "may_draft": user.has_perm(DRAFT)}
    closed = answered(lambda: exams.refuse_while_sitting(user), request) is None
    if not closed:
        rows = examselectors.bank(user, topic=topic)
        known = examselectors.statistics(version.pk for _row, version in rows)
        enough = int(courseselectors.number("stat_sample", now))
        page |= {
            "rows": [
                (row, version, pages.badge_of(version), exampages.statistic(known.get(version.pk), enough))
                for row, version in rows
            ],
            "topics": examselectors.topics(), "form": NewQuestionForm(prefix="new"), "enough": enough,
        }  # fmt: skip
    return render(request, "training/bank.html", page | {"closed": closed})


@needs(DRAFT)
@require_POST
def question_new(request: HttpRequest) -> HttpResponse:
    """A question with its first draft."""
    form = NewQuestionForm(request.POST, prefix="new")
    if valid(request, form):
        answered(
            lambda: exams.question_create(actor=request.user, now=timezone.now(), **form.terms_and_key()),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
    return redirect("training:bank")


@needs(BANK)
@require_GET
def question(request: HttpRequest, code: str) -> HttpResponse:
    """One question: its versions with what is right, and who may bring a draft into force."""
    now, user = timezone.now(), request.user
    row = get_object_or_404(Question.objects.visible_to(user), code=code)
    if answered(lambda: exams.refuse_while_sitting(user), request) is None:
        return redirect("training:bank")
    versions = list(row.versions.select_related("drafted_by", "activated_by").order_by("-number"))
    options = {one.move.name: one for one in moves.options(versions[0], actor=user, now=now)}
    known = examselectors.statistics(version.pk for version in versions)
    enough = int(courseselectors.number("stat_sample", now))
    page = {
        "title": row.code, "now": now, "question": row, "newest": versions[0],
        "versions": [
            (one, pages.badge_of(one), exampages.choices(one), exampages.statistic(known.get(one.pk), enough))
            for one in versions
        ],
        "activate": options.get("activate"), "reject": options.get("reject"), "may_draft": user.has_perm(DRAFT),
        "form": QuestionForm(start=versions[0], prefix="draft"),
    }  # fmt: skip
    return render(request, "training/question.html", page)


@needs(DRAFT)
@require_POST
def question_draft(request: HttpRequest, code: str) -> HttpResponse:
    """The next version, or the waiting draft corrected."""
    row = get_object_or_404(Question.objects.visible_to(request.user), code=code)
    form = QuestionForm(request.POST, prefix="draft")
    if valid(request, form):
        answered(
            lambda: exams.question_draft(question=row, actor=request.user, now=timezone.now(), **form.terms_and_key()),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
    return redirect("training:question", code)


@needs("training.activate")
@require_POST
def question_decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person brings a question into force, or returns it."""
    row = get_object_or_404(QuestionVersion, question__code=code, number=number)
    who: dict[str, Any] = {"draft": row, "actor": request.user, "now": timezone.now()}
    if request.POST.get("act") == "reject":
        reason = request.POST.get("reason", "")[:2000]
        answered(lambda: rules.rule_reject(reason=reason, **who), request, _("The draft was returned."))
    elif request.POST.get("act") == "activate":
        answered(lambda: rules.rule_activate(**who), request, _("The version is in force."))
    else:
        raise Http404
    return redirect("training:question", code)
