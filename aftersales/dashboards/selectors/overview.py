"""The figures of the dashboard, each with its sample size, in a fixed number of statements."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Min, Q, QuerySet
from django.db.models.functions import TruncDate

from accounts.models import Team, User
from aftersales.clocks.models import Clock
from aftersales.standards.selectors import Book, Given, book, duration, given_to_all, parameter
from aftersales.standards.states import Promise
from aftersales.tickets.figures import AGES, aged, missed, settled
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES, OPEN_STATES

RANGES = (7, 14, 30, 60)
PROMISES = (Promise.FIRST_RESPONSE, Promise.SOLUTION_AGREED, Promise.VERIFICATION, Promise.ARCHIVE)
DUE_ROWS = 6


@dataclass(frozen=True)
class Scope:
    """What a dashboard is about: the tickets this person may see, of one team or all, over whole local days."""

    user: Any
    now: datetime
    days: int = 14
    team_id: int | None = None
    until: date | None = None
    person_id: int | None = None

    @cached_property
    def soon_span(self) -> timedelta:
        """What *due soon* means, read from the rule book once per page."""
        return duration("due_soon_hours", self.now)

    @property
    def soon(self) -> datetime:
        return self.now + self.soon_span

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(settings.TIME_ZONE)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def last_day(self) -> date:
        return self.until or self.today

    @property
    def first_day(self) -> date:
        return self.last_day - timedelta(days=self.days - 1)

    @property
    def since(self) -> datetime:
        return self._midnight(self.first_day)

    @property
    def to(self) -> datetime:
        """The last moment of the range; the future has no figures."""
        return min(self.now, self._midnight(self.last_day + timedelta(days=1)) - timedelta(microseconds=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, datetime.min.time(), tzinfo=self.zone)

    def before(self, how: str) -> "Scope":
        """The range it is compared with: the days just before, the same weekdays or the same days a year ago."""
        weeks = -(-self.days // 7)
        shifts = {"previous": self.days, "week": 7 * weeks, "year": 364}
        return replace(self, until=self.last_day - timedelta(days=shifts[how]))

    @property
    def narrowed(self) -> bool:
        """Whether the tickets are fewer than all."""
        return bool(self.team_id or self.person_id or not self.user.has_perm("tickets.view_all"))

    def tickets(self) -> QuerySet[Ticket]:
        rows = Ticket.objects.visible_to(self.user).filter(historic=False)
        if self.person_id:
            rows = rows.filter(assignee_id=self.person_id)
        return rows.filter(team_id=self.team_id) if self.team_id else rows


@dataclass(frozen=True)
class Now:
    """How things stand. ``open`` and ``ages`` are not yet resolved; ``resolved`` waits for the customer's word.

    Late and due soon count both, on the page, per team and per person alike.
    """

    open: int
    resolved: int
    breached: int
    due_soon: int
    unassigned: int
    longest_late: timedelta | None
    by_state: Mapping[str, int]
    by_team: Mapping[int | None, Mapping[str, int]]
    ages: Mapping[str, int]


@dataclass(frozen=True)
class Span:
    """Median and 90th percentile of a time, and over how many tickets."""

    median: timedelta | None
    p90: timedelta | None
    count: int


@dataclass(frozen=True)
class Kept:
    """On how many tickets a promise of one kind ended in the range, and on how many it was kept in time."""

    promise: str
    kept: int
    total: int
    target: float | None

    @property
    def share(self) -> float | None:
        return self.kept / self.total if self.total else None

    @property
    def missed(self) -> int:
        return self.total - self.kept


@dataclass(frozen=True)
class Person:
    """One member of the team: load against capacity, late and soon due work."""

    id: int
    name: str
    open: int
    capacity: int
    breached: int
    due_soon: int


@dataclass(frozen=True)
class Board:
    """Everything the page shows."""

    scope: Scope
    now: Now
    opened: Mapping[date, int]
    closed: Mapping[date, int]
    first_response: Span
    solution: Span
    kept: list[Kept]
    people: list[Person]
    due: list[Ticket]
    promised: Given | None = None
    teams: Mapping[int, str] = field(default_factory=dict)
    before: "Course | None" = None

    @property
    def course(self) -> "Course":
        """How the range went, without what stands now."""
        opened, closed = sum(self.opened.values()), sum(self.closed.values())
        return Course(self.scope, opened, closed, self.first_response, self.solution, self.kept)


@dataclass(frozen=True)
class Course:
    """How a range went: what came and went, how fast, and which promises were kept."""

    scope: Scope
    opened: int
    closed: int
    first_response: Span
    solution: Span
    kept: list[Kept]


@dataclass(frozen=True)
class Days:
    """What a range counts: five statements that read every ticket of it."""

    opened: Mapping[date, int]
    closed: Mapping[date, int]
    first_response: Span
    solution: Span
    kept: list[Kept]


def days(scope: Scope) -> Days:
    return Days(
        per_day(scope, "opened_at"), per_day(scope, "closed_at"), span(scope, "opened_at", "first_reply_at"),
        span(scope, "resolved_at", "resolved_at"), kept(scope),
    )  # fmt: skip


def lately(scope: Scope) -> Days:
    """The figures of a range, for some seconds those of the one who asked before: a range of a million tickets is
    counted once a minute, not once per reader. What stands now (``standing``) is always counted."""
    if not settings.FIGURES_SECONDS:
        return days(scope)
    return cast(Days, cache.get_or_set(_key(scope), lambda: days(scope), settings.FIGURES_SECONDS))


def _key(scope: Scope) -> str:
    """Whoever sees all tickets shares the figures; everybody else has figures of his own."""
    whose = (
        "all" if scope.user.has_perm("tickets.view_all") else f"{scope.user.pk}.{sorted(scope.user.team_ids)}"
    )
    asked = f"{whose}:{scope.team_id}:{scope.person_id}:{scope.first_day}:{scope.last_day}"
    return f"figures:{hashlib.sha256(asked.encode()).hexdigest()}"


def course(scope: Scope) -> Course:
    """One statement when it was counted a moment ago, else five more."""
    found = lately(scope)
    opened, closed = sum(found.opened.values()), sum(found.closed.values())
    return Course(scope, opened, closed, found.first_response, found.solution, found.kept)


def board(scope: Scope, compare: str = "") -> Board:
    """Nine statements whatever the number of tickets, five more with a range to compare with."""
    found = lately(scope)
    return Board(
        scope=scope,
        now=standing(scope),
        opened=found.opened,
        closed=found.closed,
        first_response=found.first_response,
        solution=found.solution,
        kept=found.kept,
        people=people(scope),
        due=due_rows(scope),
        promised=given_to_all(Promise.SOLUTION_AGREED, scope.now),
        teams={team.pk: str(team) for team in Team.objects.visible_to(scope.user).active()},
        before=course(scope.before(compare)) if compare else None,
    )


def standing(scope: Scope) -> Now:
    """One pass over the active tickets, grouped by state and team."""
    late = Q(next_due_at__lt=scope.now)
    rows = list(
        scope.tickets()
        .filter(state__in=ACTIVE_STATES)
        .values("state", "team_id")
        .annotate(
            number=Count("id"),
            late=Count("id", filter=late),
            soon=Count("id", filter=Q(next_due_at__gte=scope.now, next_due_at__lt=scope.soon)),
            nobody=Count("id", filter=Q(assignee=None)),
            oldest=Min("next_due_at", filter=late),
            **{f"age_{name}": Count("id", filter=aged(name, scope.now)) for name in AGES},
        )
        .order_by()
    )
    open_rows = [row for row in rows if row["state"] in OPEN_STATES]
    oldest = [row["oldest"] for row in rows if row["oldest"]]
    return Now(
        open=sum(row["number"] for row in open_rows),
        resolved=sum(row["number"] for row in rows) - sum(row["number"] for row in open_rows),
        breached=sum(row["late"] for row in rows),
        due_soon=sum(row["soon"] for row in rows),
        unassigned=sum(row["nobody"] for row in open_rows),
        longest_late=scope.now - min(oldest) if oldest else None,
        by_state=_summed(rows, "state"),
        by_team=_teams(rows),
        ages={name: sum(row[f"age_{name}"] for row in open_rows) for name in AGES},
    )


def _summed(rows: list[dict[str, Any]], key: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row[key]] = found.get(row[key], 0) + row["number"]
    return found


def _teams(rows: list[dict[str, Any]]) -> dict[int | None, dict[str, int]]:
    found: dict[int | None, dict[str, int]] = {}
    for row in rows:
        mine = found.setdefault(row["team_id"], {"open": 0, "late": 0, "soon": 0})
        mine["open"] += row["number"] if row["state"] in OPEN_STATES else 0
        mine["late"] += row["late"]
        mine["soon"] += row["soon"]
    return found


def per_day(scope: Scope, column: str) -> dict[date, int]:
    """How many tickets were opened or closed on each local day of the range; days without any are 0."""
    counted = dict(
        scope.tickets()
        .filter(**{f"{column}__gte": scope.since, f"{column}__lte": scope.to})
        .annotate(day=TruncDate(column, tzinfo=scope.zone))
        .values_list("day")
        .annotate(number=Count("id"))
        .order_by()
    )
    days = [scope.first_day + timedelta(days=n) for n in range(scope.days)]
    return {day: counted.get(day, 0) for day in days}


class Percentile(Aggregate):
    """``percentile_cont(share) WITHIN GROUP (ORDER BY …)``."""

    function = "percentile_cont"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: Any, share: float) -> None:
        super().__init__(expression, share=share)


def span(scope: Scope, ranged: str, end: str) -> Span:
    """Time from registering to ``end`` for tickets whose ``ranged`` moment lies in the range."""
    took = ExpressionWrapper(F(end) - F("opened_at"), output_field=DurationField())
    found = (
        scope.tickets()
        .filter(**{f"{ranged}__gte": scope.since, f"{ranged}__lte": scope.to, f"{end}__isnull": False})
        .aggregate(median=Percentile(took, 0.5), p90=Percentile(took, 0.9), count=Count("id"))
    )
    return Span(found["median"], found["p90"], found["count"])


def kept(scope: Scope) -> list[Kept]:
    """Tickets whose promise came due or was met in the range, and those of them that missed none of that kind."""
    rows = Clock.objects.filter(
        settled(scope.since, scope.to),
        subject_kind="tickets.ticket", promise__in=PROMISES, is_historic=False,
    )  # fmt: skip
    if scope.narrowed:
        rows = rows.filter(subject_id__in=scope.tickets().values("pk"))
    found = {
        row["promise"]: (row["total"] - row["missed"], row["total"])
        for row in rows.values("promise")
        .annotate(
            missed=Count("subject_id", filter=missed(), distinct=True),
            total=Count("subject_id", distinct=True),
        )
        .order_by()
    }
    numbers = book()
    targets = {
        Promise.FIRST_RESPONSE: _target("first_response_share_percent", scope.now, numbers),
        Promise.SOLUTION_AGREED: _target("resolution_percent", scope.now, numbers),
    }
    return [Kept(promise, *found.get(promise, (0, 0)), targets.get(promise)) for promise in PROMISES]


def _target(code: str, now: datetime, among: Book) -> float:
    return float(parameter(code, now, among=among)) / 100


def people(scope: Scope) -> list[Person]:
    """Who carries what, the fullest first."""
    rows = (
        scope.tickets()
        .filter(state__in=ACTIVE_STATES, assignee__isnull=False)
        .values("assignee_id")
        .annotate(
            open=Count("id", filter=Q(state__in=OPEN_STATES)),
            late=Count("id", filter=Q(next_due_at__lt=scope.now)),
            soon=Count("id", filter=Q(next_due_at__gte=scope.now, next_due_at__lt=scope.soon)),
        )
        .order_by()
    )
    found = {row["assignee_id"]: row for row in rows}
    known = User.objects.in_bulk(list(found))
    listed = [
        Person(pk, str(known[pk]), row["open"], known[pk].capacity, row["late"], row["soon"])
        for pk, row in found.items()
    ]
    return sorted(listed, key=lambda one: (-one.breached, -one.open / max(one.capacity, 1), one.name))[:12]


def due_rows(scope: Scope) -> list[Ticket]:
    """The next tickets to fall due inside the *due soon* window."""
    rows = scope.tickets().filter(
        state__in=ACTIVE_STATES, next_due_at__gte=scope.now, next_due_at__lt=scope.soon
    )
    return list(rows.select_related("assignee").order_by("next_due_at", "id")[:DUE_ROWS])
