"""What is promised on a ticket: noted after a call, kept, postponed, withdrawn; and what a reply seems to promise."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aftersales.core import once
from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.posted import whole
from aftersales.desk import promises
from aftersales.desk.acts import SOURCE
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets import services
from aftersales.tickets.models import GivenPromise
from aftersales.tickets.services.conversation import LONGEST

ACTS = ("keep", "postpone", "withdraw")


@require_POST
@needs("tickets.promise")
def guess(request: HttpRequest) -> HttpResponse:
    """What these words seem to promise; nothing is kept."""
    text = request.POST.get("text", "").replace("\x00", "")[:LONGEST]
    return JsonResponse(promises.suggested(text, timezone.now(), called="called" in request.POST))


@require_POST
@needs("tickets.promise")
def give(request: HttpRequest, number: str) -> HttpResponse:
    """A promise made in person: nothing is sent, its clock runs."""
    row = the_ticket(request, number)
    now = timezone.now()
    answered(
        lambda: services.promise_give(
            ticket=row, what=request.POST.get("promise_what", ""), due_at=_due(request), actor=request.user, now=now,
            source=SOURCE, source_ref=once.reference(request),
        ),
        request, _("Promise noted."),
    )  # fmt: skip
    return redirect("desk:ticket", number)


def _due(request: HttpRequest) -> datetime:
    due = promises.due_posted(request.POST)
    if due is None:
        raise DomainError(_("Choose by when you promise it."), "when")
    return due


@require_POST
@needs("tickets.promise")
def act(request: HttpRequest, number: str, public_id: str, name: str) -> HttpResponse:
    """Keep, postpone or withdraw one promise of a ticket this person may see."""
    row = the_ticket(request, number)
    promise = GivenPromise.objects.filter(ticket=row, public_id=public_id).first()
    if promise is None or name not in ACTS:
        raise Http404
    answered(lambda: _perform(request, promise, name), request, _("Done."))
    return redirect(_back(request, number))


def _perform(request: HttpRequest, promise: GivenPromise, name: str) -> Any:
    posted = request.POST
    how: dict[str, Any] = {"promise": promise, "actor": request.user, "now": timezone.now()}
    how["version"] = whole(posted.get("version"))
    if name == "keep":
        return services.promise_keep(**how)
    how |= {"text": posted.get("text", ""), "source": SOURCE, "source_ref": once.reference(request)}
    if name == "withdraw":
        return services.promise_withdraw(**how, why=posted.get("why", ""))
    return services.promise_postpone(**how, due_at=_due(request))


def _back(request: HttpRequest, number: str) -> str:
    from django.urls import reverse

    return reverse("desk:day") if request.POST.get("next") == "day" else reverse("desk:ticket", args=[number])
