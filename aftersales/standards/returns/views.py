"""The return rules: the list, one rule with its comparison and its sentences, drafting."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import needs
from aftersales.core.errors import DomainError
from aftersales.standards import services as rule_book
from aftersales.standards import views as book
from aftersales.standards.models import ReturnRule, ReturnRuleVersion
from aftersales.standards.states import RuleState

from . import pages, preview, services
from .forms import ReturnDraftForm
from .sentences import length


@needs(book.READ)
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Every return rule by chapter: for what, our window beside the law's, counted from what, at whose cost."""
    chapters = [
        (name, [(row, book.badge_of(row.version)) for row in rows])
        for name, rows in pages.chapters(timezone.now())
    ]
    return render(request, "standards/returns.html", {"title": _("Return rules"), "chapters": chapters})


@needs(book.READ)
@require_GET
def rule(request: HttpRequest, code: str) -> HttpResponse:
    """One rule: in sentences, what the chosen version changes, who may bring it into force."""
    row = get_object_or_404(ReturnRule, code=code)
    now = timezone.now()
    versions = list(row.versions.select_related("drafted_by", "activated_by").order_by("-number"))
    version = book.chosen(request, versions, now)
    before = book.before(version, versions)
    page = {
        "title": row.name,
        "rule": row,
        "sort": "return",
        "sections": pages.sections(now),
        "lines": pages.comparison(version, before),
        "sentences": preview.sentences(version),
        "ours": length(version.window_value, version.window_unit),
        "laws": length(version.legal_value, version.legal_unit),
        "draft_form": ReturnDraftForm(start=version, prefix="draft"),
        **book.common(request, version, before, versions, now),
    }
    return render(request, "standards/standard.html", page)


@needs(rule_book.DRAFT)
@require_POST
def draft(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft."""
    row, waiting, start = _starting(code)
    form = ReturnDraftForm(request.POST, start=start, prefix="draft")
    if book.valid(request, form):
        book.save_draft(request, waiting, form, lambda **rest: services.return_rule_draft(rule=row, **rest))
    return redirect("standards:return", code=code)


@needs(rule_book.DRAFT)
@require_GET
def said(request: HttpRequest, code: str) -> HttpResponse:
    """What a customer may do by the terms that are being typed; nothing is kept."""
    row, _waiting, start = _starting(code)
    form = ReturnDraftForm(request.GET, start=start, prefix="draft")
    form.is_valid()
    typed = {name: value for name, value in form.cleaned_data.items() if name != "reason"}
    terms = {name: getattr(start, name) for name in services.TERMS} | typed
    problems = [str(one) for name, found in form.errors.items() if name != "reason" for one in found]
    typed_row = ReturnRuleVersion(rule=row, **terms)
    context = {"sentences": preview.sentences(typed_row), "problems": problems or _problems(typed_row)}
    return render(request, "standards/_sentences.html", context)


def _problems(row: ReturnRuleVersion) -> list[str]:
    """Why a draft with these terms would be refused, before anybody posts it."""
    try:
        services.check(row)
    except DomainError as refused:
        return [str(refused)]
    return []


def _starting(code: str) -> tuple[ReturnRule, ReturnRuleVersion | None, ReturnRuleVersion]:
    """The rule, its waiting draft if there is one, and the version a new draft starts from."""
    row = get_object_or_404(ReturnRule, code=code)
    versions = list(row.versions.order_by("-number"))
    waiting = next((one for one in versions if one.state == RuleState.DRAFT), None)
    in_force = next((one for one in versions if one.state == RuleState.ACTIVE), None)
    return row, waiting, waiting or in_force or (versions[0] if versions else ReturnRuleVersion(rule=row))
