"""Splitting off: the order lines and messages that go on in a ticket of their own, ticked on one page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from aftersales.core import once
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk.views.ticket import the_ticket
from aftersales.orders.models import OrderLine
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.states import ACTIVE_STATES

SHOWN = 100  # lines, and the newest messages
UNKNOWN = -1  # stands for a posted key that is none: the service refuses it


@require_http_methods(["GET", "POST"])
@needs("tickets.open_ticket")
def split(request: HttpRequest, number: str) -> HttpResponse:
    """Tick what goes into the new ticket; the original stays as it is."""
    row = the_ticket(request, number)
    if request.method == "POST" and (made := _split(request, row)):
        if Ticket.objects.visible_to(request.user).filter(pk=made.pk).exists():
            return redirect("desk:ticket", made.number)
        messages.success(request, _("The colleagues who work on the new ticket have it now."))
        return redirect("desk:ticket", number)
    return render(request, "desk/split.html", _context(request, row), status=422 if request.POST else 200)


def _split(request: HttpRequest, row: Ticket) -> Ticket | None:
    made: Ticket | None = answered(
        lambda: services.ticket_split(
            ticket=row, lines=_keys(request, "line"), messages=_messages(request, row), actor=request.user,
            subject=request.POST.get("subject", ""), reason=request.POST.get("reason", "")[:2000],
            now=timezone.now(), version=whole(request.POST.get("version")), source_ref=once.reference(request),
        ),
        request, _("Split off. The time counts as in the first ticket."),
    )  # fmt: skip
    return made


def _keys(request: HttpRequest, name: str) -> list[int]:
    return [UNKNOWN if (key := whole(one)) is None else key for one in request.POST.getlist(name)[:SHOWN]]


def _messages(request: HttpRequest, row: Ticket) -> list[int]:
    wanted = set(request.POST.getlist("message")[:SHOWN])
    known = list(row.messages.filter(public_id__in=[one[:64] for one in wanted]).values_list("pk", flat=True))
    return known if len(known) == len(wanted) else [UNKNOWN]


def _context(request: HttpRequest, row: Ticket) -> dict[str, Any]:
    lines = OrderLine.objects.visible_to(request.user).filter(order=row.order_id).select_related("merchant")
    said = Message.objects.filter(ticket=row, erased_at=None).select_related("author").order_by("-at", "-id")
    return {
        "title": _("Split off a part"), "ticket": row, "now": timezone.now(),
        "may_go_on": row.state in ACTIVE_STATES, "lines": list(lines.order_by("line_no")[:SHOWN]),
        "said": list(said[:SHOWN])[::-1], "posted": request.POST,
        "ticked": {*request.POST.getlist("line"), *request.POST.getlist("message")},
    }  # fmt: skip
