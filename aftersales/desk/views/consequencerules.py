"""The workshop of consequence rules: versions, their ladders side by side, drafts, comments, announcement, trial."""

from __future__ import annotations

from datetime import datetime
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
from aftersales.scorecards import consequencepages as pages
from aftersales.scorecards import consequences, formulapages, services
from aftersales.scorecards.consequencequerysets import VIEW
from aftersales.scorecards.models import ConsequenceRule, ConsequenceVersion
from aftersales.standards import services as rule_book
from aftersales.standards.consulting import selectors as consulting
from aftersales.standards.consulting.querysets import CONSULT
from aftersales.standards.consulting.services import comment_answer, consultation_open
from aftersales.standards.models import ConsultationComment
from aftersales.standards.states import Taken

READ = "standards.view_rulebook"


@require_GET
@needs(READ)
def rules(request: HttpRequest) -> HttpResponse:
    """Every consequence rule with the version that counts, and what came of it."""
    now = timezone.now()
    page = {
        "title": pgettext("scorecards", "Consequence rules"), "now": now, "rows": pages.overview(now),
        "may_see": request.user.has_perm(VIEW),
    }  # fmt: skip
    return render(request, "scorecards/consequences.html", page)


@require_GET
@needs(READ)
def rule(request: HttpRequest, code: str) -> HttpResponse:
    """One rule: a version's ladder beside the one before, its life, and on demand whom it would have touched."""
    row, now = get_object_or_404(ConsequenceRule, code=code), timezone.now()
    versions = list(row.versions.select_related("rule", "drafted_by", "activated_by").order_by("-number"))
    number = whole(request.GET.get("v"))
    version: Any = formulapages.chosen(versions, number, now)
    if number is not None and version is None:
        raise Http404
    page: dict[str, Any] = {
        "title": row.name, "now": now, "rule": row, "version": version,
        "versions": [(one, formulapages.badge(one, now)) for one in versions],
        "may_draft": request.user.has_perm(rule_book.DRAFT), "form": pages.form_of(version),
    }  # fmt: skip
    if version is not None:
        page |= _about(request, version, versions, now)
    return render(request, "scorecards/consequence.html", page)


def _about(
    request: HttpRequest, version: ConsequenceVersion, versions: list[ConsequenceVersion], now: datetime
) -> dict[str, Any]:
    earlier: Any = formulapages.before(version, versions)  # type: ignore[arg-type]
    options = {one.move.name: one for one in moves.options(version, actor=request.user, now=now)}
    readable = pages.readable(version) and (earlier is None or pages.readable(earlier))
    may_try, asked = readable and request.user.has_perm(VIEW), bool(request.GET.get("try"))
    talked = consulting.consultation_of(version)
    is_draft = version.state == RuleState.DRAFT
    return {
        "badge": formulapages.badge(version, now),  # type: ignore[arg-type]
        "before": earlier, "is_draft": is_draft, "terms": pages.terms(version, earlier) if readable else None,
        "activate": options.get("activate"), "reject": options.get("reject"), "retire": options.get("retire"),
        "earliest": consequences.earliest(now), "may_try": may_try, "talked": talked,
        "comments": consulting.comments(talked, request.user) if talked else [],
        "taken": Taken.choices, "may_answer": request.user.has_perm(CONSULT),
        "may_consult": is_draft and talked is None and request.user.has_perm(CONSULT),
        "tried": pages.tried(version, versions, now) if may_try and asked else None,
    }  # fmt: skip


@require_POST
@needs(rule_book.DRAFT)
def draft(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft; what was typed stays on the page when it is refused."""
    row, now = get_object_or_404(ConsequenceRule, code=code), timezone.now()
    form = formulapages.DraftForm(request.POST)
    if form.is_valid():
        done = answered(
            lambda: services.consequence_draft(rule=row, actor=request.user, now=now, **form.cleaned_data),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
        if done is not None:
            return redirect("consequences:rule", code)
    for words in formulapages.errors_of(form):
        messages.error(request, words)
    page = {
        "title": row.name,
        "now": now,
        "rule": row,
        "version": None,
        "versions": [],
        "may_draft": True,
        "form": form,
    }
    return render(request, "scorecards/consequence.html", page, status=422)


def _version(code: str, number: int) -> ConsequenceVersion:
    rows = ConsequenceVersion.objects.select_related("rule")
    found: ConsequenceVersion = get_object_or_404(rows, rule__code=code, number=number)
    return found


@require_POST
@needs("standards.activate")
def decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person announces a draft or returns it with a reason; a version in force can be ended."""
    row = _version(code, number)
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")[:2000]
    if act == "reject":
        returned = _("The draft was returned.")
        answered(lambda: rule_book.rule_reject(draft=row, reason=reason, **who), request, returned)
    elif act == "retire":
        answered(lambda: rule_book.rule_retire(row=row, **who), request, _("The rule is out of force."))
    else:
        answered(
            lambda: services.consequence_activate(
                draft=row, valid_from=moment_of(request.POST.get("valid_from")), reason=reason,
                seen=whole(request.POST.get("seen")), **who,
            ), request, _("The version is announced and comes into force on its day."),
        )  # fmt: skip
    return redirect("consequences:rule", code)


@require_POST
@needs(CONSULT)
def consult(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Put a draft before the merchants, in public."""
    row = _version(code, number)
    asked: dict[str, Any] = {name: request.POST.get(name, "")[:2000] for name in ("asked_zh", "asked_en")}
    answered(
        lambda: consultation_open(draft=row, actor=request.user, now=timezone.now(), **asked),
        request, _("The draft is open for comments."),
    )  # fmt: skip
    return redirect("consequences:rule", code)


@require_POST
@needs(CONSULT)
def comment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what becomes of a merchant's comment on a draft."""
    rows = ConsultationComment.objects.visible_to(request.user).select_related("consultation")
    row = get_object_or_404(rows, public_id=public_id)
    about = row.consultation
    if about.rule_kind != ConsequenceVersion._meta.label_lower:
        raise Http404
    answered(
        lambda: comment_answer(
            comment=row, taken=request.POST.get("taken", ""), answer=request.POST.get("answer", "")[:2000],
            actor=request.user, now=timezone.now(), seen=whole(request.POST.get("seen")),
        ),
        request, _("Answered; it stands on the public page."),
    )  # fmt: skip
    code = ConsequenceVersion.objects.values_list("rule__code", flat=True).get(pk=about.rule_id)
    return redirect("consequences:rule", code)
