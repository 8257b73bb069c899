"""One person's own page of figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from accounts.models import User
from aftersales.core import wording
from aftersales.core.access import needs
from aftersales.core.components import Column, bars_line, data_table, histogram
from aftersales.dashboards import ranges
from aftersales.dashboards.pages import pages
from aftersales.dashboards.selectors import integrity
from aftersales.dashboards.selectors import person as selectors
from aftersales.standards.states import Promise

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


def _may_see(request: HttpRequest, found: User) -> bool:
    viewer: Any = request.user
    return selectors.may_see(viewer, found, timezone.now())


def _page(request: HttpRequest, who: Any, here: str) -> HttpResponse:
    asked = ranges.asked(request, timezone.now())
    own = selectors.own(asked.scope, who)
    signs = [one for one in integrity.signs(asked.scope, person=who.pk) if one.tickets]
    context = {
        "title": pgettext("figures", "My figures") if here else str(who), "asked": asked, "own": own, "who": who,
        "pages": pages(request.user, here), "kept": [_kept(one, own) for one in own.kept],
        "marks": f"{own.marks.handling:.1f}" if own.marks.handling is not None else "",
        "enough": own.marks.count >= own.floor, "signs": signs,
        "first": wording.duration(own.first_response.median) if own.first_response.median is not None else "–",
        "solution": wording.duration(own.solution.median) if own.solution.median is not None else "–",
        "days": _days(own), "hours": _hours(own),
    }  # fmt: skip
    return render(request, "dashboards/person.html", context)


def _kept(one: Any, own: selectors.Own) -> dict[str, Any]:
    """The own share only with enough cases; the team's beside it."""
    team = next((other for other in own.team_kept if other.promise == one.promise), None)
    enough = one.total >= own.floor
    return {
        "label": Promise(one.promise).label, "total": one.total, "missed": one.missed, "enough": enough,
        "share": wording.percent(one.share) if enough and one.share is not None else "–",
        "team": wording.percent(team.share) if team and team.share is not None else "–",
        "team_total": team.total if team else 0,
    }  # fmt: skip


def _days(own: selectors.Own) -> Any:
    scope = own.scope
    days = [scope.first_day + timedelta(days=n) for n in range(scope.days)]
    if not own.resolved:
        return ""
    rows = [(f"{day:%m-%d}", own.resolved.get(day, 0)) for day in days]
    columns = [Column(label, number, None) for label, number in rows]
    message = _("%(n)s tickets resolved in these days.") % {"n": own.handled}
    table = data_table([_("Day"), _("Resolved")], rows, caption=_("Resolved per day"))
    return bars_line(columns, message=message, every=max(2, len(days) // 7)) + table


def _hours(own: selectors.Own) -> Any:
    if not own.hours:
        return ""
    first = min(*own.hours, LATEST)
    hours = range(first, max(*own.hours, first + HOURS_WIDE - 1) + 1)
    rows = [(f"{hour:02d}:00", own.hours.get(hour, 0)) for hour in hours]
    columns = [Column(str(hour), own.hours.get(hour, 0), None) for hour in hours]
    return histogram(columns, message=_("Acts by hour of the last day.")) + data_table(
        [_("Hour"), _("Acts")], rows, caption=_("Acts by hour")
    )
