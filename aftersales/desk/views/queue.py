"""The queues: six views of open tickets, pulled and taken from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.selectors import names_of_teams
from aftersales.core import moves
from aftersales.core.access import answered, needs
from aftersales.core.components import empty_state
from aftersales.core.posted import whole
from aftersales.desk import queues, rows
from aftersales.desk.views.home import tickets_sheet
from aftersales.tickets import services
from aftersales.tickets.models import Ticket

VIEWS = {
    "mine": pgettext_lazy("queue", "Mine"),
    "team": pgettext_lazy("queue", "My team's"),
    "unassigned": pgettext_lazy("queue", "Unassigned"),
    "due": pgettext_lazy("queue", "Due next"),
    "breached": pgettext_lazy("queue", "Breached"),
    "review": pgettext_lazy("queue", "To review"),
    "all": pgettext_lazy("queue", "All"),
}
FILTER_WORDS = {
    "state": pgettext_lazy("filter", "State"),
    "severity": pgettext_lazy("filter", "Severity"),
    "nature": pgettext_lazy("filter", "Nature"),
    "kind": pgettext_lazy("filter", "Kind"),
    "channel": pgettext_lazy("filter", "Channel"),
}
BULK_LIMIT = 200


@dataclass(frozen=True)
class Tab:
    """One view with its count."""

    name: str
    label: Any
    count: str
    bad: bool
    active: bool


@require_GET
@needs("desk.view")
def queue(request: HttpRequest) -> HttpResponse:
    """A queue: whole page, or for htmx only the next rows."""
    now = timezone.now()
    wanted = queues.asked(request.GET, default=_home_view(request.user))
    page = queues.page(request.user, wanted, now, after=request.GET.get("after", ""))
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(_rows(request, wanted, page, now, counts=None) + _more(request, page, now))
    return render(request, "desk/queue.html", _context(request, wanted, page, now))


def _home_view(user: Any) -> str:
    return "mine" if user.has_perm("tickets.work") else "all"


def _context(
    request: HttpRequest, wanted: queues.Asked, page: queues.QueuePage, now: datetime
) -> dict[str, Any]:
    counts = queues.counts(request.user, now)
    groups = None if wanted.ended else queues.groups(request.user, wanted, now)
    return {
        "title": VIEWS[wanted.queue],
        "now": now,
        "wanted": wanted,
        "tabs": _tabs(wanted, counts),
        "rows": _rows(request, wanted, page, now, counts=groups),
        "more": _more(request, page, now),
        "empty": _empty(request, wanted, counts) if not page.rows else "",
        "seen": " ".join(f"{row.id}.{row.version}" for row in page.rows),
        "filters": _filters(wanted),
        "exportable": tickets_sheet(),
        "people": _people(request.user, now) if request.user.has_perm("tickets.assign") else [],
    }


def _tabs(wanted: queues.Asked, counts: dict[str, int]) -> list[Tab]:
    return [
        Tab(
            name,
            label,
            queues.shown_count(counts[name]),
            name == "breached" and counts[name] > 0,
            name == wanted.queue,
        )
        for name, label in VIEWS.items()
    ]


def _rows(
    request: HttpRequest,
    wanted: queues.Asked,
    page: queues.QueuePage,
    now: datetime,
    counts: dict[str, int] | None,
) -> SafeString:
    soon = None if wanted.ended else queues.soon_span(now, guess=True)
    return rows.table_rows(
        page.rows, now, soon=soon, counts=counts, last_group=request.GET.get("group", ""),
        may_take=request.user.has_perm("tickets.take"),
    )  # fmt: skip


def _more(request: HttpRequest, page: queues.QueuePage, now: datetime) -> str:
    """The last line: a link that htmx replaces by the next rows, and that works without it as well."""
    if not page.after:
        return ""
    query = request.GET.copy()
    query["after"] = page.after
    query["group"] = rows.group_of(page.rows[-1], now, queues.soon_span(now, guess=True))
    url = escape(f"?{query.urlencode()}")
    words = escape(_("Show more"))
    return (
        f'<tr class="more"><td colspan="{rows.COLUMN_COUNT}"><a class="btn" href="{url}" hx-get="{url}" '
        f'hx-target="closest tr" hx-swap="outerHTML">{words}</a></td></tr>'
    )


def _empty(request: HttpRequest, wanted: queues.Asked, counts: dict[str, int]) -> SafeString:
    if wanted.filtered:
        return empty_state(
            _("Nothing in this view fits the filter."), url=f"?view={wanted.queue}", act=_("Clear the filter"),
            icon_name="filter",
        )  # fmt: skip
    if wanted.queue == "mine" and counts["unassigned"]:
        words = _("Your hands are free. %(count)s tickets wait unassigned.") % {
            "count": queues.shown_count(counts["unassigned"])
        }
        return empty_state(words, url="?view=unassigned", act=_("Look at them"))
    return empty_state(
        {
            "mine": _("Your hands are free, and nothing waits unassigned."),
            "breached": _("Nothing is late."),
            "due": _("Nothing falls due in the next hours."),
            "unassigned": _("Everything has somebody who works on it."),
            "review": _("Nothing waits for a review."),
        }.get(wanted.queue, _("No ticket is open here."))
    )


@dataclass(frozen=True)
class Filter:
    """One select of the filter panel."""

    name: str
    label: Any
    choices: list[tuple[str, Any]]
    value: str

    @property
    def shown(self) -> str:
        return str(dict(self.choices).get(self.value, ""))


def _filters(wanted: queues.Asked) -> list[Filter]:
    return [
        Filter(name, FILTER_WORDS[name], list(choices), wanted.fixed.get(name, ""))
        for name, choices in queues.CHOICES.items()
    ]


def _people(user: Any, now: datetime) -> list[tuple[int, str]]:
    """Whom a lead may give tickets to: the people of the own teams."""
    return names_of_teams(user.team_ids, now)


@require_GET
@needs("desk.view")
def pulse(request: HttpRequest) -> HttpResponse:
    """What changed since the page was read, in words; the page never moves a row by itself."""
    now = timezone.now()
    wanted = queues.asked(request.GET, default=_home_view(request.user))
    number = queues.changed(request.user, wanted, now, request.GET.get("seen", "")[:2000])
    return render(request, "desk/_pulse.html", {"number": number, "wanted": wanted})


@require_POST
@needs("tickets.take")
def take(request: HttpRequest) -> HttpResponse:
    """Take an unassigned ticket."""
    ticket = Ticket.objects.visible_to(request.user).filter(number=request.POST.get("number", "")).first()
    if ticket is None:
        messages.error(request, _("This ticket is no longer here."))
        return redirect("desk:queue")
    taken = answered(
        lambda: services.ticket_take(ticket=ticket, actor=request.user, now=timezone.now()), request,
        _("The ticket is yours."),
    )  # fmt: skip
    return redirect("desk:ticket", taken.number) if taken else redirect("desk:queue")


@require_POST
@needs("tickets.take")
def take_next(request: HttpRequest) -> HttpResponse:
    """Next for me."""
    found = answered(lambda: services.ticket_take_next(actor=request.user, now=timezone.now()) or "", request)
    if found:
        return redirect("desk:ticket", found.number)
    if found == "":
        messages.info(request, _("Nothing waits unassigned in your teams."))
    return redirect("desk:queue")


@require_POST
@needs("tickets.assign")
def bulk_assign(request: HttpRequest) -> HttpResponse:
    """Give the chosen tickets to one person; every refused one is named with its reason."""
    back = redirect(f"{request.path.rsplit('/bulk', 1)[0]}/?view={request.POST.get('view', 'team')}")
    asked = (whole(value) for value in request.POST.getlist("ids")[:BULK_LIMIT])
    ids = [key for key in asked if key is not None]
    person = dict(_people(request.user, timezone.now())).keys() & {whole(request.POST.get("to"))}
    if not ids or not person:
        messages.error(request, _("Choose tickets and a person of your teams."))
        return back
    _assign_all(request, ids, person.pop())
    return back


def _assign_all(request: HttpRequest, ids: list[int], person_id: int) -> None:
    found = Ticket.objects.visible_to(request.user).filter(pk__in=ids)
    to = User.objects.get(pk=person_id)
    outcome = answered(
        lambda: services.tickets_assign(tickets=found, to=to, actor=request.user, now=timezone.now()),
        request,
    )
    if outcome:
        tell(request, outcome)


def tell(request: HttpRequest, outcome: moves.Outcome) -> None:
    """Say what a bulk act did: done, refused by number and reason, busy."""
    if outcome.done:
        number = len(outcome.done)
        messages.success(
            request,
            ngettext("%(number)d ticket done.", "%(number)d tickets done.", number) % {"number": number},
        )
    numbers = dict(
        Ticket.objects.filter(pk__in=[pk for pk, _reasons in outcome.refused] + outcome.busy).values_list(
            "pk", "number"
        )
    )
    for pk, reasons in outcome.refused[:5]:
        messages.warning(request, f"{numbers.get(pk, '')}: {' '.join(map(str, reasons))}")
    if len(outcome.refused) > 5:
        messages.warning(request, _("%(number)d more were refused.") % {"number": len(outcome.refused) - 5})
    if outcome.busy:
        names = pgettext("list", ", ").join(numbers.get(pk, "") for pk in outcome.busy[:5])
        messages.warning(
            request,
            _("Somebody else is working on these right now, please try again: %(names)s") % {"names": names},
        )
