"""How one clock was counted: a fragment of the workbench, fetched when somebody asks, or a page of its own."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from aftersales.clocks.accounts import account
from aftersales.clocks.models import Clock
from aftersales.core.access import needs
from aftersales.desk import workbench
from aftersales.desk.views.ticket import the_ticket


@require_GET
@needs("desk.view")
def counted(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Why a clock is due when it is: drawn, in sentences, and as a table that adds up to the limit."""
    row = the_ticket(request, number)
    now = timezone.now()
    mine = Clock.objects.of(workbench.SUBJECT, row.pk).select_related("holder")
    clock = get_object_or_404(mine, pk=pk)
    card = workbench.clock_card(clock, row, now)
    context = {
        "title": clock.get_promise_display(), "now": now, "ticket": row, "card": card, "told": account(clock, now),
        "face": replace(card.face, started_at=clock.started_at), "inline": bool(request.htmx),  # type: ignore[attr-defined]
    }  # fmt: skip
    template = "desk/_counted.html" if request.htmx else "desk/counted.html"  # type: ignore[attr-defined]
    return render(request, template, context)
