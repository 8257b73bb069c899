"""What hangs on the wall and what a lead looks at: how things stand this minute, and who is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Away, Shift, Team, TeamMember, User
from aftersales.dashboards.selectors import overview
from aftersales.dashboards.selectors.overview import Kept, Now, Scope
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES, OPEN_STATES

NEAREST = 8
TODAYS = 60


@dataclass(frozen=True)
class Here:
    """A person of the team at this moment. ``until``: the end of the present shift, None when off shift."""

    person: User
    until: datetime | None
    away: bool
    open: int
    late: int
    today: int
    waiting: int

    @property
    def load(self) -> float:
        return self.open / self.person.capacity if self.person.capacity else 0.0

    @property
    def at_work(self) -> bool:
        return self.until is not None and not self.away


def idle(one: Here) -> bool:
    """Off shift, and nothing hangs on this person."""
    return not (one.at_work or one.open or one.late or one.today)


@dataclass(frozen=True)
class Wall:
    """One look at the department: numbers, the nearest tickets, the people."""

    scope: Scope
    now: Now
    opened: int
    closed: int
    first_response: Kept
    nearest: list[Ticket]
    people: list[Here]

    @property
    def at_work(self) -> list[Here]:
        return [one for one in self.people if one.at_work]


def end_of_day(now: datetime) -> datetime:
    """Midnight after this moment on the wall clock."""
    return timezone.make_aware(datetime.combine(timezone.localdate(now) + timedelta(days=1), time.min))


def wall(scope: Scope) -> Wall:
    """Nine statements."""
    today = overview.course(scope)
    return Wall(
        scope=scope,
        now=overview.standing(scope),
        opened=today.opened,
        closed=today.closed,
        first_response=today.kept[0],
        nearest=list(due_today(scope)[:NEAREST]),
        people=people(scope),
    )


def due_today(scope: Scope) -> list[Ticket]:
    """What is late or falls due before midnight, the most urgent first, at most ``TODAYS``. One statement."""
    rows = scope.tickets().filter(state__in=ACTIVE_STATES, next_due_at__lt=end_of_day(scope.now))
    return list(rows.select_related("assignee", "merchant", "team").order_by("next_due_at", "id")[:TODAYS])


def people(scope: Scope) -> list[Here]:
    """Everybody of the teams who can work on tickets: with work first, the fullest on top. Four statements."""
    now, teams = scope.now, Team.objects.visible_to(scope.user).active()
    if scope.team_id:
        teams = teams.filter(pk=scope.team_id)
    members = (
        TeamMember.objects.at(now).filter(team__in=teams, person__is_active=True).select_related("person")
    )
    persons = {one.person_id: one.person for one in members if one.person.has_perm("tickets.work")}
    shifts = dict(Shift.objects.at(now).filter(person__in=persons).values_list("person_id", "ends_at"))
    away = set(Away.objects.at(now).filter(person__in=persons).values_list("person_id", flat=True))
    loads = _loads(scope, list(persons))
    found = [
        Here(person, shifts.get(pk), pk in away, *loads.get(pk, (0, 0, 0, 0)))
        for pk, person in persons.items()
    ]
    return sorted(found, key=lambda one: (not one.at_work, -one.late, -one.load, str(one.person)))


def _loads(scope: Scope, persons: list[int]) -> dict[int, tuple[int, int, int, int]]:
    midnight = end_of_day(scope.now)
    rows = (
        Ticket.objects.visible_to(scope.user)
        .filter(historic=False, state__in=ACTIVE_STATES, assignee__in=persons)
        .values("assignee_id")
        .annotate(
            open=Count("id", filter=Q(state__in=OPEN_STATES)),
            late=Count("id", filter=Q(next_due_at__lt=scope.now)),
            today=Count("id", filter=Q(next_due_at__gte=scope.now, next_due_at__lt=midnight)),
            waiting=Count("id", filter=Q(state="waiting")),
        )
        .order_by()
    )
    return {row["assignee_id"]: (row["open"], row["late"], row["today"], row["waiting"]) for row in rows}
