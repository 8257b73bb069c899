"""Acts on the chosen tickets of a queue: what would be refused is said before, what was refused after."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from aftersales.core.access import needs
from aftersales.core.posted import whole
from aftersales.core.wording import listed
from aftersales.desk import bulk, keys
from aftersales.tickets.models import ActionRun
from aftersales.tickets.states import RowOutcome

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
        "reason": request.POST.get("reason", "")[:2000], "macro_key": keys.of("macro"),
    }  # fmt: skip
    whole_page = not request.htmx  # type: ignore[attr-defined]
    return render(request, "desk/bulk.html" if whole_page else "desk/_bulk.html", context)


def _list(query: str) -> str:
    """The address of the list one came from, as our own text."""
    return QueryDict(query.replace("\x00", "")[:1000]).urlencode()


def back(request: HttpRequest) -> HttpResponse:
    """To the page of ours that asked, else to the list."""
    asked = request.POST.get("next", "")
    if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return redirect(asked)
    return redirect(f"{reverse('desk:queue')}?{_list(request.POST.get('query', ''))}")


def tell(request: HttpRequest, run: ActionRun, gone: int, over: int) -> None:
    """Say what an act on many did: done, refused by number and reason, busy; and what was left out."""
    found = list(run.rows.select_related("ticket").order_by("id"))
    done = sum(row.outcome == RowOutcome.DONE for row in found)
    refused = [row for row in found if row.outcome == RowOutcome.REFUSED]
    busy = [row.ticket.number for row in found if row.outcome == RowOutcome.BUSY]
    if done:
        words = ngettext("%(number)d ticket done.", "%(number)d tickets done.", done) % {"number": done}
        messages.success(request, words)
    for row in refused[:TOLD]:
        messages.warning(request, f"{row.ticket.number}: {row.why}")
    if len(refused) > TOLD:
        messages.warning(request, _("%(number)d more were refused.") % {"number": len(refused) - TOLD})
    if busy:
        names = listed(busy[:TOLD])
        words = _("Somebody else is working on these right now, please try again: %(names)s")
        messages.warning(request, words % {"names": names})
    for note in bulk.notes(gone, over, run.total):
        messages.warning(request, note)
