"""Around the reply box: drafts, replies that are on their way."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.once import FIELD, KEY
from aftersales.core.wording import when
from aftersales.desk.views import looking
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets.models import Ticket, Unsent
from aftersales.tickets.selectors import writing
from aftersales.tickets.services import unsent


@require_POST
@needs("tickets.note")
def draft(request: HttpRequest, number: str) -> HttpResponse:
    """Half-written words, saved while somebody writes."""
    row, now, key = the_ticket(request, number), timezone.now(), request.POST.get(FIELD, "")
    text, voice = request.POST.get("text", ""), request.POST.get("voice", "")
    try:
        unsent.draft_keep(
            ticket=row, voice=voice, text=text, actor=request.user, now=now,
            form_key=key if KEY.match(key) else "",
        )  # fmt: skip
    except DomainError as refusal:
        return JsonResponse({"error": str(refusal)}, status=409)
    return JsonResponse({"saved": _("Draft saved %(at)s") % {"at": when(now, now)}})


@require_POST
@needs("tickets.note")
def draft_drop(request: HttpRequest, number: str) -> HttpResponse:
    """Throw the draft away."""
    unsent.draft_drop(ticket=the_ticket(request, number), actor=request.user)
    return looking.back(request, number)


def _held(request: HttpRequest, row: Ticket, public_id: str) -> Unsent | None:
    """This person's reply that is on its way; None when it is held no longer."""
    mine = Unsent.objects.filter(ticket=row, author=request.user.pk, public_id=public_id)
    found: Unsent | None = mine.first()
    return found


@require_POST
@needs("tickets.reply")
def take_back(request: HttpRequest, number: str, public_id: str) -> HttpResponse:
    """The reply comes back into the box."""
    row = the_ticket(request, number)
    held = _held(request, row, public_id) or Unsent(pk=0)
    answered(
        lambda: unsent.reply_take_back(unsent=held, actor=request.user, now=timezone.now()), request,
        _("Taken back: nothing was sent."),
    )  # fmt: skip
    return looking.back(request, number)


@require_POST
@needs("tickets.reply")
def send_now(request: HttpRequest, number: str, public_id: str) -> HttpResponse:
    """Its writer does not want to wait, or the time is over and his page says so."""
    row = the_ticket(request, number)
    asked_by_script = "HX-Request" in request.headers and not looking.asked(request)
    held = _held(request, row, public_id)
    if held is not None:
        answered(lambda: unsent.held_send(unsent_id=held.pk, now=timezone.now(), early=True), request)
    elif not asked_by_script:
        raise Http404
    if asked_by_script:
        return JsonResponse({"sent": not writing.is_back(row, public_id=public_id, user=request.user)})
    return looking.back(request, number)
