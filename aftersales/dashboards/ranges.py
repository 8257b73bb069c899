"""Which days and whose tickets a page of figures is about, as its address says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.models import Team
from aftersales.core.posted import day_of, whole
from aftersales.dashboards.selectors.overview import RANGES, Scope

LONGEST = 366
COMPARISONS = {
    "previous": pgettext_lazy("comparison", "The days just before"),
    "week": pgettext_lazy("comparison", "The same weekdays before"),
    "year": pgettext_lazy("comparison", "A year ago"),
}


@dataclass(frozen=True)
class Asked:
    """What the form above the figures says."""

    scope: Scope
    compare: str = ""
    problem: str = ""

    @property
    def exact(self) -> bool:
        """Two days were named; else the last so many days."""
        return self.scope.until is not None

    @property
    def words(self) -> str:
        """The range as people say it."""
        scope = self.scope
        if self.exact:
            return _("%(first)s to %(last)s") % {"first": scope.first_day, "last": scope.last_day}
        return ngettext("%(n)s day", "Last %(n)s days", scope.days) % {"n": scope.days}

    @property
    def query(self) -> str:
        """The same range and team as part of another page's address."""
        scope = self.scope
        days = {"from": scope.first_day, "to": scope.last_day} if self.exact else {"days": scope.days}
        team = {"team": scope.team_id} if scope.team_id else {}
        compare = {"compare": self.compare} if self.compare else {}
        return urlencode({**days, **team, **compare})

    @property
    def presets(self) -> list[tuple[int, str, bool]]:
        """Number of days, words, whether chosen."""
        return [
            (
                n,
                ngettext("%(n)s day", "Last %(n)s days", n) % {"n": n},
                not self.exact and n == self.scope.days,
            )
            for n in RANGES
        ]

    @property
    def comparisons(self) -> list[tuple[str, object, bool]]:
        return [(code, label, code == self.compare) for code, label in COMPARISONS.items()]


def asked(request: HttpRequest, now: datetime) -> Asked:
    """Read the address; what makes no sense is left out and said."""
    scope, problem = _days(request, Scope(request.user, now, team_id=_team(request)))
    compare = request.GET.get("compare", "")
    return Asked(scope, compare if compare in COMPARISONS else "", problem)


def teams_of(user: Any) -> list[tuple[int, str]]:
    """Key and name of the teams a page of figures may be narrowed to."""
    return [(team.pk, str(team)) for team in Team.objects.visible_to(user).active()]


def _team(request: HttpRequest) -> int | None:
    key = whole(request.GET.get("team"))
    known = key is not None and Team.objects.visible_to(request.user).active().filter(pk=key).exists()
    return key if known else None


def _days(request: HttpRequest, scope: Scope) -> tuple[Scope, str]:
    first, last = day_of(request.GET.get("from", "")), day_of(request.GET.get("to", ""))
    number = request.GET.get("days", "")
    days = int(number) if number in {str(n) for n in RANGES} else 14
    plain = Scope(scope.user, scope.now, days, scope.team_id)
    if first is None and last is None:
        return plain, ""
    last = min(last or scope.today, scope.today)
    first = first or last
    if first > last:
        return plain, _("The first day lies after the last one; the last %(n)s days are shown.") % {"n": days}
    length = (last - first).days + 1
    if length > LONGEST:
        return plain, _("At most %(n)s days at once; the last %(days)s days are shown.") % {
            "n": LONGEST, "days": days,
        }  # fmt: skip
    return Scope(scope.user, scope.now, length, scope.team_id, last), ""
