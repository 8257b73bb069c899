"""The rule book: the list, one rule with its comparison, drafting, and the second person's act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import moves
from aftersales.core.access import answered, needs, valid

from . import pages, selectors, services
from .announcing.pages import before
from .forms import ActivationForm, ParameterDraftForm, RejectionForm, StandardDraftForm
from .models import Parameter, ParameterVersion, ReturnRuleVersion, ServiceStandard, StandardVersion
from .states import RuleState

READ = "standards.view_rulebook"
Back = Callable[[Any], HttpResponse]
SORTS: dict[str, tuple[Any, Back]] = {
    "standard": (StandardVersion, lambda row: redirect("standards:standard", code=row.standard.code)),
    "number": (ParameterVersion, lambda row: redirect("standards:number", code=row.parameter.code)),
    "return": (ReturnRuleVersion, lambda row: redirect("standards:return", code=row.rule.code)),
}
MARKS = {
    RuleState.DRAFT: ("amber", "dashed"),
    RuleState.ACTIVE: ("green", "tick"),
    RuleState.RETIRED: ("bare", "full"),
    RuleState.REJECTED: ("bare", "cross"),
    RuleState.NOTED: ("grey", "ring"),
}


def offer(sort: str, versions: Any, back: Back) -> None:
    """A room above keeps rules of its own: the second person's act is the same for them. ``back``: their page."""
    SORTS[sort] = (versions, back)


@needs(READ)
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Every standard by promise: for whom, our target, the source's limit, the law's."""
    now = timezone.now()
    found = [
        (section.name, [_shown(row, now) for row in rows]) for section, rows in _standards_by_promise(now)
    ]
    return render(request, "standards/rules.html", {"title": _("Service standards"), "sections": found})


def _standards_by_promise(now: Any) -> list[tuple[pages.Section, list[ServiceStandard]]]:
    rows = {row.code: row for row in selectors.standards_with_versions()}
    return [
        (section, [rows[entry.code] for entry in section.entries]) for section in pages.standard_sections(now)
    ]


def _shown(row: ServiceStandard, now: Any) -> dict[str, Any]:
    versions = list(row.versions.all())
    version = selectors.current_version(row, now) or versions[0]
    return {
        "row": row,
        "version": version,
        "applies": pages.conditions(version),
        "ours": selectors.limit_words(version.limit_value, version.limit_unit),
        "sources": selectors.limit_words(version.source_limit_value, version.source_limit_unit),
        "laws": selectors.limit_words(version.legal_limit_value, version.legal_limit_unit),
        "badge": badge_of(version),
        "draft": any(one.state == RuleState.DRAFT for one in versions),
    }


def badge_of(version: Any) -> tuple[str, str, str]:
    """Word, tone and mark of a version's state."""
    state = RuleState(version.state)
    return (str(state.label), *MARKS[state])


@needs(READ)
@require_GET
def standard(request: HttpRequest, code: str) -> HttpResponse:
    """One standard: what the chosen version changes, what it would do, who may bring it into force."""
    row = get_object_or_404(ServiceStandard, code=code)
    now = timezone.now()
    versions = list(row.versions.select_related("calendar", "drafted_by", "activated_by").order_by("-number"))
    version = chosen(request, versions, now)
    earlier = before(version, versions)
    page = {
        "title": row.name,
        "rule": row,
        "sort": "standard",
        "sections": pages.standard_sections(now),
        "lines": pages.comparison(version, earlier),
        "others": pages.siblings(version),
        "ours": selectors.limit_words(version.limit_value, version.limit_unit),
        "sources": selectors.limit_words(version.source_limit_value, version.source_limit_unit),
        "laws": selectors.limit_words(version.legal_limit_value, version.legal_limit_unit),
        "effects": pages.effects(version, now) if version.state == RuleState.DRAFT else None,
        "draft_form": StandardDraftForm(start=version, prefix="draft"),
        **common(request, version, earlier, versions, now),
    }
    return render(request, "standards/standard.html", page)


@needs(READ)
@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    """Every other number of the business by group."""
    now = timezone.now()
    rows = {row.code: row for row in selectors.parameters_with_versions()}
    found = [
        (section.name, [_number_shown(rows[entry.code], entry, now) for entry in section.entries])
        for section in pages.number_sections(now)
    ]
    return render(
        request, "standards/numbers.html", {"title": pgettext("rule book", "Numbers"), "sections": found}
    )


def _number_shown(row: Parameter, entry: pages.Entry, now: Any) -> dict[str, Any]:
    versions = list(row.versions.all())
    version = selectors.current_version(row, now) or (versions[0] if versions else None)
    return {"row": row, "entry": entry, "version": version}


