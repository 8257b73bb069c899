"""The workshop of consequence rules: versions, their ladders side by side, drafts, comments, announcement, trial."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.core.rulebook import RuleState
from aftersales.scorecards import consequencepages as pages
from aftersales.scorecards import consequences, formulapages, services
from aftersales.scorecards.consequencequerysets import VIEW
from aftersales.scorecards.models import ConsequenceRule, ConsequenceVersion
from aftersales.standards import services as rule_book
from aftersales.standards.announcing import views as announcing
from aftersales.standards.announcing.pages import before
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
    page = announcing.opened(request, row, versions, now, badge=formulapages.badge, about=_about)
    return render(request, "scorecards/consequence.html", page | {"form": pages.form_of(page["version"])})


def _about(
    request: HttpRequest, version: ConsequenceVersion, versions: list[ConsequenceVersion], now: datetime
) -> dict[str, Any]:
    earlier = before(version, versions)
    readable = pages.readable(version) and (earlier is None or pages.readable(earlier))
    may_try, asked = readable and request.user.has_perm(VIEW), bool(request.GET.get("try"))
    talked = consulting.consultation_of(version)
    is_draft = version.state == RuleState.DRAFT
    return {
        "before": earlier, "terms": pages.terms(version, earlier) if readable else None,
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
    row = get_object_or_404(ConsequenceRule, code=code)
    form = formulapages.DraftForm(request.POST)
    if announcing.drafted(request, form, partial(services.consequence_draft, rule=row)):
        return redirect("consequences:rule", code)
    page = announcing.opened(request, row, [], timezone.now(), badge=formulapages.badge, about=_about)
    return render(request, "scorecards/consequence.html", page | {"form": form}, status=422)


def _version(code: str, number: int) -> ConsequenceVersion:
    rows = ConsequenceVersion.objects.select_related("rule")
    found: ConsequenceVersion = get_object_or_404(rows, rule__code=code, number=number)
    return found


@require_POST
@needs("standards.activate")
def decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person announces a draft or returns it with a reason; a version in force can be ended."""
    row = _version(code, number)
    announcing.decided(request, row, services.consequence_activate, ended=_("The rule is out of force."))
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
