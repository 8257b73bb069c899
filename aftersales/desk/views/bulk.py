"""Acts on the chosen tickets of a queue: what would be refused is said before, what was refused after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST

from accounts.models import User
from aftersales.core import moves
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import bulk
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.bulk import tickets_put_back, tickets_take

TOLD = 5  # refused tickets that are named one by one


@require_POST
@needs("desk.view")
def chosen(request: HttpRequest) -> HttpResponse:
    """The acts for the chosen tickets, each with what it will refuse: for htmx the bar's content, else a page.

    Asked by POST because two hundred keys are no address; nothing is written.
    """
    now = timezone.now()
    context = {
        "title": _("Chosen tickets"), "now": now,
        "chosen": bulk.chosen(request.user, request.POST, now),
        "query": _list(request.POST.get("query", "")), "to": whole(request.POST.get("to")),
        "reason": request.POST.get("reason", "")[:2000],
    }  # fmt: skip
    whole_page = not request.htmx  # type: ignore[attr-defined]
    return render(request, "desk/bulk.html" if whole_page else "desk/_bulk.html", context)


def _list(query: str) -> str:
    """The address of the list one came from, as our own text."""
    return QueryDict(query.replace("\x00", "")[:1000]).urlencode()


def _back(request: HttpRequest) -> HttpResponse:
    """To the page of ours that asked, else to the list."""
    asked = request.POST.get("next", "")
    if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return redirect(asked)
    return redirect(f"{reverse('desk:queue')}?{_list(request.POST.get('query', ''))}")


@require_POST
@needs("tickets.assign")
def assign(request: HttpRequest) -> HttpResponse:
    """Give the chosen tickets to one person; every refused one is named with its reason."""
    now = timezone.now()
    person = dict(bulk.people(request.user, now)).keys() & {whole(request.POST.get("to"))}
    if not person:
        messages.error(request, _("Choose tickets and a person of your teams."))
        return _back(request)
    to = User.objects.get(pk=person.pop())
    return _carried_out(
        request,
        lambda rows: services.tickets_assign(tickets=rows, to=to, actor=request.user, now=now),
    )


@require_POST
@needs("tickets.assign")
def put_back(request: HttpRequest) -> HttpResponse:
    """Give the chosen tickets back to the queue."""
    now, reason = timezone.now(), request.POST.get("reason", "").strip()[:2000]
    return _carried_out(
        request,
        lambda rows: tickets_put_back(tickets=rows, actor=request.user, now=now, reason=reason),
    )


@require_POST
@needs("tickets.take")
def take(request: HttpRequest) -> HttpResponse:
    """Take those of the chosen tickets that nobody has."""
    now = timezone.now()
    return _carried_out(request, lambda rows: tickets_take(tickets=rows, actor=request.user, now=now))


def _carried_out(request: HttpRequest, act: Callable[[Any], moves.Outcome]) -> HttpResponse:
    """One act on those of the chosen tickets that the person may see; what is not there is counted, not named."""
    keys, over = bulk.asked_for(request.POST)
    found = bulk.rows(request.user, keys)
    gone = len(keys) - found.count()
    if not keys:
        messages.error(request, _("Choose tickets first."))
    elif outcome := answered(lambda: act(found), request):
        tell(request, outcome)
        for note in bulk.notes(gone, over):
            messages.warning(request, note)
    return _back(request)


def tell(request: HttpRequest, outcome: moves.Outcome) -> None:
    """Say what a bulk act did: done, refused by number and reason, busy."""
    if outcome.done:
        number = len(outcome.done)
        messages.success(
            request,
            ngettext("%(number)d ticket done.", "%(number)d tickets done.", number) % {"number": number},
        )
    refused = [pk for pk, _reasons in outcome.refused]
    numbers = dict(Ticket.objects.filter(pk__in=refused + outcome.busy).values_list("pk", "number"))
    for pk, reasons in outcome.refused[:TOLD]:
        messages.warning(request, f"{numbers.get(pk, '')}: {' '.join(map(str, reasons))}")
    if len(outcome.refused) > TOLD:
        messages.warning(
            request, _("%(number)d more were refused.") % {"number": len(outcome.refused) - TOLD}
        )
    if outcome.busy:
        names = pgettext("list", ", ").join(numbers.get(pk, "") for pk in outcome.busy[:TOLD])
        messages.warning(
            request,
            _("Somebody else is working on these right now, please try again: %(names)s") % {"names": names},
        )
