"""The one dashboard: how things stand, how the days went, who needs help. Every figure opens its tickets."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import npgettext, pgettext
from django.views.decorators.http import require_GET

from aftersales.core import wording
from aftersales.core.access import needs
from aftersales.core.components import (
    Column,
    Figure,
    Pin,
    Share,
    bars_line,
    data_table,
    histogram,
    share_bars,
    timeline_pins,
)
from aftersales.dashboards import loads, ranges
from aftersales.dashboards.comparing import compared
from aftersales.dashboards.pages import pages
from aftersales.dashboards.selectors import overview as selectors
from aftersales.dashboards.selectors.overview import Board, Kept, Span
from aftersales.standards.states import Promise
from aftersales.tickets.figures import AGES
from aftersales.tickets.looks import owed
from aftersales.tickets.states import TicketState

DASH = "–"


@require_GET
@needs("dashboards.view")
def overview(request: HttpRequest) -> HttpResponse:
    """The dashboard of the department or of one team, over any days, beside another range when asked."""
    asked = ranges.asked(request, timezone.now())
    board = selectors.board(asked.scope, asked.compare)
    return render(
        request,
        "dashboards/overview.html",
        {**_context(board), "asked": asked, "pages": pages(request.user, "dashboards:overview")},
    )


def _context(board: Board) -> dict[str, Any]:
    scope = board.scope
    return {
        "title": pgettext("navigation", "Overview"),
        "board": board,
        "team": board.teams.get(scope.team_id or 0, ""),
        "teams": sorted(board.teams.items(), key=lambda item: item[1]),
        "compared": compared(board.course, board.before) if board.before else [],
        "updated": wording.when(scope.now, scope.now),
        "figures": figures(board),
        "flow": flow_chart(board),
        "flow_table": flow_table(board),
        "pins": pins(board),
        "due": [_due_line(ticket, scope.now) for ticket in board.due],
        "due_url": _url(board, view="due"),
        "ages": age_chart(board),
        "ages_table": data_table(
            [_("Age"), _("Open tickets")], _age_rows(board), caption=_("Age of the backlog")
        ),
        "kept": share_bars([_share(board, one) for one in board.kept], floor=0.0),
        "kept_empty": not any(one.total for one in board.kept),
        "states": _states(board),
        "team_rows": _team_rows(board),
        "people": [_person(board, one) for one in board.people],
        "opened_total": _count(sum(board.opened.values()), _url(board, **_span(board, "opened"))),
        "closed_total": _count(sum(board.closed.values()), _url(board, **_span(board, "closed"))),
    }


def _url(board: Board, **query: Any) -> str:
    if board.scope.team_id:
        query.setdefault("team", board.scope.team_id)
    return f"{reverse('desk:queue')}?{urlencode({'view': 'all', **query})}"


def _span(board: Board, name: str) -> dict[str, str]:
    """The days of the range as a filter of the list; the last one only where it is not today."""
    scope = board.scope
    last = {} if scope.until is None else {f"{name}_to": scope.last_day.isoformat()}
    return {f"{name}_from": scope.first_day.isoformat(), **last}


def _count(number: int, url: str, css: str = "lnk") -> str:
    """A number that opens its tickets; none opens nothing."""
    return format_html('<a class="{}" href="{}">{}</a>', css, url, number) if number else str(number)


def figures(board: Board) -> list[Figure]:
    """Six figures; only those that miss something carry colour."""
    now = board.now
    first, solved = board.kept[0], board.kept[1]
    at_once = pgettext("figure", "%(what)s, now") if board.scope.until else "%(what)s"
    soon = _("Due in %(hours)s hours") % {"hours": _soon_hours(board)}
    return [
        Figure(at_once % {"what": _("Open")}, f"{now.open:,}", _tickets(now.open),
               _("of these unassigned: %(n)s") % {"n": now.unassigned}, url=_url(board, state="open")),
        Figure(at_once % {"what": _("Breached")}, f"{now.breached:,}", _tickets(now.breached), _late_words(now),
               "bad" if now.breached else "", _url(board, view="breached")),
        Figure(at_once % {"what": soon}, f"{now.due_soon:,}", _tickets(now.due_soon),
               _("next %(time)s") % {"time": wording.when(board.due[0].next_due_at, board.scope.now)} if board.due
               else _("nothing until then"), "warn" if now.due_soon else "", _url(board, view="due")),
        _time_figure(board, _("First response"), board.first_response, "opened", replied=1),
        _time_figure(board, _("Solution"), board.solution, "resolved"),
        _kept_figure(board, first if first.total >= solved.total else solved),
    ]  # fmt: skip


def _tickets(count: int) -> str:
    return npgettext("after a number", "ticket", "tickets", count)


def _soon_hours(board: Board) -> str:
    return f"{board.scope.soon_span.total_seconds() / 3600:g}"


def _late_words(now: selectors.Now) -> str:
    if now.longest_late is None:
        return _("nothing is late")
    return _("longest %(time)s") % {"time": wording.duration(now.longest_late)}


def _time_figure(board: Board, label: str, span: Span, ranged: str, **more: Any) -> Figure:
    value = wording.duration(span.median) if span.median is not None else DASH
    note = (
        _("median · P90 %(p90)s · %(n)s tickets") % {"p90": wording.duration(span.p90), "n": span.count}
        if span.p90 is not None
        else _("no ticket in this range")
    )
    return Figure(
        label,
        value,
        "",
        note,
        url=_url(board, **_span(board, ranged), **more),
    )


def _kept_figure(board: Board, one: Kept) -> Figure:
    share, target = one.share, one.target
    missed = share is not None and target is not None and share < target
    note = _missed_words(one)
    if target is not None:
        note = _("target %(target)s") % {"target": wording.percent(target)} + f" · {note}"
    return Figure(
        _("%(promise)s in time") % {"promise": Promise(one.promise).label},
        wording.percent(share) if share is not None else DASH, "", note, "warn" if missed else "",
        _missed_url(board, one),
    )  # fmt: skip


def _missed_words(one: Kept) -> str:
    return _("%(missed)s of %(total)s missed") % {"missed": one.missed, "total": one.total}


def _missed_url(board: Board, one: Kept) -> str:
    """The tickets a share leaves out; a share without any opens nothing."""
    if not one.missed:
        return ""
    last = {} if board.scope.until is None else {"till": board.scope.last_day.isoformat()}
    return _url(board, missed=one.promise, since=board.scope.first_day.isoformat(), **last)


def flow_chart(board: Board) -> Any:
    days = list(board.opened)
    columns = [
        Column(_day_label(board, day), board.opened[day], board.closed[day], "now" if day == days[-1] else "",
               _url(board, opened=day.isoformat()), _url(board, closed=day.isoformat()))
        for day in days
    ]  # fmt: skip
    message = _("Opened %(opened)s, closed %(closed)s in %(days)s days.") % {
        "opened": sum(board.opened.values()), "closed": sum(board.closed.values()), "days": len(days),
    }  # fmt: skip
    return bars_line(columns, message=message, every=max(2, len(days) // 7))


def _day_label(board: Board, day: date) -> str:
    today = board.scope.now.astimezone(board.scope.zone).date()
    return pgettext("day", "Today") if day == today else f"{day:%m-%d}"


def flow_table(board: Board) -> Any:
    rows = [
        (day.isoformat(), _count(board.opened[day], _url(board, opened=day.isoformat())),
         _count(board.closed[day], _url(board, closed=day.isoformat())))
        for day in board.opened
    ]  # fmt: skip
    return data_table([_("Day"), _("Opened"), _("Closed")], rows, caption=_("Opened and closed per day"))


def pins(board: Board) -> Any:
    """The next hours as a line; a pin per ticket."""
    span, now = board.scope.soon_span, board.scope.now
    marks = [
        Pin(min(max((ticket.next_due_at - now) / span, 0.0), 1.0), str(ticket.level), ticket.number,
            "warn", reverse("desk:ticket", args=[ticket.number]))
        for ticket in board.due
    ]  # fmt: skip
    return timeline_pins(
        marks, ticks=_ticks(now, span), message=_("%(n)s tickets fall due.") % {"n": board.now.due_soon},
        start=_("now %(time)s") % {"time": f"{now.astimezone(board.scope.zone):%H:%M}"},
    )  # fmt: skip


def _ticks(now: datetime, span: timedelta) -> list[tuple[float, str]]:
    first = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    found = []
    while first < now + span:
        found.append(((first - now) / span, timezone.localtime(first).strftime("%H:%M")))
        first += timedelta(hours=1)
    return found


def _due_line(ticket: Any, now: datetime) -> dict[str, Any]:
    return {
        "ticket": ticket,
        "time": wording.when(ticket.next_due_at, now),
        "promise": owed(ticket.state, str(dict(Promise.choices).get(ticket.next_promise, ""))),
        "who": str(ticket.assignee) if ticket.assignee else _("nobody yet"),
    }


AGE_WORDS = {
    "under_4h": "<4 h", "to_24h": "4–24 h", "to_2d": "1–2 d", "to_3d": "2–3 d", "to_7d": "3–7 d", "over_7d": ">7 d",
}  # fmt: skip


def _age_label(name: str) -> str:
    if not wording.chinese():
        return AGE_WORDS[name]
    return AGE_WORDS[name].replace(" h", "小时").replace(" d", "天")


def _age_url(board: Board, name: str) -> str:
    return _url(board, state="open", age=name)


def _age_rows(board: Board) -> list[tuple[str, str]]:
    return [(_age_label(name), _count(board.now.ages[name], _age_url(board, name))) for name in AGES]


def age_chart(board: Board) -> Any:
    columns = [
        Column(
            _age_label(name), number, None, _age_tone(board, name), _age_url(board, name) if number else ""
        )
        for name, number in board.now.ages.items()
    ]
    message = _("%(n)s open tickets by age.") % {"n": board.now.open}
    if board.promised is None:
        return histogram(columns, message=message)
    words = _("promised: %(limit)s") % {"limit": board.promised.words}
    return histogram(columns, message=message, limit_after=_limit_place(board.promised.span), limit=words)


def _limit_place(limit: timedelta) -> float:
    """After which age class the promise ends; a fraction when it ends inside one."""
    for place, name in enumerate(AGES):
        begins, ends = _age_class(name)
        if ends is None or limit <= ends:
            share = (limit - begins) / (ends - begins) if ends else 0.5
            return place - 1 + share
    return len(AGES) - 1


def _age_class(name: str) -> tuple[timedelta, timedelta | None]:
    """From when until when an open ticket is of this age; the last class has no end."""
    ends = list(AGES.values())
    place = list(AGES).index(name)
    begins, end = ends[place - 1] if place else 0, ends[place]
    return timedelta(hours=begins or 0), timedelta(hours=end) if end is not None else None


def _age_tone(board: Board, name: str) -> str:
    """What is older than promised is a warning, the last class is bad."""
    begins, ends = _age_class(name)
    late = board.promised is not None and begins >= board.promised.span
    return "bad" if ends is None else "warn" if late else ""


def _share(board: Board, one: Kept) -> Share:
    words = wording.percent(one.share) if one.share is not None else DASH
    return Share(
        str(Promise(one.promise).label), one.share, words, one.target,
        _missed_words(one) if one.total else _("none ended yet"), _missed_url(board, one),
    )  # fmt: skip


def _states(board: Board) -> list[dict[str, Any]]:
    return [
        {
            "code": code,
            "label": label,
            "number": board.now.by_state.get(code, 0),
            "url": _url(board, state=code),
        }
        for code, label in TicketState.choices
        if board.now.by_state.get(code)
    ]


def _team_rows(board: Board) -> list[dict[str, Any]]:
    rows = [_team_row(board, pk, numbers) for pk, numbers in board.now.by_team.items()]
    return sorted(rows, key=lambda row: -row["open"])


def _team_row(board: Board, pk: int | None, numbers: Mapping[str, int]) -> dict[str, Any]:
    whose = {"team": pk} if pk else {"no_team": 1}
    name = board.teams.get(pk, pgettext("dashboard", "Another team")) if pk else _("No team yet")
    return {
        "name": name,
        **numbers,
        "open_link": _count(numbers["open"], _url(board, state="open", **whose)),
        "late_link": _count(numbers["late"], _url(board, view="breached", **whose), "lnk bad"),
        "soon_link": _count(numbers["soon"], _url(board, view="due", **whose)),
    }


def _person(board: Board, one: selectors.Person) -> dict[str, Any]:
    load = one.open / one.capacity if one.capacity else 0
    tone, word = loads.told(load)
    return {
        "person": one,
        "load": min(round(load * 100), 100),
        "tone": tone,
        "word": word,
        "url": _url(board, assignee=one.id),
        "open_link": _count(one.open, _url(board, state="open", assignee=one.id)),
        "late_link": _count(one.breached, _url(board, view="breached", assignee=one.id), "lnk bad"),
        "soon_link": _count(one.due_soon, _url(board, view="due", assignee=one.id)),
    }
