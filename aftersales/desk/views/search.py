"""The one box: suggestions while somebody types, the whole answer when he asks for it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.core.posted import day_of
from aftersales.desk import finding
from aftersales.tickets.services import archive_searched
from aftersales.tickets.states import Kind

SUGGESTED = 5


@require_GET
@needs("desk.view")
def search(request: HttpRequest) -> HttpResponse:
    """Everything by number, tail or words; the whole number of a ticket opens it at once."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[: finding.LONGEST]
    if request.htmx:  # type: ignore[attr-defined]
        return _suggested(request, words)
    asked = _filters(request)
    wanted = finding.Wanted(words, request.user, narrowed=asked["narrowed"])
    if words and (number := finding.exact_ticket(wanted)):
        return redirect("desk:ticket", number)
    groups = finding.find(wanted) if len(words) > 1 else []
    if len(words) > 1 and request.user.has_perm("tickets.view_archive"):
        found = sum(len(group.hits) for group in groups)
        archive_searched(actor=request.user, filters={"text": words}, found=found, now=timezone.now())
    context = {
        "title": _("Search"), "now": timezone.now(), "words": words, "groups": groups, "asked": asked,
        "kinds": Kind.choices, "short": len(words) == 1,
    }  # fmt: skip
    return render(request, "desk/search.html", context)


def _suggested(request: HttpRequest, words: str) -> HttpResponse:
    """A few hits of each type, without the archive: looking there leaves a trace, and typing is not looking."""
    groups: list[finding.Group] = []
    if len(words) > 1:
        groups = finding.find(finding.Wanted(words, request.user, most=SUGGESTED, archive=False))
    return render(request, "desk/_found.html", {"groups": groups, "words": words})


def _filters(request: HttpRequest) -> dict[str, Any]:
    """How the tickets are narrowed: open or ended, kind, days of opening. Bad values are left out."""
    state = request.GET.get("state", "") if request.GET.get("state", "") in ("open", "ended") else ""
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in Kind.values else ""
    since, until = day_of(request.GET.get("since", "")), day_of(request.GET.get("until", ""))
    narrowed: dict[str, Any] = {"kind": kind} if kind else {}
    if state:
        narrowed["closed_at__isnull"] = state == "open"
    if since:
        narrowed["opened_at__gte"] = timezone.make_aware(datetime.combine(since, time.min))
    if until:
        narrowed["opened_at__lte"] = timezone.make_aware(datetime.combine(until, time.max))
    return {"state": state, "kind": kind, "since": since, "until": until, "narrowed": narrowed}
