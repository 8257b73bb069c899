"""Small requests: taken down from the workbench, their own page, their dialogs, and the board."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from aftersales.cases.models import ServiceRequest
from aftersales.cases.request_states import RequestKind
from aftersales.cases.services.request_kinds import KINDS
from aftersales.cases.services.requests import RequestDraft, request_open
from aftersales.core import once
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import boards, requestacts, requests
from aftersales.desk.requestforms import DetailsForm
from aftersales.desk.views.framing import there
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets.models import Ticket

SOURCE = "desk"


def the_request(request: HttpRequest, number: str) -> ServiceRequest:
    """The request this person may see, or nothing at all."""
    return there(requests.find(request.user, number))


@require_http_methods(["GET", "POST"])
@needs("cases.open_request")
def take(request: HttpRequest, number: str) -> HttpResponse:
    """Take a small request down: first its kind, then what that kind asks."""
    row = the_ticket(request, number)
    posted = request.POST if request.method == "POST" else None
    kind = KINDS.get((posted or request.GET).get("kind", ""))
    if kind is None or not kind.by_hand:
        return _shown(request, "take", {"ticket": row, "kinds": requests.kinds_by_hand(), "title": _title()})
    lines = requests.lines_of(row.order_id) if kind.of_line else None
    form = DetailsForm(posted, fields=kind.asks, needed=False, lines=lines)
    if posted is not None and form.is_valid():
        draft = RequestDraft(
            kind.code, form.details, form.cleaned_data.get("line"), form.cleaned_data["words"], source=SOURCE,
            source_ref=once.reference(request),
        )  # fmt: skip
        made = answered(
            lambda: request_open(ticket=row, draft=draft, actor=request.user, now=timezone.now()), request,
            _("Taken down."),
        )  # fmt: skip
        if made:
            return redirect("desk:ticket", row.number)
    context = {"ticket": row, "kind": kind, "form": form, "title": kind.code.label}
    if kind.code == RequestKind.PRICE:
        context["protected"] = requests.protection_of(row.order, timezone.now())
    return _shown(request, "take", context, 422 if posted is not None else 200)


def _title() -> str:
    return pgettext("request", "Small request")


def _shown(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A dialog, or the same as a page."""
    folder = "desk/requests/_" if request.htmx else "desk/requests/"  # type: ignore[attr-defined]
    return render(request, f"{folder}{name}.html", context, status=status)


@require_GET
@needs("cases.view_case")
def one(request: HttpRequest, number: str) -> HttpResponse:
    """A request from its words to its answer."""
    row, now = the_request(request, number), timezone.now()
    context = {
        "title": row.number, "row": row, "card": requests.card(row, request.user, now), "now": now,
        "ticket": row.ticket, "happened": requests.happened(row),
        "may_see_ticket": Ticket.objects.visible_to(request.user).filter(pk=row.ticket_id).exists()
        and request.user.has_perm("desk.view"),
    }  # fmt: skip
    return render(request, "desk/requests/request.html", context)


@require_http_methods(["GET", "POST"])
@needs("cases.view_case")
def act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One act on a request: its dialog, and the act itself."""
    row, now = the_request(request, number), timezone.now()
    wanted = requestacts.ACTS.get(name)
    option = next((found for found in requests.acts(row, request.user, now) if found.name == name), None)
    posted = request.POST if request.method == "POST" else None
    if wanted is None or (option is None and posted is None):
        raise Http404
    form = wanted.form(row, posted)
    back = (posted or request.GET).get("back", "")[:12]
    if posted is not None and form.is_valid():
        done = answered(
            lambda: wanted.run(row, form, actor=request.user, now=now, version=whole(posted.get("version"))), request,
            _("Done."),
        )  # fmt: skip
        if done or request.htmx or option is None:  # type: ignore[attr-defined]
            return (
                redirect("desk:ticket", row.ticket.number)
                if back == "ticket"
                else redirect("desk:request", number)
            )
    card = requests.card(row, request.user, now)
    label = option.label if option else ""
    context = {
        "row": row,
        "card": card,
        "form": form,
        "name": name,
        "title": label,
        "back": back,
        "words": wanted.words,
    }
    return _shown(request, "act", context, 422 if posted is not None else 200)


@require_GET
@needs("cases.view_case")
def board(request: HttpRequest) -> HttpResponse:
    """Requests by whose turn it is."""
    asked, now = requests.wanted(request.GET), timezone.now()
    cards, more = requests.page(request.user, asked, now)
    numbers = requests.counts(request.user, now)
    context = {
        "title": pgettext("navigation", "Small requests"), "asked": asked, "cards": cards, "more": more, "now": now,
        "tabs": [
            (code, label, boards.counted(numbers[code]) if code in numbers else "")
            for code, label in requests.BOARDS.items()
        ],
        "kinds": RequestKind.choices,
    }  # fmt: skip
    return render(request, "desk/requests/board.html", context)
