"""One person's own page of figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET

from accounts.models import User
from aftersales.core import wording
from aftersales.core.access import needs
from aftersales.core.components import Column, bars_line, data_table, histogram
from aftersales.core.posted import whole
from aftersales.dashboards import ranges
from aftersales.dashboards.pages import pages
from aftersales.dashboards.selectors import integrity, overview
from aftersales.dashboards.selectors import person as selectors
from aftersales.dashboards.selectors.integrity import SHOWN
from aftersales.dashboards.views.integrity import counted
from aftersales.standards.states import Promise

PROMISES = {str(one).replace("_", "-"): one for one in overview.PROMISES}
TITLES = {
    "resolved": pgettext_lazy("figures", "Resolved"), "came-back": gettext_lazy("Resolved and came back"),
    "acts": gettext_lazy("Said, noted and resolved on the last day"),
}  # fmt: skip
HOURS_WIDE = 10  # a single hour is no column across the whole card
LATEST = 24 - HOURS_WIDE


@require_GET
@needs("tickets.work")
def me(request: HttpRequest) -> HttpResponse:
    """My own figures."""
    return _page(request, request.user, "dashboards:me")


@require_GET
@needs("dashboards.view")
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """A colleague's figures, for whoever answers for his work."""
    found = User.objects.active().filter(pk=pk).first()
    if found is None or not _may_see(request, found):
        raise Http404
    return _page(request, found, "")


@require_GET
@needs("dashboards.view")
def deeds(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """The tickets behind one figure of a person: of the range, of one hour, or of one promise."""
    found = User.objects.active().filter(pk=pk).first()
    if found is None or not _may_see(request, found):
        raise Http404
    asked, hour = ranges.asked(request, timezone.now()), whole(request.GET.get("hour"))
    if what in PROMISES:
        traces: Any = selectors.ended(asked.scope, found, PROMISES[what])
    else:
        traces = selectors.deeds(asked.scope, found, what, hour)
    if traces is None:
        raise Http404
    tickets = len({one.ticket.pk for one in traces})
    context = {
        "title": _title(what, hour), "asked": asked, "who": found, "traces": traces,
        "counted": counted(tickets, len(traces)), "full": len(traces) == SHOWN, "shown": SHOWN,
    }  # fmt: skip
    return render(request, "dashboards/deeds.html", context)


def _title(what: str, hour: int | None) -> Any:
    if what in PROMISES:
        return PROMISES[what].label
    if what in integrity.BY_CODE:
        return integrity.BY_CODE[what].label
    if what == "acts" and hour is not None:
        return _("Said, noted and resolved at %(hour)02d:00") % {"hour": hour % 24}
    return TITLES[what]


def _url(who: Any, what: str, query: str) -> str:
    return f"{reverse('dashboards:deeds', args=[who.pk, what])}?{query}"


def _may_see(request: HttpRequest, found: User) -> bool:
    viewer: Any = request.user
    return selectors.may_see(viewer, found, timezone.now())


def _page(request: HttpRequest, who: Any, here: str) -> HttpResponse:
    asked = ranges.asked(request, timezone.now())
    own = selectors.own(asked.scope, who)
    queue = f"{reverse('desk:queue')}?assignee={who.pk}&view="
    signs = [one for one in integrity.signs(asked.scope, person=who.pk) if one.tickets]
    context = {
        "title": pgettext("figures", "My figures") if here else str(who), "asked": asked, "own": own, "who": who,
        "pages": pages(request.user, here), "kept": [_kept(one, own, asked) for one in own.kept],
        "marks": f"{own.marks.handling:.1f}" if own.marks.handling is not None else "",
        "enough": own.marks.count >= own.floor,
        "signs": [(one, _sign_url(request, who, one, asked), counted(one.tickets, one.times)) for one in signs],
        "first": wording.duration(own.first_response.median) if own.first_response.median is not None else "–",
        "solution": wording.duration(own.solution.median) if own.solution.median is not None else "–",
        "days": _days(own, asked), "hours": _hours(own, asked),
        "open_url": f"{queue}all&state=open", "late_url": f"{queue}breached",
        "unconfirmed_url": f"{queue}all&state=resolved", "resolved_url": _url(who, "resolved", asked.query),
        "back_url": _url(who, "came-back", asked.query),
    }  # fmt: skip
    return render(request, "dashboards/person.html", context)


def _sign_url(request: HttpRequest, who: Any, sign: integrity.Sign, asked: ranges.Asked) -> str:
    """The page of the sign, for whoever may read it; one's own tickets for everybody else."""
    if request.user.has_perm("dashboards.integrity"):
        return f"{reverse('dashboards:traces', args=[sign.measure.code])}?{asked.query}&person={who.pk}"
    return _url(who, sign.measure.code, asked.query)


def _kept(one: Any, own: selectors.Own, asked: ranges.Asked) -> dict[str, Any]:
    """The own share only with enough cases; the team's beside it."""
    team = next((other for other in own.team_kept if other.promise == one.promise), None)
    enough = one.total >= own.floor
    return {
        "label": Promise(one.promise).label, "total": one.total, "missed": one.missed, "enough": enough,
        "share": wording.percent(one.share) if enough and one.share is not None else "–",
        "team": wording.percent(team.share) if team and team.share is not None else "–",
        "team_total": team.total if team else 0, "url": _url(own.person, one.promise.replace("_", "-"), asked.query),
    }  # fmt: skip


def _days(own: selectors.Own, asked: ranges.Asked) -> Any:
    scope = own.scope
    days = [scope.first_day + timedelta(days=n) for n in range(scope.days)]
    if not own.resolved:
        return ""
    rows = [(f"{day:%m-%d}", own.resolved.get(day, 0)) for day in days]
    columns = [
        Column(f"{day:%m-%d}", number, url=_url(own.person, "resolved", f"from={day}&to={day}") if number else "")
        for day in days for number in (own.resolved.get(day, 0),)
    ]  # fmt: skip
    message = _("%(n)s tickets resolved in these days.") % {"n": own.handled}
    if (again := sum(own.resolved.values()) - own.handled) > 0:
        words = _(
            "%(n)s tickets resolved in these days; what was resolved on two days counts on both (%(again)s)."
        )
        message = words % {"n": own.handled, "again": again}
    table = data_table([_("Day"), _("Resolved")], rows, caption=_("Resolved per day"))
    return bars_line(columns, message=message, every=max(2, len(days) // 7)) + table


def _hours(own: selectors.Own, asked: ranges.Asked) -> Any:
    if not own.hours:
        return ""
    first = min(*own.hours, LATEST)
    hours = range(first, max(*own.hours, first + HOURS_WIDE - 1) + 1)
    rows = [(f"{hour:02d}:00", own.hours.get(hour, 0)) for hour in hours]
    day = own.scope.to.astimezone(own.scope.zone).date()
    columns = [
        Column(str(hour), number, url=_url(own.person, "acts", f"from={day}&to={day}&hour={hour}") if number else "")
        for hour in hours for number in (own.hours.get(hour, 0),)
    ]  # fmt: skip
    message = _("Replies, notes, calls, questions to merchants and resolutions by hour.")
    return histogram(columns, message=message) + data_table(
        [_("Hour"), _("Acts")], rows, caption=_("Acts by hour")
    )
