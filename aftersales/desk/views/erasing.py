"""Erasing what must not be kept: one message of a ticket, for a reason that stays readable."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aftersales.core.access import answered, needs
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets import services


@require_POST
@needs("tickets.erase")
def erase_message(request: HttpRequest, number: str, public_id: str) -> HttpResponse:
    """Erase one message with its files, its search text and the notices that repeat it."""
    row = the_ticket(request, number)
    message = row.messages.filter(public_id=public_id).first()
    if message is None:
        raise Http404
    answered(
        lambda: services.message_erase(
            message=message, actor=request.user, reason=request.POST.get("reason", ""), now=timezone.now()
        ),
        request,
        _("The message is erased."),
    )
    return redirect("desk:ticket", number)
