"""Answers about what trainings did: figures of people around runs, exams before and after. A few statements for all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.states import STAFF_ROLES
from training import courseselectors, effectrules, metrics, retrainingrules
from training.effectrules import Comparison, Sum
from training.examselectors import MARKED
from training.models import Attempt, Fact, Run, Seat
from training.retrainingrules import Effect
from training.states import CourseKind, RunState

FIGURES = ("satisfaction", "reopened", "errors")
YEAR = timedelta(days=365)
MOST = 400


@dataclass(frozen=True)
class Found:
    """One run, or several of a course together.

    ``over``: the days after are over everywhere. ``exam``: percent of the points of people who sat it before and
    after; None where the course has no exam.
    """

    runs: Sequence[Run]
    people: int
    over: bool
    figures: Mapping[str, Comparison]
    exam: Effect | None


def finished(reader: Any, now: datetime) -> Any:
    """Runs that ended within a year, the newest first; those of merchants are told elsewhere."""
    rows = Run.objects.visible_to(reader).filter(state=RunState.DONE, ends_at__gte=now - YEAR)
    rows = rows.exclude(course__kind=CourseKind.MERCHANT)
    return rows.select_related("course", "course_version", "trainer").order_by("-ends_at", "-pk")


class Effects:
    """Everything that was counted around these runs, asked once, told by run or together.

    Only people whom the reader sees are counted, on both sides.
    """

    def __init__(self, runs: Iterable[Run], reader: Any, now: datetime) -> None:
        self.runs = list(runs)[:MOST]
        self.days = int(courseselectors.number("effect_days", now))
        self.sample = int(courseselectors.number("effect_sample", now))
        self._today = timezone.localdate(now)
        people = User.objects.visible_to(reader).with_role(*STAFF_ROLES)
        self._seen = sorted(people.values_list("pk", flat=True))
        self._there = self._seated()
        self._sums = self._counted()
        self._sat = self._attempts()

    def of(self, runs: Sequence[Run]) -> Found:
        """What these of the runs did together."""
        figures = {code: self._figure(code, runs) for code in FIGURES}
        people = {pk for run in runs for pk in self._there.get(run.pk, ())}
        over = all(self.is_over(run) for run in runs)
        return Found(runs, len(people), over, figures, self._exam(runs))

    def is_over(self, run: Run) -> bool:
        """Whether the days after it have ended, so that both sides are whole."""
        return self._spans(run).after[1] < self._today

    def _spans(self, run: Run) -> retrainingrules.Windows:
        first, last = timezone.localdate(run.starts_at), timezone.localdate(run.ends_at)
        return retrainingrules.windows(first, last, self.days)

    def _figure(self, code: str, runs: Sequence[Run]) -> Comparison:
        known = metrics.metric(code)
        sides = []
        for attended in (True, False):
            own = self._side(code, runs, attended)
            whole = self._side(known.of, runs, attended) if known.of else own
            sides.append(effectrules.effect(known.way, own, whole))
        return Comparison(*sides)

    def _side(self, code: str, runs: Sequence[Run], attended: bool) -> dict[bool, Sum]:
        return {
            after: effectrules.pooled(
                self._sums.get((run.pk, attended, after, code), effectrules.NOTHING) for run in runs
            )
            for after in (False, True)
        }

    def _exam(self, runs: Sequence[Run]) -> Effect | None:
        """The last try before the run and the first one after it, of whoever sat both within the days."""
        if all(run.course_version.exam_id is None for run in runs):
            return None
        span, pairs = timedelta(days=self.days), []
        for run in runs:
            exam: Any = run.course_version.exam_id
            for person in self._there.get(run.pk, ()):
                tries = self._sat.get((exam, person), [])
                before = [got for at, got in tries if run.starts_at - span <= at < run.starts_at]
                after = [got for at, got in tries if run.ends_at <= at < run.ends_at + span]
                if before and after:
                    pairs.append((before[-1], after[0]))
        return effectrules.paired(pairs)

    def _seated(self) -> dict[int, list[int]]:
        seats = Seat.objects.counted().filter(run__in=[run.pk for run in self.runs], person__in=self._seen)
        found: dict[int, list[int]] = {}
        for run, person in seats.order_by("pk").values_list("run_id", "person_id"):
            found.setdefault(run, []).append(person)
        return found

    def _attempts(self) -> dict[tuple[int, int], list[tuple[datetime, Decimal]]]:
        """Marked papers by exam and person in the order in which they were begun: when, percent of the points."""
        exams = {run.course_version.exam_id for run in self.runs} - {None}
        people = {person for found in self._there.values() for person in found}
        found: dict[tuple[int, int], list[tuple[datetime, Decimal]]] = {}
        if exams and people:
            rows = Attempt.objects.filter(
                exam_id__in=exams, person_id__in=people, state__in=MARKED, max_score__gt=0
            )
            names = ("exam_id", "person_id", "started_at", "score", "max_score")
            for exam, person, at, score, most in rows.order_by("started_at", "pk").values_list(*names):
                found.setdefault((exam, person), []).append((at, score * 100 / most))
        return found

    def _counted(self) -> dict[tuple[int, bool, bool, str], Sum]:
        """Sum and sample by run, whether attended, whether after, and figure."""
        if not self.runs:
            return {}
        spans = [self._spans(run) for run in self.runs]
        wanted = sorted({code for figure in FIGURES for code in (figure, metrics.metric(figure).of) if code})
        given: dict[str, Any] = {
            "run": [run.pk for run in self.runs], "course": [run.course_id for run in self.runs],
            "b1": [one.before[0] for one in spans], "b2": [one.before[1] for one in spans],
            "a1": [one.after[0] for one in spans], "a2": [one.after[1] for one in spans],
            "zone": settings.TIME_ZONE, "metrics": wanted, "people": self._seen,
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_COUNTED, given)
            return {
                (run, attended, after, code): (total, int(n))
                for run, attended, after, code, total, n in cursor.fetchall()
            }


# Whoever attended another run of the course within the days is on neither side.
_COUNTED = f"""
    WITH span AS (
        SELECT * FROM unnest(%(run)s::bigint[], %(course)s::bigint[], %(b1)s::date[], %(b2)s::date[], %(a1)s::date[],
                             %(a2)s::date[]) AS s(run, course, b1, b2, a1, a2)
    ), seat AS (
        SELECT s.run, t.person_id, bool_or(t.run_id = s.run) AS here
          FROM span s
          JOIN {Run._meta.db_table} r ON r.course_id = s.course AND r.state = 'done'
           AND r.ends_at >= s.b1::timestamp AT TIME ZONE %(zone)s
           AND r.starts_at < (s.a2 + 1)::timestamp AT TIME ZONE %(zone)s
          JOIN {Seat._meta.db_table} t ON t.run_id = r.id AND t.state = 'present'
         GROUP BY 1, 2
    )
    SELECT s.run, coalesce(p.here, false), f.day >= s.a1, f.metric, sum(f.total), sum(f.sample)
      FROM span s
      JOIN {Fact._meta.db_table} f
        ON f.metric = ANY(%(metrics)s) AND (f.day BETWEEN s.b1 AND s.b2 OR f.day BETWEEN s.a1 AND s.a2)
      LEFT JOIN seat p ON p.run = s.run AND p.person_id = f.person_id
     WHERE f.person_id = ANY(%(people)s::bigint[]) AND (p.here IS NULL OR p.here)
     GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - our own table names
