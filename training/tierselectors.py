"""What people have of what a tier asks for, what is missing for the next one, and exceptions of a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from aftersales.core.models import Event
from training import selectors, tierrules
from training.examselectors import MARKED
from training.factselectors import Figure, facts_of
from training.models import (
    Assessment,
    Attempt,
    Certificate,
    CourseVersion,
    ExamVersion,
    Seat,
    TierVersion,
)
from training.states import NEVER_HELD, AssessmentState
from training.tierrules import Have, Point, Proof

DEFAULT_DAYS = 30  # a tier that is out of force itself
SHOWN = 500
EXCEPTIONS = (
    "certificate.overridden",
    "certificate.proposed",
    "certificate.suspended",
    "certificate.revoked",
)


@dataclass(frozen=True)
class Next:
    """The next tier of a person and how far it is; ``terms`` None: nobody asks for more."""

    now_held: Certificate | None
    terms: TierVersion | None
    points: Sequence[Point]

    @property
    def missing(self) -> list[Point]:
        return tierrules.missing(self.points)


def have_of(person: Any, terms: TierVersion, at: datetime) -> Have:
    """Everything of this person that this version asks for, at that moment; what it does not ask is not counted."""
    until = selectors.day_of(at)
    span = (until - timedelta(days=terms.figure_days), until)

    def figure(metric: str) -> Figure:
        return facts_of([person.pk], metric, *span)[person.pk]

    marks = figure("satisfaction") if terms.satisfaction is not None else Figure(None, 0, Decimal(0))
    looks = figure("inspection_score") if terms.inspection is not None else Figure(None, 0, Decimal(0))
    suspended = Certificate.objects.filter(person=person, state="suspended", valid_to__gt=at)
    return Have(
        hours=_hours(person, at) if terms.hours else Decimal(0),
        courses=_courses(person, terms.courses, at) if terms.courses else {},
        exams=_exams(person, terms.exams, at) if terms.exams else {},
        rubrics=_rubrics(person, terms.rubrics, at) if terms.rubrics else {},
        handled=int(figure("tickets_handled").total) if terms.handled else 0,
        satisfaction=marks.value, marks=marks.n, inspection=looks.value, inspected=looks.n,
        suspended=suspended.count() if terms.no_suspension else 0,
        days_below=_days_below(person, terms, at) if terms.days_below else 0,
    )  # fmt: skip


def _hours(person: Any, at: datetime) -> Decimal:
    seats = Seat.objects.counted().filter(person=person, run__ends_at__lte=at)
    return seats.aggregate(total=Sum("run__hours"))["total"] or Decimal(0)


def _courses(person: Any, codes: Sequence[str], at: datetime) -> dict[str, Proof]:
    """Courses the person was taught and that still count: so many months after the run, as its version says."""
    seats = Seat.objects.counted().filter(person=person, run__course__code__in=codes, run__ends_at__lte=at)
    found: dict[str, Proof] = {}
    for seat in seats.select_related("run__course", "run__course_version").order_by("run__ends_at"):
        version: CourseVersion = seat.run.course_version
        months = version.refresh_months
        until = selectors.end_of(seat.run.ends_at, months) if months else None
        if until is None or until > at:
            found[seat.run.course.code] = Proof(until, version.citation)
    return found


def _exams(person: Any, codes: Sequence[str], at: datetime) -> dict[str, Proof]:
    """Exams passed in the version in force; where none is in force any more, in whichever was passed last."""
    passed = Attempt.objects.filter(
        person=person, exam__code__in=codes, state__in=MARKED, passed=True, marked_at__lte=at
    ).select_related("exam", "exam_version")
    current = {
        row.exam_id: row.pk
        for row in ExamVersion.objects.in_force(at).filter(exam__code__in=codes).order_by("number")
    }
    return {
        row.exam.code: Proof(None, row.exam_version.citation)
        for row in passed.order_by("marked_at")
        if current.get(row.exam_id, row.exam_version_id) == row.exam_version_id
    }


def _rubrics(person: Any, codes: Sequence[str], at: datetime) -> dict[str, Proof]:
    rows = Assessment.objects.filter(
        person=person, rubric__code__in=codes, state=AssessmentState.DONE, passed=True, ended_at__lte=at
    ).select_related("rubric", "rubric_version")
    return {row.rubric.code: Proof(None, row.rubric_version.citation) for row in rows.order_by("ended_at")}


def _days_below(person: Any, terms: TierVersion, at: datetime) -> int:
    """Whole days in which the person held a lower tier of the ladder; days of two certificates count once."""
    lower = TierVersion.objects.in_force(at).filter(rank__lt=terms.rank, latest_end=None).values("tier")
    rows = Certificate.objects.filter(person=person, tier__in=lower, valid_from__lt=at)
    rows = rows.exclude(state__in=[*NEVER_HELD, "revoked"])
    spans = sorted((row.valid_from, min(row.valid_to, at)) for row in rows)
    total, reached = timedelta(), None
    for begin, end in spans:
        begin = max(begin, reached) if reached else begin
        if end > begin:
            total += end - begin
            reached = end
    return total.days


def points_of(person: Any, terms: TierVersion, at: datetime) -> list[Point]:
    """What this version asks of this person, each point met or missing with its numbers."""
    return tierrules.judge(terms, have_of(person, terms, at)) if terms.asks else []


def examined_on(person: Any, terms: TierVersion, at: datetime) -> list[str]:
    """The versions of the exams that count for it."""
    proofs = _exams(person, terms.exams, at) if terms.exams else {}
    return sorted(one.citation for one in proofs.values())


def replaced(at: datetime) -> list[tuple[Certificate, datetime, int]]:
    """Live certificates whose exam has a newer version in force: since when, and the tier's days to catch up.

    Whoever passed the newer version already is left out, and so is whoever was called up before. One that begins later
    (a renewal) is asked about once it has begun.
    """
    newer = {
        row.exam.code: row
        for row in ExamVersion.objects.in_force(at).select_related("exam").order_by("number")
    }
    days = dict(TierVersion.objects.in_force(at).values_list("tier_id", "recertify_days"))
    rows = Certificate.objects.live(at).filter(recertify_by=None).exclude(examined_on=[])
    found = []
    for row in rows.select_related("tier", "person").order_by("pk"):
        since = [newer[code].valid_from for code in outdated(row.examined_on, newer)]
        if since and not _caught_up(row, newer, at):
            found.append((row, min(since), days.get(row.tier_id, DEFAULT_DAYS)))
    return found


def outdated(citations: Iterable[str], newer: Mapping[str, ExamVersion]) -> list[str]:
    """Codes of the exams whose cited version (``exam.code v2``) is older than the one in force."""
    found = []
    for citation in citations:
        code, _v, number = citation.removeprefix("exam.").rpartition(" v")
        if code in newer and number.isdigit() and newer[code].number > int(number):
            found.append(code)
    return found


def _caught_up(row: Certificate, newer: Mapping[str, ExamVersion], at: datetime) -> bool:
    codes = outdated(row.examined_on, newer)
    return set(_exams(row.person, codes, at)) == set(codes)


def exceptions(day_begin: datetime, day_end: datetime) -> list[Event]:
    """What went beyond the ordinary between two moments: exceptions, proposals of them, suspensions, revocations."""
    rows = Event.objects.filter(kind__in=EXCEPTIONS, at__gte=day_begin, at__lt=day_end)
    return list(rows.order_by("at", "pk")[:SHOWN])


def next_of(person: Any, at: datetime) -> Next:
    """The lowest tier of the ladder above what is held. The ladder: tiers that ask for something, none temporary."""
    held = Certificate.objects.live(at).filter(person=person).select_related("tier")
    versions = {one.tier_id: one for one in TierVersion.objects.in_force(at).select_related("tier")}
    ranked = sorted(held, key=lambda row: versions[row.tier_id].rank if row.tier_id in versions else -1)
    best = ranked[-1] if ranked else None
    reached = versions[best.tier_id].rank if best and best.tier_id in versions else -1
    above = [one for one in versions.values() if one.asks and not one.is_temporary and one.rank > reached]
    terms = min(above, key=lambda one: one.rank, default=None)
    return Next(best, terms, points_of(person, terms, at) if terms else [])


def called_up(person: Any, at: datetime) -> list[Certificate]:
    """Certificates that end earlier since their exam was replaced."""
    rows = Certificate.objects.live(at).filter(person=person).exclude(recertify_by=None)
    return list(rows.select_related("tier").order_by("valid_to"))
