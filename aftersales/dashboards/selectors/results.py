"""Results of people and teams by the registry's metrics, with their samples; whom one may see. Nobody is ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import Team, TeamMember, User
from aftersales.dashboards.selectors.products import Span
from aftersales.scorecards import trends
from aftersales.scorecards.metrics import Metric, metric, of_kind
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.querysets import led_teams
from aftersales.scorecards.selectors import Figure, figures
from aftersales.scorecards.states import Direction, SubjectKind, Unit
from aftersales.standards.selectors import parameter

FLOOR = "person_figures_floor"
COLUMNS = ("tickets", "response_in_time", "promises_kept", "resolution", "reopened", "satisfied_handling")
"""What stands side by side for a whole team; one person's page has every metric."""
SEE_ALL = "scorecards.view_people"


@dataclass(frozen=True)
class Row:
    """One person or team with the figures of the columns, by code."""

    kind: SubjectKind
    pk: int
    name: str
    figures: Mapping[str, Figure]


def floor_of(now: datetime) -> int:
    return int(parameter(FLOOR, now))


def teams(user: Any) -> list[Team]:
    """The teams whose results this person may see: all, or those one leads."""
    rows = Team.objects.filter(active_to=None) if user.has_perm(SEE_ALL) else led_teams(user)
    return sorted(rows, key=lambda one: (one.name, one.pk))


def people(team: Team, now: datetime) -> list[User]:
    """Members of today, by name."""
    members = TeamMember.objects.at(now).filter(team=team).order_by().values("person")
    return sorted(User.objects.active().filter(pk__in=members), key=lambda one: (str(one), one.pk))


def columns() -> list[Metric]:
    return [metric(code) for code in COLUMNS]


def table(user: Any, listed: Sequence[Team], team: Team | None, of: Span, now: datetime) -> list[Row]:
    """The people of one team below the team itself, or all teams one may see; by name, never by a figure.

    Eight statements at most, whatever the number.
    """
    if team is None:
        return _rows(user, SubjectKind.TEAM, {one.pk: one.name for one in listed}, of)
    members = {one.pk: str(one) for one in people(team, now)}
    return _rows(user, SubjectKind.TEAM, {team.pk: team.name}, of) + _rows(
        user, SubjectKind.PERSON, members, of
    )


def _rows(user: Any, kind: SubjectKind, names: Mapping[int, str], of: Span) -> list[Row]:
    kinds = {one.code for one in of_kind(kind)}
    rows = rollups(user, kind).filter(subject_id__in=list(names))
    found: dict[int, dict[str, Figure]] = {}
    for one in figures(rows, kind, of.since, of.until, codes=[code for code in COLUMNS if code in kinds]):
        found.setdefault(one.subject_id, {})[one.metric.code] = one
    return [Row(kind, pk, name, found.get(pk, {})) for pk, name in names.items()]


def rollups(user: Any, kind: SubjectKind) -> QuerySet[Rollup]:
    rows: QuerySet[Rollup] = Rollup.objects.visible_to(user).filter(subject_kind=kind)
    return rows


@dataclass(frozen=True)
class Told:
    """One person or team: figures, months, and for a person those of the teams beside."""

    figures: list[Figure]
    months: Mapping[str, trends.Spans]
    team: Mapping[str, Figure]


def told(user: Any, kind: SubjectKind, pk: int, of: Span, team: Team | None) -> Told:
    """Seven statements at most."""
    rows = rollups(user, kind).filter(subject_id=pk)
    codes = [one.code for one in of_kind(kind)]
    beside: list[Figure] = []
    if team is not None:
        beside = figures(
            Rollup.objects.filter(subject_kind=SubjectKind.TEAM, subject_id=team.pk),
            SubjectKind.TEAM, of.since, of.until,
        )  # fmt: skip
    course = trends.by_month(rows, kind, codes, of.until)
    return Told(
        figures(rows, kind, of.since, of.until), {one.metric: spans for one, spans in course.items()},
        {one.metric.code: one for one in beside},
    )  # fmt: skip


def team_of(person: User, now: datetime) -> Team | None:
    """The first team that a person is in today."""
    row = (
        TeamMember.objects.at(now)
        .filter(person=person, team__active_to=None)
        .select_related("team")
        .order_by("pk")
        .first()
    )
    return row.team if row is not None else None


def is_judged(one: Metric) -> bool:
    return one.direction != Direction.NEITHER and one.unit != Unit.MONEY
