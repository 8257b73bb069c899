"""The escalation ladder: its rungs, one rung with its comparison and its rehearsal, drafting."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.clocks import ladder_pages, services
from aftersales.clocks.forms import NewRungForm, RungDraftForm
from aftersales.clocks.models import LadderRung
from aftersales.clocks.rehearsal import rehearsed
from aftersales.core.access import answered, needs, valid
from aftersales.standards import services as rule_book
from aftersales.standards import views as book
from aftersales.standards.states import RuleState

book.offer("rung", LadderRung, lambda row: redirect("ladder:rung", code=row.code))


@needs(book.READ)
@require_GET
def ladder(request: HttpRequest) -> HttpResponse:
    """Every rung: of which promises, when, who is told, how."""
    rows = [(row, book.badge_of(row.version)) for row in ladder_pages.rungs(timezone.now())]
    page = {
        "title": _("Escalation ladder"), "rows": rows, "may_draft": request.user.has_perm(rule_book.DRAFT),
    }  # fmt: skip
    return render(request, "clocks/ladder.html", page)


@needs(book.READ)
@require_GET
def rung(request: HttpRequest, code: str) -> HttpResponse:
    """One rung: what the chosen version changes, what a draft would have done, who may bring it into force."""
    now, versions = timezone.now(), _versions(code)
    version = book.chosen(request, versions, now)
    before = book.before(version, versions)
    tried = version.state == RuleState.DRAFT and request.user.has_perm(rule_book.DRAFT)
    page = {
        "title": version.name, "rule": version, "sort": "rung", "sections": ladder_pages.sections(now),
        "lines": ladder_pages.comparison(version, before),
        "rehearsal": rehearsed(version, before, now) if tried else None,
        "draft_form": RungDraftForm(start=version, prefix="draft"),
        **book.common(request, version, before, versions, now),
    }  # fmt: skip
    return render(request, "standards/standard.html", page)


@needs(rule_book.DRAFT)
@require_POST
def rung_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft."""
    versions = _versions(code)
    waiting = next((one for one in versions if one.state == RuleState.DRAFT), None)
    form = RungDraftForm(request.POST, start=waiting or versions[0], prefix="draft")
    if valid(request, form):
        book.save_draft(request, waiting, form, lambda **rest: services.rung_draft(code=code, **rest))
    return redirect("ladder:rung", code=code)


@needs(rule_book.DRAFT)
@require_http_methods(["GET", "POST"])
def rung_new(request: HttpRequest) -> HttpResponse:
    """A rung that there was not."""
    form = NewRungForm(request.POST or None, prefix="draft", initial={"to": "lead", "by": "digest"})
    if request.method == "POST" and form.is_valid():
        terms: dict[str, Any] = dict(form.cleaned_data)
        why = terms["reason"]
        made = answered(
            lambda: services.rung_draft(
                **terms, source_zh=why, source_en=why[:300], actor=request.user, now=timezone.now()
            ),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
        if made is not None:
            return redirect("ladder:rung", code=made.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "clocks/rung_new.html", {"title": _("New rung"), "form": form}, status=status)


def _versions(code: str) -> list[LadderRung]:
    found = LadderRung.objects.filter(code=code).select_related("drafted_by", "activated_by")
    versions = list(found.order_by("-number"))
    if not versions:
        raise Http404
    return versions
