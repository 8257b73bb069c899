"""Answers about courses and runs: numbers in force, facts for the door, hours of people, what a duty needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core.errors import DomainError
from training import courserules
from training.courserules import RunOfSeat
from training.models import Course, CourseFile, CourseVersion, Number, Run, Seat
from training.states import RunState, SeatState, Way


def number(code: str, now: datetime) -> Decimal:
    """The number in force (``code_minutes``, ``onboarding_hours`` …). Raises ``no_number``."""
    row = Number.objects.in_force(now).filter(code=code).order_by("-number").first()
    if row is None:
        words = {"code": code}
        raise DomainError(
            _("No version of the number “%(code)s” is in force; bring one into force on the page of numbers.")
            % words,
            "no_number",
        )
    return row.value  # type: ignore[no-any-return]


def onboarding_comes_first(now: datetime) -> bool:
    """Whether nobody gets a first ticket before the onboarding hours; until somebody says so they are only shown."""
    row = Number.objects.in_force(now).filter(code="onboarding_gate").order_by("-number").first()
    return row is not None and row.value > 0


def numbers(now: datetime) -> list[tuple[Number, Number | None, bool]]:
    """Every number: newest version, the one in force, whether a draft waits."""
    found: dict[str, list[Number]] = {}
    for row in Number.objects.order_by("code", "-number"):
        found.setdefault(row.code, []).append(row)
    return [
        (rows[0], next((one for one in rows if one.applies_at(now)), None), rows[0].state == "draft")
        for rows in found.values()
    ]


# -------------------------------------------------------------------------------------- facts for the door
def seated(rows: Sequence[Run], now: datetime) -> dict[int, frozenset[int]]:
    """Who sits in these runs."""
    people: dict[int, set[int]] = {row.pk: set() for row in rows}
    taken = Seat.objects.filter(run_id__in=list(people)).taken()
    for run_id, person_id in taken.values_list("run_id", "person_id"):
        people[run_id].add(person_id)
    return {run_id: frozenset(found) for run_id, found in people.items()}


def start_early(rows: Sequence[Run], now: datetime) -> dict[int, Decimal]:
    """How many minutes before its time a run may be started."""
    minutes = number("start_early", now)
    return {row.pk: minutes for row in rows}


def runs_of_seats(rows: Sequence[Seat], now: datetime) -> dict[int, RunOfSeat]:
    """The run of each seat, as its guards ask for it; two statements for all of them."""
    minutes = int(number("code_minutes", now))
    runs = with_counts(Run.objects.filter(pk__in={row.run_id for row in rows})).in_bulk()
    known = {
        pk: RunOfSeat(
            run.state,
            run.trainer_id,
            run.taken >= run.places,
            courserules.codes_that_hold(settings.SECRET_KEY, run.number, now, minutes),
        )
        for pk, run in runs.items()
    }
    return {row.pk: known[row.run_id] for row in rows}


def code_of(run: Run, now: datetime) -> tuple[str, datetime]:
    """The code that the trainer shows now, and until when he shows it."""
    return courserules.code_at(settings.SECRET_KEY, run.number, now, int(number("code_minutes", now)))


# ------------------------------------------------------------------------------------------------- courses
@dataclass(frozen=True)
class Offered:
    """A course in the catalogue: the version in force, whether a draft waits, its coming runs."""

    course: Course
    version: CourseVersion | None
    has_draft: bool
    coming: Sequence[Run]


def catalogue(reader: Any, now: datetime, *, duty: str = "", tier: str = "") -> list[Offered]:
    """Every course; with a duty or a tier only what these people are taught. Three statements."""
    soon = with_counts(Run.objects.filter(state__in=courserules.BEFORE, ends_at__gt=now)).order_by(
        "starts_at"
    )
    rows = Course.objects.visible_to(reader).prefetch_related(
        Prefetch("versions", CourseVersion.objects.defer("material").order_by("-number")),
        Prefetch("runs", soon, to_attr="coming"),
    )
    offers = [_offered(row, now) for row in rows]
    return [one for one in offers if _is_for(one.version, duty, tier)]


def _offered(course: Any, now: datetime) -> Offered:
    versions = list(course.versions.all())
    current = next((one for one in versions if one.applies_at(now)), None)
    return Offered(course, current, any(one.state == "draft" for one in versions), course.coming)


def _is_for(version: CourseVersion | None, duty: str, tier: str) -> bool:
    if version is None:
        return not duty and not tier
    fits_duty = not duty or not version.duties or duty in version.duties
    return fits_duty and (not tier or not version.tiers or tier in version.tiers)


def files_of(version: CourseVersion) -> list[CourseFile]:
    return list(version.files.filter(active_to=None))


def stored_files(names: Sequence[str]) -> Iterable[str]:
    """Which of these stored files a course has (``core.files``)."""
    return CourseFile.objects.filter(name__in=list(names)).values_list("name", flat=True)


def course_name(pk: Any) -> str:
    return str(Course.objects.filter(pk=pk).first() or "")


def seat_words(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Names for the sentence of a seat's event."""
    run = Run.objects.filter(pk=payload.get("run") or 0).first()
    person = User.objects.filter(pk=payload.get("person") or 0).first()
    known = dict(Way.choices)
    return {
        "number": run.number if run else "",
        "holder": str(person or ""),
        "known": str(known.get(payload.get("way", ""), "")),
    }


