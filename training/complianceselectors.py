"""Who of the department lacks which training: onboarding, trainings of the year, refreshers (R1.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import TeamMember, User
from accounts.states import STAFF_ROLES
from aftersales.core.wording import listed
from training import courseselectors, selectors
from training.models import Course, Run, Seat
from training.states import CourseKind, Lack

PROFESSIONAL = frozenset(CourseKind.values) - {CourseKind.ONBOARDING, CourseKind.MERCHANT}


@dataclass(frozen=True)
class Refresher:
    """A course that somebody attended, and until when that counts."""

    course: Course
    until: datetime


@dataclass(frozen=True)
class Standing:
    """One person: hours of onboarding, professional trainings of this year, courses that no longer count.

    ``ending``: courses that still count but soon no more; they are announced and lack nothing yet.
    """

    person: User
    team: str
    hours: Decimal
    trainings: int
    stale: Sequence[Refresher]
    ending: Sequence[Refresher]
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
    """Everybody of the department whom the reader sees, by team and name; eight statements however many they are."""
    return standings_of(User.objects.visible_to(reader), now)


def standings_of(people: Any, now: datetime) -> list[Standing]:
    """The same of everybody of the department among ``people`` (a queryset)."""
    rows = list(people.active().with_role(*STAFF_ROLES).order_by("display_name"))
    keys = [one.pk for one in rows]
    teams, hours, due = _teams(keys), _onboarding(keys), refreshers(keys, now)
    trainings = _trainings(keys, now)
    least_hours = courseselectors.number("onboarding_hours", now)
    least = int(courseselectors.number("trainings_a_year", now))
    found = []
    for one in rows:
        done, count, mine = hours.get(one.pk, Decimal(0)), trainings.get(one.pk, 0), due.get(one.pk, [])
        stale = [each for each in mine if each.until <= now]
        lacks = {Lack.ONBOARDING: done < least_hours, Lack.YEAR: count < least, Lack.REFRESHER: bool(stale)}
        missing = frozenset(str(lack) for lack, is_so in lacks.items() if is_so)
        ending = [each for each in mine if each.until > now]
        found.append(Standing(one, teams.get(one.pk, ""), done, count, stale, ending, missing))
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


def refreshers(people: Sequence[int], now: datetime) -> dict[int, list[Refresher]]:
    """Courses whose last attendance counts no more, or ends within the number ``refresher_warn_days``; oldest first."""
    horizon = now + timedelta(days=int(courseselectors.number("refresher_warn_days", now)))
    seats = Seat.objects.counted().filter(person_id__in=people)
    newest = seats.order_by("person_id", "run__course_id", "-run__ends_at", "-pk")
    rows = newest.distinct("person_id", "run__course_id").select_related("run__course", "run__course_version")
    found: dict[int, list[Refresher]] = {}
    for seat in rows:
        months = seat.run.course_version.refresh_months
        until = selectors.end_of(seat.run.ends_at, months) if months else None
        if until is not None and until <= horizon:
            found.setdefault(seat.person_id, []).append(Refresher(seat.run.course, until))
    return {person: sorted(rows, key=lambda one: one.until) for person, rows in found.items()}


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
    return run.course in {each.course for each in one.stale}


def coming_runs(now: datetime) -> list[Run]:
    """Runs that people can still be enrolled in, with how many places are taken."""
    rows = Run.objects.filter(state__in=["planned", "open"], ends_at__gt=now).select_related("course")
    return list(courseselectors.with_counts(rows).order_by("starts_at")[:100])


# ------------------------------------------------------------------------------------------------ in words
@dataclass(frozen=True)
class Asked:
    """What is asked of everybody: hours of onboarding, professional trainings a year."""

    hours: Decimal
    trainings: int


def asked(now: datetime) -> Asked:
    return Asked(
        courseselectors.number("onboarding_hours", now), int(courseselectors.number("trainings_a_year", now))
    )


def lacks(one: Standing, wanted: Asked) -> list[str]:
    """A line for each thing that this person lacks or soon will, with its numbers and days."""
    lines = []
    if Lack.ONBOARDING in one.lacks:
        words = {"n": plain(one.hours), "all": plain(wanted.hours)}
        lines.append(_("Onboarding: %(n)s of %(all)s hours") % words)
    if Lack.YEAR in one.lacks:
        lines.append(
            _("Professional trainings this year: %(n)s of %(all)s")
            % {"n": one.trainings, "all": wanted.trainings}
        )
    for each in one.stale:
        words = {"course": each.course.name, "day": day(each.until)}
        lines.append(_("Refresher overdue: “%(course)s”, since %(day)s") % words)
    for each in one.ending:
        words = {"course": each.course.name, "day": last_day(each.until)}
        lines.append(_("Refresher due: “%(course)s”, by %(day)s") % words)
    return lines


def kinds(one: Standing) -> str:
    """The same as bare names: onboarding hours, refresher."""
    found = [str(Lack(code).label) for code in Lack.values if code in one.lacks]
    if one.ending and Lack.REFRESHER not in one.lacks:
        found.append(pgettext("compliance", "Refresher due soon"))
    return listed(found)


def plain(number: Decimal) -> str:
    """30, not 30.00."""
    return f"{number.normalize():f}"


def day(moment: datetime) -> str:
    return f"{selectors.day_of(moment):%Y-%m-%d}"


def last_day(end: datetime) -> str:
    """The day before the midnight at which something counts no more."""
    return day(end - timedelta(seconds=1))
