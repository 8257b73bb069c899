"""Pages of agreements for staff: who accepted what, the templates with their versions, drafts, comments on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs, valid
from aftersales.core.posted import whole
from aftersales.core.rulebook import RuleState
from aftersales.standards import services as rule_book
from aftersales.standards.announcing import views as announcing
from aftersales.standards.announcing.pages import chosen
from aftersales.standards.consulting import selectors as consulting
from aftersales.standards.consulting.services import comment_answer, consultation_open
from aftersales.standards.models import ConsultationComment

from .. import agreementpages as pages
from .. import agreementselectors as agreements
from ..agreementforms import (
    AgreementForm,
    ClauseForms,
    CommentAnswerForm,
    ConsultForm,
    VersionForm,
    clause_forms,
)
from ..agreementstates import Standing
from ..models import Agreement, AgreementVersion
from ..services.agreements import agreement_activate, agreement_create, agreement_draft

SEE = "merchants.view_agreements"
CONSULT = "standards.consult"
FILTERS = (Standing.WAITING, Standing.OVERDUE, Standing.DECLINED, Standing.ACCEPTED)
HEAD = ("label", "size", "preamble_zh", "preamble_en")


@needs(SEE)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Who accepted which version, who has still to answer, who declined; the agreements there are."""
    now, user = timezone.now(), request.user
    asked = {name: request.GET.get(name, "")[:64].strip() for name in ("standing", "after", "q")}
    mine = request.GET.get("mine") == "1"
    rows, more = pages.merchant_rows(
        user, asked["standing"], now, after=asked["after"], mine=mine, search=asked["q"]
    )
    page = {
        "title": pgettext("merchants", "Agreements"), "now": now, "rows": rows, "more": more, "mine": mine,
        "asked": asked, "filters": FILTERS, "templates": pages.template_rows(user, now),
        "may_draft": user.has_perm(rule_book.DRAFT), "form": AgreementForm(prefix="new"),
    }  # fmt: skip
    return render(request, "merchants/agreements.html", page)


@needs(rule_book.DRAFT)
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """Open a template, or a supplement of a category or merchant."""
    form = AgreementForm(request.POST, prefix="new")
    row = None
    if valid(request, form):
        row = answered(
            lambda: agreement_create(actor=request.user, now=timezone.now(), **form.cleaned_data), request
        )
    return redirect("merchants:agreement", row.code) if row else redirect("merchants:agreements")


@needs(SEE)
@require_GET
def agreement(request: HttpRequest, code: str) -> HttpResponse:
    """One agreement: a version beside another, what merchants said to the draft, who may announce it."""
    row, now = _agreement(request, code), timezone.now()
    versions = list(
        row.versions.select_related("agreement", "drafted_by", "activated_by").order_by("-number")
    )
    page = announcing.opened(request, row, versions, now, badge=pages.badge_of, about=_about, counts=asks)
    category = pages.categories_called([row.category]).get(row.category, "")
    return render(request, "merchants/agreement.html", page | {"agreement": row, "category": category})


def asks(version: AgreementVersion, now: datetime) -> bool:
    """Whether owners are asked to accept it, from the day of its announcement on."""
    return version.state == RuleState.ACTIVE


def _about(
    request: HttpRequest, version: AgreementVersion, versions: list[AgreementVersion], now: Any
) -> dict[str, Any]:
    before = pages.earlier(version, versions, whole(request.GET.get("with")))
    only = before is not None and request.GET.get("only") == "changes"
    is_draft = version.state == RuleState.DRAFT
    talked = consulting.consultation_of(version)
    concerned = agreements.counts(version) if version.sha256 else None
    return {
        "lines": pages.lines(version, before, only_changes=only), "only": only,
        "before": before, "changes": pages.changes_words(version, before), "counts": concerned,
        "earliest": agreements.announced_until([version], now)[version.pk] if is_draft else None,
        "parts": agreements.differences(version, now) if version.state in ("draft", "active") else [],
        "talked": talked, "comments": consulting.comments(talked, request.user) if talked else [],
        "may_consult": is_draft and talked is None and request.user.has_perm(CONSULT) and version.agreement.is_public,
        "consult_form": ConsultForm(prefix="ask"), "answer_form": CommentAnswerForm(prefix="say"),
        "may_answer": request.user.has_perm(CONSULT),
    }  # fmt: skip