# ---------------------------------------------------------------------------------------------------- runs
def with_counts(runs: Any) -> Any:
    """Runs with the number of their seats: taken, there, missing; the newest first (grouped rows lose their order)."""
    counted = runs.annotate(
        taken=Count("seats", filter=~Q(seats__state=SeatState.WITHDRAWN)),
        there=Count("seats", filter=Q(seats__state=SeatState.PRESENT)),
        missing=Count("seats", filter=Q(seats__state__in=[SeatState.ENROLLED, SeatState.ABSENT])),
    )
    return counted.order_by("-starts_at", "-pk")


def taken(run: Run) -> int:
    """How many places are taken, whoever of them the reader sees."""
    return Seat.objects.filter(run=run).taken().count()  # type: ignore[no-any-return]


def led(user: Any, *, state: str = "", mine: bool = False) -> QuerySet[Any]:
    """The runs of a trainer's desk, newest first."""
    everything: Any = Run.objects.all()
    runs = everything.filter(trainer=user) if mine else everything.led_by(user)
    if state:
        runs = runs.filter(state=state)
    return with_counts(runs).select_related("course", "trainer")  # type: ignore[no-any-return]


def seats_of(run: Run, reader: Any) -> list[Seat]:
    """Who sits in a run, as far as the reader sees them."""
    rows = Seat.objects.visible_to(reader).filter(run=run).select_related("person")
    order = {SeatState.ENROLLED: 0, SeatState.ABSENT: 1, SeatState.PRESENT: 2, SeatState.WITHDRAWN: 3}
    return sorted(rows, key=lambda row: (order[SeatState(row.state)], str(row.person)))


def missing_people(runs: Iterable[Run], reader: Any) -> dict[int, list[User]]:
    """Who has not come to these running runs, by run."""
    asked = [run.pk for run in runs if run.state == RunState.RUNNING]
    rows = Seat.objects.visible_to(reader).filter(run_id__in=asked, state=SeatState.ENROLLED)
    found: dict[int, list[User]] = {pk: [] for pk in asked}
    for row in rows.select_related("person").order_by("pk"):
        found[row.run_id].append(row.person)
    return found


# --------------------------------------------------------------------------------------------------- hours
def hours_between(
    people: Sequence[int], begin: datetime, end: datetime, *, kinds: Sequence[str] = ()
) -> dict[int, Decimal]:
    """Hours of training by person in a span (begin ≤ start of the run < end). Each run counts once."""
    seats = Seat.objects.counted().filter(
        person_id__in=list(people), run__starts_at__gte=begin, run__starts_at__lt=end
    )
    if kinds:
        seats = seats.filter(run__course__kind__in=list(kinds))
    sums = seats.values_list("person_id").annotate(total=Sum("run__hours")).order_by()
    return dict(sums)


def seats_of_person(person: Any) -> list[Seat]:
    """All runs of a person, newest first."""
    rows = Seat.objects.filter(person=person).select_related(
        "run__course", "run__trainer", "run__course_version"
    )
    return list(rows.order_by("-run__starts_at"))