@needs(READ)
@require_GET
def number(request: HttpRequest, code: str) -> HttpResponse:
    """One number with its versions."""
    row = get_object_or_404(Parameter, code=code)
    now = timezone.now()
    versions = list(row.versions.select_related("drafted_by", "activated_by").order_by("-number"))
    version = chosen(request, versions, now)
    earlier = before(version, versions)
    page = {
        "title": row.name,
        "rule": row,
        "sort": "number",
        "sections": pages.number_sections(now),
        "lines": pages.number_lines(row, version, earlier),
        "draft_form": ParameterDraftForm(parameter=row, start=version, prefix="draft"),
        **common(request, version, earlier, versions, now),
    }
    return render(request, "standards/standard.html", page)


def chosen(request: HttpRequest, versions: list[Any], now: Any) -> Any:
    """The version asked for; else a waiting draft; else the one in force; else the newest."""
    if not versions:
        raise Http404
    wanted = request.GET.get("v", "")
    if wanted.isdecimal() and len(wanted) < 6:
        found = [one for one in versions if one.number == int(wanted)]
        if not found:
            raise Http404
        return found[0]
    drafts = [one for one in versions if one.state == RuleState.DRAFT]
    in_force = sorted(
        (one for one in versions if one.applies_at(now)),
        key=lambda one: getattr(one, "promotion_id", None) is None,
    )
    return [*drafts, *in_force, *versions][0]


def common(request: HttpRequest, version: Any, earlier: Any, versions: list[Any], now: Any) -> dict[str, Any]:
    """What every rule page shows: versions, the acts this person may do, their forms."""
    options = {one.move.name: one for one in moves.options(version, actor=request.user, now=now)}
    return {
        "now": now,
        "version": version,
        "before": earlier,
        "versions": [(one, badge_of(one)) for one in versions],
        "badge": badge_of(version),
        "activate": options.get("activate"),
        "reject": options.get("reject"),
        "may_draft": request.user.has_perm(services.DRAFT),
        "activation_form": ActivationForm(prefix="act"),
        "rejection_form": RejectionForm(prefix="no"),
        "is_draft": version.state == RuleState.DRAFT,
    }


@needs(services.DRAFT)
@require_POST
def standard_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft."""
    row = get_object_or_404(ServiceStandard, code=code)
    draft = row.versions.filter(state=RuleState.DRAFT).order_by("-number").first()
    newest = draft or row.versions.order_by("-number").first()
    form = StandardDraftForm(request.POST, start=newest, prefix="draft")
    if valid(request, form):
        save_draft(request, draft, form, lambda **rest: services.standard_draft(standard=row, **rest))
    return redirect("standards:standard", code=code)


@needs(services.DRAFT)
@require_POST
def number_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next value of a number, or correct the waiting draft."""
    row = get_object_or_404(Parameter, code=code)
    draft = row.versions.filter(state=RuleState.DRAFT).order_by("-number").first()
    form = ParameterDraftForm(request.POST, parameter=row, start=draft, prefix="draft")
    if valid(request, form):
        save_draft(request, draft, form, lambda **rest: services.parameter_draft(parameter=row, **rest))
    return redirect("standards:number", code=code)


def save_draft(request: HttpRequest, draft: Any, form: Any, create: Any) -> None:
    """Make a new draft by ``create``, or correct the waiting one; the answer is a message."""
    reason = form.cleaned_data["reason"]
    terms = {name: value for name, value in form.cleaned_data.items() if name != "reason"}
    who = {"actor": request.user, "now": timezone.now()}
    if draft is None:
        answered(
            lambda: create(reason=reason, **terms, **who), request, _("The draft waits for a second person.")
        )
    else:
        change = {"draft": draft, "version": draft.version, "change_reason": reason, **terms, **who}
        answered(lambda: services.rule_change_draft(**change), request, _("The draft was corrected."))


@needs("standards.activate")
@require_POST
def activate(request: HttpRequest, sort: str, pk: int) -> HttpResponse:
    """The second person brings a draft into force."""
    row = _version(sort, pk)
    form = ActivationForm(request.POST, prefix="act")
    if valid(request, form):
        when, now = form.cleaned_data["valid_from"], timezone.now()
        open_too = form.cleaned_data["open_too"] and sort == "standard"
        answered(
            lambda: services.rule_activate(
                draft=row, actor=request.user, now=now, valid_from=when, open_too=open_too
            ),
            request,
            _("The version is in force."),
        )
    return _back(sort, row)


@needs("standards.activate")
@require_POST
def reject(request: HttpRequest, sort: str, pk: int) -> HttpResponse:
    """The second person returns a draft with a reason."""
    row = _version(sort, pk)
    form = RejectionForm(request.POST, prefix="no")
    if valid(request, form):
        reason = form.cleaned_data["reason"]
        answered(
            lambda: services.rule_reject(draft=row, actor=request.user, now=timezone.now(), reason=reason),
            request,
            _("The draft was returned."),
        )
    return _back(sort, row)


def _version(sort: str, pk: int) -> Any:
    if sort not in SORTS:
        raise Http404
    return get_object_or_404(SORTS[sort][0], pk=pk)


def _back(sort: str, row: Any) -> HttpResponse:
    return SORTS[sort][1](row)
