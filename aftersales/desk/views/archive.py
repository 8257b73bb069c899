"""The archive: finished tickets by time, kind, customer and text; every look leaves a trace (R5.5)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.posted import day_of
from aftersales.desk import record as record_page
from aftersales.tickets import services
from aftersales.tickets.models import ArchiveRecord
from aftersales.tickets.selectors import archive_found, handlers_of
from aftersales.tickets.states import Kind

SHOWN = 100


@require_GET
@needs("desk.archive")
def archive(request: HttpRequest) -> HttpResponse:
    """Search the archive."""
    asked = _asked(request)
    found = list(archive_found(request.user, **asked)[: SHOWN + 1])
    if any(asked.values()):
        services.archive_searched(actor=request.user, filters=asked, found=len(found), now=timezone.now())
    handlers = handlers_of(found[:SHOWN])
    context = {
        "title": _("Archive"), "now": timezone.now(), "more": len(found) > SHOWN,
        "asked": asked, "filtered": any(asked.values()), "kinds": Kind.choices, "limit": SHOWN,
        "found": [(row, handlers[row.pk]) for row in found[:SHOWN]],
    }  # fmt: skip
    return render(request, "desk/archive.html", context)


def _asked(request: HttpRequest) -> dict[str, Any]:
    kind = request.GET.get("kind", "")
    return {
        "kind": kind if kind in Kind.values else "",
        "since": day_of(request.GET.get("since", "")),
        "until": day_of(request.GET.get("until", "")),
        "customer": request.GET.get("customer", "").replace("\x00", "").strip()[:64],
        "text": request.GET.get("text", "").replace("\x00", "").strip()[:80],
    }


@require_GET
@needs("desk.archive")
def record(request: HttpRequest, public_id: str) -> HttpResponse:
    """One record with its addenda."""
    found = the_record(request, public_id)
    services.archive_opened(record=found, actor=request.user, now=timezone.now())
    now = timezone.now()
    context = {
        "title": found.number,
        "now": now,
        "record": found,
        "page": record_page.read(found, request.user, now),
    }
    return render(request, "desk/record.html", context)


def the_record(request: HttpRequest, public_id: str) -> ArchiveRecord:
    wide = ArchiveRecord.objects.visible_to(request.user).select_related(
        "customer", "reviewed_by", "ticket__order", "ticket__merchant", "ticket__owner", "ticket__team__lead"
    )
    found: ArchiveRecord | None = wide.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@require_POST
@needs("desk.archive")
def record_act(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add to a record, set or lift its legal hold."""
    found = the_record(request, public_id)
    text = request.POST.get("text", "")
    acts = {
        "addendum": lambda: services.addendum_add(
            record=found, text=text, actor=request.user, now=timezone.now()
        ),
        "hold": lambda: services.archive_hold_set(
            record=found, reason=text, actor=request.user, now=timezone.now()
        ),
        "lift": lambda: services.archive_hold_lift(
            record=found, reason=text, actor=request.user, now=timezone.now()
        ),
    }
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("This act does not exist."))
    else:
        answered(act, request, _("Done."))
    return redirect("desk:record", public_id)
