"""The page behind the link of an appointment's message: what was agreed, and the wish for another window.

Like every page here the token is the whole authority. The link stays good after a wish, so that the customer may look
the appointment up again; a wish itself is heard once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from aftersales.core import origin
from aftersales.core.errors import DomainError
from aftersales.core.posted import day_of, moment_of
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Appointment, CustomerLink
from aftersales.tickets.selectors.appointments import for_customer

from .. import selectors, views

PURPOSE = "appointment"
LONGEST = 2000


@dataclass(frozen=True)
class Shown:
    """One appointment on the page; ``may_wish`` while nothing was asked for yet and it is not over."""

    row: Appointment
    may_wish: bool


@csrf_exempt
@views.private
@require_http_methods(["GET", "HEAD", "POST"])
def appointment(request: HttpRequest, token: str) -> HttpResponse:
    """What was agreed. Expired, revoked and unknown links look alike; so does one whose appointment stands no more."""
    now = timezone.now()
    link = tickets.customer_link_open(token=token, purpose=PURPOSE, now=now)
    rows = for_customer(link.ticket_id) if link is not None else []
    if link is None or not rows:
        return views.dead(request, now)
    with translation.override(views.language(request, selectors.languages_of(link))):
        if request.method == "POST":
            return _wish(request, link, token, now)
        return _page(request, link, now)


def _wish(request: HttpRequest, link: CustomerLink, token: str, now: datetime) -> HttpResponse:
    posted = request.POST
    try:
        with origin.coming_from("customer"):
            tickets.appointment_wish(
                link=link, public_id=posted.get("appointment", "")[:22], text=_words(posted.get("text", "")), now=now,
                **_window(posted),
            )  # fmt: skip
    except DomainError as refusal:
        return _page(request, link, now, error=str(refusal), status=422)
    frame = views.frame()
    return HttpResponseRedirect(
        f"{reverse('selfservice:appointment', args=[token])}?lang={frame['lang']}&asked=1"
    )


def _words(text: str) -> str:
    return text.replace("\x00", "").strip()[:LONGEST]


def _window(posted: Any) -> dict[str, datetime]:
    """The day with its two times, here. Errors: when."""
    day = day_of(posted.get("day", ""))
    found = {
        name: moment_of(f"{day}T{posted.get(part, '')[:5]}") if day else None
        for name, part in (("starts_at", "from"), ("ends_at", "to"))
    }
    if None in found.values():
        raise DomainError(_("Choose a day, a beginning and an end."), "when")
    return {name: at for name, at in found.items() if at is not None}


def _page(
    request: HttpRequest, link: CustomerLink, now: datetime, *, error: str = "", status: int = 200
) -> HttpResponse:
    shown = [Shown(row, row.wish_from is None and row.ends_at > now) for row in for_customer(link.ticket_id)]
    page = {
        "number": link.ticket.number, "problem": link.ticket.subject, "appointments": shown, "error": error,
        "asked": "asked" in request.GET, "posted": request.POST, "now": now,
        "soonest": timezone.localtime(now + timedelta(days=1)).strftime("%Y-%m-%d"), **views.frame(),
    }  # fmt: skip
    return render(request, "selfservice/appointment.html", page, status=status)