def _agreement(request: HttpRequest, code: str) -> Agreement:
    found: Agreement = get_object_or_404(
        Agreement.objects.visible_to(request.user).select_related("merchant"), code=code
    )
    return found


@needs(rule_book.DRAFT)
def draft(request: HttpRequest, code: str) -> HttpResponse:
    """Write the next version, or correct the waiting draft."""
    row = _agreement(request, code)
    versions = list(row.versions.select_related("agreement").order_by("-number"))
    start = chosen(versions, None, timezone.now(), counts=asks)
    if request.method == "POST":
        form, clauses = VersionForm(request.POST, prefix="v"), ClauseForms(request.POST, prefix="c")
        if form.is_valid() and clauses.is_valid() and _drafted(request, row, form, clauses):
            return redirect("merchants:agreement", code)
    else:
        is_draft = start is not None and start.state == RuleState.DRAFT
        initial: dict[str, Any] = {name: getattr(start, name) for name in HEAD} if start else {}
        initial["reason"] = start.change_reason if start and is_draft else ""
        if not is_draft:
            initial["label"] = f"{timezone.localdate():%Y}-{len(versions) + 1}"
        form, clauses = VersionForm(prefix="v", initial=initial), clause_forms(start)
    page = {"title": _("Draft a version"), "agreement": row, "form": form, "clauses": clauses}
    status = 422 if request.method == "POST" else 200
    return render(request, "merchants/agreement_draft.html", page, status=status)


def _drafted(request: HttpRequest, row: Agreement, form: VersionForm, clauses: Any) -> Any:
    terms = dict(form.cleaned_data)
    return answered(
        lambda: agreement_draft(
            agreement=row, actor=request.user, now=timezone.now(), clauses=clauses.clauses(), **terms
        ),
        request, _("The draft waits for a second person."),
    )  # fmt: skip


@needs("standards.activate")
@require_POST
def decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person announces a draft or returns it with a reason; a version in force can be ended."""
    row = _version(request, code, number)
    announcing.decided(
        request, row, lambda reason, **given: agreement_activate(**given), ended=_("The version is out of force."),
        announced=_("Announced; the owners whom it concerns are asked to accept it."),
    )  # fmt: skip
    return redirect("merchants:agreement", code)


def _version(request: HttpRequest, code: str, number: int) -> AgreementVersion:
    rows = AgreementVersion.objects.visible_to(request.user).select_related("agreement")
    found: AgreementVersion = get_object_or_404(rows, agreement__code=code, number=number)
    return found


@needs(CONSULT)
@require_POST
def consult(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Put a draft up for comments."""
    row, form = _version(request, code, number), ConsultForm(request.POST, prefix="ask")
    if not row.agreement.is_public:
        raise Http404
    if valid(request, form):
        answered(
            lambda: consultation_open(draft=row, actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("The draft stands on the public page and in the merchants' portal now."),
        )  # fmt: skip
    return redirect("merchants:agreement", code)


@needs(CONSULT)
@require_POST
def comment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what becomes of a comment."""
    rows = ConsultationComment.objects.visible_to(request.user).select_related("consultation")
    row, form = get_object_or_404(rows, public_id=public_id), CommentAnswerForm(request.POST, prefix="say")
    if valid(request, form):
        answered(
            lambda: comment_answer(
                comment=row, actor=request.user, now=timezone.now(), seen=whole(request.POST.get("seen")),
                **form.cleaned_data,
            ),
            request, _("Answered; it stands on the public page."),
        )  # fmt: skip
    return redirect("merchants:agreement", row.consultation.citation.partition(" v")[0])
