"""Who of the department lacks which training: onboarding, trainings of the year, refreshers (R1.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import TeamMember, User
from accounts.states import STAFF_ROLES
from training import courseselectors, selectors
from training.models import Course, Run, Seat
from training.states import CourseKind, Lack

PROFESSIONAL = frozenset(CourseKind.values) - {CourseKind.ONBOARDING, CourseKind.MERCHANT}


@dataclass(frozen=True)
class Standing:
    """One person: hours of onboarding, professional trainings of this year, courses that no longer count."""

    person: User
    team: str
    hours: Decimal
    trainings: int
    stale: Sequence[Course]
    lacks: frozenset[str]


@dataclass
class TeamLine:
    """A team with its people; everybody stands in one team only, so that the lines add up."""

    name: str
    people: int = 0
    whole: int = 0
    lacking: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Lack.values, 0))

    def add(self, one: Standing) -> None:
        self.people += 1
        self.whole += not one.lacks
        for lack in one.lacks:
            self.lacking[lack] += 1


def year_of(now: datetime) -> tuple[datetime, datetime]:
    """The calendar year of the installation's zone, its end not in it."""
    first = timezone.localtime(now).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, first.replace(year=first.year + 1)


def standings(reader: Any, now: datetime) -> list[Standing]:
    """Everybody of the department whom the reader sees, by team and name; seven statements however many they are."""
    people = list(User.objects.visible_to(reader).active().with_role(*STAFF_ROLES).order_by("display_name"))
    keys = [one.pk for one in people]
    teams, hours, stale = _teams(keys), _onboarding(keys), _stale(keys, now)
    trainings = _trainings(keys, now)
    least_hours = courseselectors.number("onboarding_hours", now)
    least = int(courseselectors.number("trainings_a_year", now))
    found = []
    for one in people:
        done, count, old = hours.get(one.pk, Decimal(0)), trainings.get(one.pk, 0), stale.get(one.pk, [])
        lacks = {Lack.ONBOARDING: done < least_hours, Lack.YEAR: count < least, Lack.REFRESHER: bool(old)}
        missing = frozenset(str(lack) for lack, is_so in lacks.items() if is_so)
        found.append(Standing(one, teams.get(one.pk, ""), done, count, old, missing))
    return sorted(found, key=lambda one: (not one.team, one.team))


def _teams(people: Sequence[int]) -> dict[int, str]:
    """Each person's first team."""
    rows = TeamMember.objects.current().filter(person_id__in=people, team__active_to=None)
    found: dict[int, str] = {}
    for row in rows.select_related("team").order_by("pk"):
        found.setdefault(row.person_id, str(row.team))
    return found


def _onboarding(people: Sequence[int]) -> dict[int, Decimal]:
    seats = Seat.objects.counted().filter(person_id__in=people, run__course__kind=CourseKind.ONBOARDING)
    return dict(seats.values_list("person_id").annotate(total=Sum("run__hours")).order_by())


def _trainings(people: Sequence[int], now: datetime) -> dict[int, int]:
    begin, end = year_of(now)
    seats = Seat.objects.counted().filter(
        person_id__in=people, run__course__kind__in=PROFESSIONAL, run__starts_at__gte=begin, run__starts_at__lt=end
    )  # fmt: skip
    return dict(seats.values_list("person_id").annotate(n=Count("pk")).order_by())


def _stale(people: Sequence[int], now: datetime) -> dict[int, list[Course]]:
    """Courses attended whose last attendance no longer counts."""
    seats = Seat.objects.counted().filter(person_id__in=people).order_by("run__ends_at")
    last: dict[tuple[int, int], Seat] = {}
    for seat in seats.select_related("run__course", "run__course_version"):
        last[seat.person_id, seat.run.course_id] = seat
    found: dict[int, list[Course]] = {}
    for (person, _course), seat in last.items():
        months = seat.run.course_version.refresh_months
        if months and selectors.end_of(seat.run.ends_at, months) <= now:
            found.setdefault(person, []).append(seat.run.course)
    return found


def by_team(rows: Iterable[Standing]) -> list[TeamLine]:
    """Every team with who is whole and who lacks what."""
    lines: dict[str, TeamLine] = {}
    for one in rows:
        lines.setdefault(one.team, TeamLine(one.team)).add(one)
    return list(lines.values())


def total(rows: Iterable[Standing]) -> TeamLine:
    line = TeamLine("")
    for one in rows:
        line.add(one)
    return line


def lacking(rows: Iterable[Standing], *, lack: str = "", team: str | None = None) -> list[Standing]:
    """Of these the people of one team, or those who lack one thing."""
    return [
        one for one in rows if (not lack or lack in one.lacks) and (team is None or team == one.team)
    ]  # fmt: skip


def helps(run: Run, lack: str, one: Standing) -> bool:
    """Whether attending this run is what the person lacks."""
    if lack == Lack.ONBOARDING:
        return run.course.kind == CourseKind.ONBOARDING
    if lack == Lack.YEAR:
        return run.course.kind in PROFESSIONAL
    return run.course in one.stale


def coming_runs(now: datetime) -> list[Run]:
    """Runs that people can still be enrolled in, with how many places are taken."""
    rows = Run.objects.filter(state__in=["planned", "open"], ends_at__gt=now).select_related("course")
    return list(courseselectors.with_counts(rows).order_by("starts_at")[:100])
