"""The queues: six views of open tickets, pulled and taken from here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.selectors import taste_of
from aftersales.channels.selectors import waiting_count
from aftersales.core.access import answered, needs
from aftersales.core.components import empty_state
from aftersales.desk import columns, queues, rows, saved, toolbar
from aftersales.desk.views import bulk
from aftersales.desk.views.export import exportable
from aftersales.desk.views.saved import panel_of, views_context
from aftersales.notices.selectors import BADGE_MOST, unread_count
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors.dispatching import unassigned_elsewhere
from aftersales.tickets.selectors.pulling import not_offered

PLACES = (
    "after",
    "group",
    "seen",
    "numbers",
    "panel",
)  # of the address: where one is, not what one asked for


@require_GET
@needs("desk.view")
def queue(request: HttpRequest) -> HttpResponse:
    """A queue: whole page, or for htmx only the next rows."""
    now, user = timezone.now(), request.user
    rows_only = bool(request.htmx)  # type: ignore[attr-defined]
    views = [] if rows_only else saved.offered(user)
    opened = saved.opened(user, request.GET, None if rows_only else views)
    page = queues.page(user, opened.wanted, now, after=request.GET.get("after", ""))
    if rows_only:
        return HttpResponse(
            _rows(request, opened.wanted, page, now, counts=None) + _more(request, opened.wanted, page, now)
        )
    return render(request, "desk/queue.html", _context(request, opened, page, views, now))


def _context(
    request: HttpRequest, opened: saved.Opened, page: queues.QueuePage, views: list[Any], now: datetime
) -> dict[str, Any]:
    """The numbers follow by ``pulse`` when the page stands; who works without the script asks for them in it."""
    user, wanted, tabs = request.user, opened.wanted, saved.tabs(views)
    numbers = saved.numbers(user, wanted, now, tabs) if request.GET.get("numbers") else {}
    return {
        "title": opened.view or toolbar.VIEWS[wanted.queue],
        "now": now,
        "density": taste_of(user).density,
        "wanted": wanted,
        "here": (here := _here(request)),
        "tabs": toolbar.tabs(user, opened.code, numbers, tabs),
        "chips": toolbar.chips(wanted, user),
        "without_figure": toolbar.without_figure(wanted) if wanted.by_figure else "",
        "panel": panel_of(panel, user, wanted, now) if (panel := request.GET.get("panel", "")) else None,
        "panel_url": f"{reverse('desk:list_panel')}?{here}&panel=",
        "rows": _rows(request, wanted, page, now, counts=numbers),
        "more": _more(request, wanted, page, now),
        "empty": _empty(request, wanted, now) if not page.rows else "",
        "seen": " ".join(f"{row.id}.{row.version}" for row in page.rows),
        "exports": exportable(user),
        **views_context(user, opened, views),
    }


def _here(request: HttpRequest) -> str:
    """The list as it is asked for, without the place where the reader is in it."""
    query = request.GET.copy()
    for name in PLACES:
        query.pop(name, None)
    return query.urlencode()


def _rows(
    request: HttpRequest,
    wanted: queues.Asked,
    page: queues.QueuePage,
    now: datetime,
    counts: dict[str, int] | None,
) -> SafeString:
    soon = None if wanted.ended else queues.soon_span(now, guess=True)
    may_take = request.user.has_perm("tickets.take")
    free = (
        [row.id for row in page.rows if row.assignee_id is None and row.closed_at is None] if may_take else []
    )
    return rows.table_rows(
        page.rows, now, soon=soon, counts=counts, last_group=request.GET.get("group", ""),
        may_take=set(free) - not_offered(free, request.user, now), shown=wanted.columns, more=page.more,
        grouped="" if wanted.flat else wanted.order.grouped,
    )  # fmt: skip


def _more(request: HttpRequest, wanted: queues.Asked, page: queues.QueuePage, now: datetime) -> str:
    """The last line: a link that htmx replaces by the next rows, and that works without it as well."""
    if not page.after:
        return ""
    query = request.GET.copy()
    query["after"] = page.after
    last, soon = page.rows[-1], queues.soon_span(now, guess=True)
    query["group"] = last.severity if wanted.order.grouped == "severity" else rows.group_of(last, now, soon)
    url = escape(f"?{query.urlencode()}")
    words, width = escape(_("Show more")), rows.LEFT + len(wanted.columns or columns.SHIPPED)
    return (
        f'<tr class="more"><td colspan="{width}"><a class="btn" href="{url}" hx-get="{url}" '
        f'hx-target="closest tr" hx-swap="outerHTML">{words}</a></td></tr>'
    )


def _empty(request: HttpRequest, wanted: queues.Asked, now: datetime) -> SafeString:
    if wanted.filtered:
        return empty_state(
            _("Nothing in this view fits the filter."), url=f"?view={wanted.queue}", act=_("Clear the filter"),
            icon_name="filter",
        )  # fmt: skip
    waiting = queues.counts(request.user, now)["unassigned"] if wanted.queue == "mine" else 0
    if waiting:
        words = ngettext(
            "Your hands are free. %(count)s ticket waits unassigned.",
            "Your hands are free. %(count)s tickets wait unassigned.",
            waiting,
        ) % {"count": queues.shown_count(waiting)}
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


@require_GET
@needs("desk.view")
def pulse(request: HttpRequest) -> HttpResponse:
    """What changed since the page was read, in words, and the numbers of tabs and headings for the script.

    The page never moves a row by itself.
    """
    now = timezone.now()
    views = saved.offered(request.user)
    wanted, tabs = saved.opened(request.user, request.GET, views).wanted, saved.tabs(views)
    number, left = queues.moved(request.user, wanted, now, request.GET.get("seen", "")[:2000])
    known = {*queues.GROUPS, *queues.views_of(request.user), *(view.code for view in tabs)}
    found = saved.numbers(request.user, wanted, now, tabs)
    shown = {name: queues.shown_count(number) for name, number in found.items() if name in known}
    response = render(
        request, "desk/_pulse.html", {"number": number, "wanted": wanted, "here": _here(request)}
    )
    trigger_client_event(response, "left", {"ids": left})
    return trigger_client_event(response, "numbers", shown)  # type: ignore[no-any-return]


@require_GET
@needs("desk.view")
def in_hand(request: HttpRequest) -> JsonResponse:
    """The numbers of the side bar: the tickets of the view one starts with, and the unread messages."""
    mine = queues.counts(request.user, timezone.now())[queues.home_view(request.user)]
    unread = unread_count(request.user) if request.user.has_perm("notices.view_inbox") else 0
    words = f"{BADGE_MOST}+" if unread > BADGE_MOST else str(unread or "")
    numbers = {"in_hand": queues.shown_count(mine) if mine else "", "unread": words}
    if request.user.has_perm("channels.view_letter"):
        numbers["letters"] = _letters(request.user)
    return JsonResponse(numbers)


def _letters(user: Any) -> str:
    """Letters that wait for a decision."""
    waiting = waiting_count(user)
    return f"{BADGE_MOST}+" if waiting > BADGE_MOST else str(waiting or "")


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
    """Next for me; where nothing is free, one stays in the list that one has before oneself."""
    found = answered(lambda: services.ticket_take_next(actor=request.user, now=timezone.now()) or "", request)
    if found:
        return redirect("desk:ticket", found.number)
    if found == "":
        messages.info(request, _nothing_free(request.user))
    return bulk.back(request)


def _nothing_free(user: Any) -> str:
    """Why there is no next one, and how many wait where this person is no member."""
    others = unassigned_elsewhere(user)
    if not others:
        return _("Nothing waits unassigned in your teams.")
    words = ngettext(
        "Nothing waits unassigned in your teams; %(n)s ticket waits in another team.",
        "Nothing waits unassigned in your teams; %(n)s tickets wait in other teams.",
        others,
    )
    return words % {"n": others}
