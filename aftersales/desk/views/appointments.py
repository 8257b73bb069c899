"""Appointments of a ticket: the card with its dialogs, agreeing on one, and what becomes of it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import once
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import appointments
from aftersales.desk.acts import SOURCE
from aftersales.desk.views.ticket import the_ticket
from aftersales.standards.selectors import one_edition
from aftersales.tickets import services
from aftersales.tickets.models import Appointment
from aftersales.tickets.selectors.waits import clocks_by_wait

ACTS = ("end", "move", "cancel")


@require_GET
@needs("desk.view")
def card(request: HttpRequest, number: str) -> HttpResponse:
    """All appointments of a ticket and the dialogs for them: one fragment, once the page stands."""
    row, now = the_ticket(request, number), timezone.now()
    with one_edition():
        found = appointments.card(row, request.user, now)
    return render(request, "desk/_appointments.html", {"ticket": row, "now": now, **found})


@require_GET
@needs("tickets.work")
def wait_more(request: HttpRequest, number: str) -> HttpResponse:
    """For the dialog of a wait, when it opens: who may go on then, and which time limits stop for whom."""
    row, now = the_ticket(request, number), timezone.now()
    with one_edition():
        found = {"colleagues": appointments.who_goes_on(row, request.user, now), "stops": clocks_by_wait(row)}
    return render(request, "desk/_wait_more.html", found)


@require_POST
@needs("tickets.appoint")
def agree(request: HttpRequest, number: str) -> HttpResponse:
    """A window was agreed; the customer is told where it is his matter."""
    row = the_ticket(request, number)
    answered(lambda: _agree(request, row), request, _("Appointment noted."))
    return redirect(reverse("desk:ticket", args=[number]))


def _agree(request: HttpRequest, row: Any) -> Appointment:
    posted = request.POST
    return services.appointment_agree(
        ticket=row, kind=posted.get("kind", ""), with_whom=appointments.party_posted(posted),
        responsible=appointments.person_posted(posted, request.user), place=posted.get("place", ""),
        wait=posted.get("wait") == "1", actor=request.user, now=timezone.now(), source=SOURCE,
        source_ref=once.reference(request), **appointments.window_posted(posted),
    )  # fmt: skip


@require_POST
@needs("tickets.appoint")
def act(request: HttpRequest, number: str, public_id: str, name: str) -> HttpResponse:
    """Say what came of it, move it or cancel it."""
    row = the_ticket(request, number)
    found = Appointment.objects.filter(ticket=row, public_id=public_id).first()
    if found is None or name not in ACTS:
        raise Http404
    answered(lambda: _perform(request, found, name), request, _("Done."))
    back = "desk:day" if request.POST.get("next") == "day" else ""
    return redirect(reverse(back) if back else reverse("desk:ticket", args=[number]))


def _perform(request: HttpRequest, found: Appointment, name: str) -> Appointment:
    posted = request.POST
    how: dict[str, Any] = {"appointment": found, "actor": request.user, "now": timezone.now()}
    how |= {"version": whole(posted.get("version")), "why": posted.get("why", "")}
    if name == "end":
        return services.appointment_end(**how, outcome=posted.get("outcome", ""))
    if name == "cancel":
        return services.appointment_cancel(**how)
    return services.appointment_move(
        **how, **appointments.window_posted(posted), responsible=appointments.person_posted(posted, request.user),
        source=SOURCE, source_ref=once.reference(request),
    )  # fmt: skip
