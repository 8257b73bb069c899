"""Pages for everybody, without a sign-in: the rules with their versions, consultations, measures (law P2, P3)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.core.posted import whole
from aftersales.core.rulebook import RuleState
from aftersales.merchants import agreementpages as agreements
from aftersales.merchants.models import AgreementVersion
from aftersales.portal import published, publishedmeasures
from aftersales.standards.consulting import selectors as consulting
from aftersales.standards.models import Consultation


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Agreements, times that merchants owe and incentive rules, each with its versions; searched by words."""
    now, search = timezone.now(), request.GET.get("q", "").strip()[:60]
    page = {
        "title": pgettext("published", "Rules for merchants"), "now": now, "search": search,
        "sections": published.sections(search, now),
        "sales": published.sales(now),
        "talks": consulting.counted(Consultation.objects.all())[:30],
    }  # fmt: skip
    return render(request, "published/rules.html", page)


@require_GET
def agreement(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One version of a public agreement, beside the one before it."""
    now = timezone.now()
    rows = AgreementVersion.objects.announced().filter(agreement__code=code, agreement__merchant=None)
    versions = list(rows.select_related("agreement").order_by("-number"))
    version = next((one for one in versions if one.number == number), None)
    if version is None:
        raise Http404
    before = agreements.earlier(version, versions, whole(request.GET.get("with")))
    only = before is not None and request.GET.get("only") == "changes"
    page: dict[str, Any] = {
        "title": version.agreement.name, "now": now, "version": version, "before": before,
        "lines": agreements.lines(version, before, only_changes=only), "only": only,
        "changes": agreements.changes_words(version, before),
        "badge": agreements.badge_of(version, now),
        "versions": [(one, agreements.badge_of(one, now)) for one in versions],
        "talked": consulting.consultation_of(version),
    }  # fmt: skip
    return render(request, "published/agreement.html", page)


@require_GET
def consultation(request: HttpRequest, public_id: str) -> HttpResponse:
    """What was asked about a draft, what was said without names, and what became of it."""
    now = timezone.now()
    row = get_object_or_404(consulting.counted(Consultation.objects.all()), public_id=public_id)
    version = _draft_of(row)
    before = _before(version) if version is not None else None
    only = before is not None and request.GET.get("only") == "changes"
    page = {
        "title": pgettext("published", "Consultation"), "now": now, "row": row, "version": version,
        "before": before, "lines": agreements.lines(version, before, only_changes=only) if version else [],
        "only": only,
        "is_open": row.is_open(now), "comments": row.comments.answered(), "ladder": published.ladder_of(row),
        "planned": published.planned_of(row, now),
        "became": RuleState(version.state).label if version else "",
    }  # fmt: skip
    return render(request, "published/consultation.html", page)


def _draft_of(row: Consultation) -> AgreementVersion | None:
    if row.rule_kind != AgreementVersion._meta.label_lower:
        return None
    rows = AgreementVersion.objects.filter(pk=row.rule_id, agreement__merchant=None)
    found: AgreementVersion | None = rows.select_related("agreement").first()
    return found


def _before(version: AgreementVersion) -> AgreementVersion | None:
    rows = AgreementVersion.objects.announced().filter(agreement=version.agreement, number__lt=version.number)
    found: AgreementVersion | None = rows.select_related("agreement").order_by("-number").first()
    return found


@require_GET
def measures(request: HttpRequest) -> HttpResponse:
    """Measures against merchants: who, what for, by which rule, since when, how the appeal stands."""
    now = timezone.now()
    number = min(whole(request.GET.get("page")) or 1, publishedmeasures.LAST)
    rows, more = publishedmeasures.page(number, now)
    page = {"title": pgettext("published", "Measures"), "now": now, "rows": rows, "more": more}
    return render(request, "published/measures.html", page)
