"""Beside the conversation: the lazy panel, following, colleagues to mention, who is here."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.selectors import strangers
from aftersales.core.access import answered, needs
from aftersales.desk import beside, presence, workbench
from aftersales.desk.views.ticket import the_ticket
from aftersales.standards.selectors import one_edition
from aftersales.tickets.selectors import writing
from aftersales.tickets.services import watching


@require_GET
@needs("desk.view")
def side(request: HttpRequest, number: str) -> HttpResponse:
    """Related tickets, the customer's profile, watchers: one fragment, once the page stands."""
    row, now = the_ticket(request, number), timezone.now()
    with one_edition():
        found = beside.read(row, request.user, now)
    return render(request, "desk/_beside.html", {"ticket": row, "beside": found, "now": now})


@require_GET
@needs("desk.view")
def older(request: HttpRequest, number: str) -> HttpResponse:
    """What was said before the page's first message."""
    row, now = the_ticket(request, number), timezone.now()
    try:
        found, place = workbench.older(row, request.user, request.GET.get("before", ""), now)
    except (ValueError, OverflowError):
        raise Http404 from None
    return render(request, "desk/_older.html", {"ticket": row, "stream": found, "older": place, "now": now})


@require_POST
@needs("desk.view")
def follow(request: HttpRequest, number: str) -> HttpResponse:
    """Follow the ticket, or follow it no longer."""
    row, off = the_ticket(request, number), request.POST.get("off") == "1"
    if off:
        watching.ticket_unfollow(ticket=row, actor=request.user)
    else:
        answered(lambda: watching.ticket_follow(ticket=row, actor=request.user, now=timezone.now()), request)
    if request.htmx:  # type: ignore[attr-defined]
        return render(
            request, "desk/_watchers.html", {"ticket": row, "beside": beside.watched(row, request.user)}
        )
    return redirect("desk:ticket", number)


@require_GET
@needs("tickets.note")
def people(request: HttpRequest, number: str) -> HttpResponse:
    """Whom a note on this ticket can mention."""
    row = the_ticket(request, number)
    found = writing.people_seeing(row, request.user)
    return render(request, "desk/_people_choices.html", {"people": found, "title": _("Mention a colleague")})


@require_GET
@needs("desk.view")
def here(request: HttpRequest) -> HttpResponse:
    """Who else has the ticket open, and who writes. Nothing is written to the database, and read only for vendors."""
    ticket_id = presence.ticket_of(request.GET.get("mark", ""), request.user.pk or 0)
    if ticket_id is None:
        return HttpResponse(status=204)
    if "leave" in request.GET:
        presence.leave(ticket_id, request.user.pk or 0)
        return HttpResponse(status=204)
    found = presence.beat(
        ticket_id, request.user.pk or 0, str(request.user), typing="typing" in request.GET, now=time.time()
    )
    return render(request, "desk/_here.html", {"people": _named(found, request.user)})


def _named(found: list[presence.Seen], user: Any) -> list[presence.Seen]:
    """Own staff know one another; a vendor's people read no name that they do not see elsewhere."""
    unknown = strangers(user, (one.person_id for one in found))
    return [replace(one, name=_("Another team")) if one.person_id in unknown else one for one in found]
