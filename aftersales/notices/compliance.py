"""Tells people once a month which training they lack, and who leads them which of their people do (R1.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy

from accounts.models import Team, User
from accounts.selectors import led_teams_of
from accounts.services import system_user
from training import complianceselectors
from training.complianceselectors import Asked, Standing
from training.models import Number

from .models import Notice
from .services import Order, notices_send

OWN, TEAM = "training.lacking", "training.team_lacks"
NAMED = 30
BATCH = 200


def number_page(pk: int) -> str:
    """A message about what is asked of everybody leads to the reader's own hours."""
    return reverse("training:hours")


def team_page(pk: int) -> str:
    """A message about a team leads to who of it lacks what."""
    team = Team.objects.filter(pk=pk).first()
    return reverse("training:compliance") + (f"?{urlencode({'team': str(team)})}" if team else "")


def month_of(now: datetime) -> str:
    return f"{timezone.localtime(now):%Y-%m}"


def lacking_tell(*, now: datetime) -> int:
    """Everybody who lacks something, or whose refresher is due soon, and the leads; answers how many were told.

    Run every day: whoever was told in this month of the installation's zone is left out, so a night without a worker
    is made good by the next one.
    """
    rows = complianceselectors.standings_of(User.objects.all(), now)
    rows = [one for one in rows if one.lacks or one.ending]
    month = f"month:{month_of(now)}"
    orders = [*_own(rows, month, now), *_teams(rows, month, now)]
    for start in range(0, len(orders), BATCH):
        notices_send(orders[start : start + BATCH], actor=system_user(now), now=now)
    return len(orders)


def _told(kind: str, month: str, column: str) -> set[int]:
    rows = Notice.objects.filter(source=kind, source_ref__startswith=f"{month}:")
    return set(rows.values_list(column, flat=True))


def _own(rows: Sequence[Standing], month: str, now: datetime) -> Iterable[Order]:
    told, wanted = _told(OWN, month, "user_id"), complianceselectors.asked(now)
    about = Number.objects.in_force(now).filter(code="trainings_a_year").latest("number")
    for one in rows:
        if one.person.pk not in told:
            values = {"month": month_of(now), "lacks": _late(_lines, one, wanted)}
            yield Order(OWN, one.person, about, values, f"{month}:own")


def _teams(rows: Sequence[Standing], month: str, now: datetime) -> Iterable[Order]:
    told = _told(TEAM, month, "subject_id")
    teams = led_teams_of([one.person.pk for one in rows])
    found: dict[Team, list[Standing]] = {}
    for one in rows:
        if one.person.pk in teams:
            found.setdefault(teams[one.person.pk], []).append(one)
    for team, people in found.items():
        if team.pk not in told:
            lines = _late(_named, people)
            values = {
                "month": month_of(now),
                "team": _late(str, team),
                "count": len(people),
            }
            yield Order(TEAM, team.lead, team, values | {"list": lines}, f"{month}:team:{team.pk}")


def _lines(one: Standing, wanted: Asked) -> str:
    return "\n".join(complianceselectors.lacks(one, wanted))


def _named(people: Sequence[Standing]) -> str:
    lines = [f"{one.person}: {complianceselectors.kinds(one)}" for one in people[:NAMED]]
    return "\n".join(lines if len(people) <= NAMED else [*lines, "…"])


def _late(say: Callable[..., str], *given: Any) -> Any:
    """Words that are put together in the language of whoever reads them."""
    return lazy(say, str)(*given)
