"""The screen that pops up with a call, and the small panel that stands in another system's frame."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.channels import selectors
from aftersales.channels.models import Connection
from aftersales.channels.services.hooks import recording_open
from aftersales.core.access import answered, needs
from aftersales.core.wording import masked
from aftersales.customers.models import Customer
from aftersales.desk import calls, workbench
from aftersales.desk.views.ticket import the_ticket
from aftersales.orders.selectors import customer_panel
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import Channel


@require_GET
@needs("tickets.open_ticket")
def pop(request: HttpRequest) -> HttpResponse:
    """Who calls, what is open, what was bought: by the whole number, with nothing to be typed again."""
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("channel", "phone", "call")}
    connection = Connection.objects.filter(code=asked["channel"], is_active=True).first()
    known = selectors.callers(request.user, asked["phone"])
    context = {
        "title": _("Incoming call"), "now": timezone.now(), "caller": masked(asked["phone"], "phone"),
        "people": [_person(request, one) for one in known], "connection": connection,
        "talk": calls.ticket_of_call(connection, asked["call"]) if connection else "",
        "channel": connection.channel if connection else Channel.PHONE, "call": asked["call"],
    }  # fmt: skip
    return render(request, "desk/pop.html", context)


def _person(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    panel = customer_panel(customer.pk)
    return {
        "customer": customer,
        "tickets": selectors.open_tickets(request.user, customer),
        "orders": panel.orders if panel else [],
    }


@require_POST
@needs("tickets.open_ticket")
def pop_attach(request: HttpRequest, number: str) -> HttpResponse:
    """The call is about this open ticket."""
    ticket = the_ticket(request, number)
    calls.attach(request, request.POST.get("talk", ""), ticket, timezone.now())
    return redirect("desk:ticket", number)


@require_GET
@needs("desk.view")
def talks(request: HttpRequest, number: str) -> HttpResponse:
    """Calls and chats of a ticket, fetched when somebody opens the list."""
    ticket = the_ticket(request, number)
    context = {"ticket": ticket, "talks": selectors.talks_of(ticket), "now": timezone.now()}
    return render(request, "desk/_talks.html", context)


@require_POST
@needs("channels.listen")
def recording(request: HttpRequest, number: str, public_id: str) -> HttpResponse:
    """The address of a recording, for a reason that is recorded."""
    ticket = the_ticket(request, number)
    talk = selectors.talk_of(ticket, public_id)
    if talk is None:
        raise Http404
    reason = request.POST.get("reason", "")
    url = answered(
        lambda: recording_open(talk=talk, reason=reason, actor=request.user, now=timezone.now()), request
    )
    if not url:
        return redirect("desk:ticket", number)
    return render(request, "desk/recording.html", {"title": _("Recording"), "ticket": ticket, "address": url})


@require_GET
@needs("desk.view")
def panel(request: HttpRequest, what: str) -> HttpResponse:
    """A ticket or a caller in little, for the frame of a telephone or chat system."""
    now = timezone.now()
    ticket = workbench.find(request.user, what.upper())
    people = [] if ticket else [_person(request, one) for one in selectors.callers(request.user, what)]
    context = {
        "title": _("Panel"),
        "now": now,
        "ticket": ticket,
        "people": people,
        "what": masked(what, "phone"),
    }
    if ticket is not None:
        context |= {"bench": _little(ticket, now)}
    response = render(request, "desk/panel.html", context)
    return framed(response)


def _little(ticket: Ticket, now: Any) -> dict[str, Any]:
    cards = [card for card in workbench.clock_cards(ticket, now) if card.open]
    return {"clocks": cards[:2], "last": ticket.messages.exclude(audience="internal").order_by("-id").first()}


def framed(response: HttpResponse) -> HttpResponse:
    """May stand in a frame of the hosts of the set-up, and of nobody else."""
    hosts = settings.PANEL_HOSTS
    if hosts:
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
        response._csp_replace = {"frame-ancestors": list(hosts)}  # type: ignore[attr-defined]
    return response
