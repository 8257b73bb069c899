"""My day, the confirmation that a changed rule was read, and the lead's list of who has not."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.desk import day
from aftersales.standards.models import StandardVersion
from aftersales.standards.pages import conditions
from aftersales.standards.selectors import one_edition
from aftersales.tickets import services
from aftersales.tickets.selectors import handovers, reading


@require_GET
@needs("tickets.work")
def my_day(request: HttpRequest) -> HttpResponse:
    """What I promised, whom I call, who wrote, what is due, what changed."""
    now = timezone.now()
    with one_edition():
        found = day.read(request.user, now)
        context = {
            "title": _("My day"),
            "now": now,
            "day": found,
            "sheets": handovers.waiting_for(request.user),
        }
        return render(request, "desk/day.html", context)


@require_POST
@needs("tickets.work")
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """I have read this version."""
    version = StandardVersion.objects.select_related("standard").filter(pk=pk).first()
    if version is None:
        raise Http404
    answered(
        lambda: services.rule_confirm(version=version, actor=request.user, now=timezone.now()),
        request, _("Confirmed: you have read it."),
    )  # fmt: skip
    return redirect("desk:day")


@require_GET
@needs("tickets.assign")
def readers(request: HttpRequest) -> HttpResponse:
    """Who has not read which change."""
    now = timezone.now()
    with one_edition():
        rows = [
            (one, day.terms(one.change.version), conditions(one.change.version), one.change.blocks_at <= now)
            for one in reading.readings(request.user, now)
        ]
    return render(
        request, "desk/day_readers.html", {"title": _("Read and confirmed"), "now": now, "rows": rows}
    )
