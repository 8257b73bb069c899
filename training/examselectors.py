"""Answers about exams: what may be drawn, a paper without its key, results, statistics of questions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import User
from aftersales.core.rulebook import RuleState
from training.examrules import Drawable, Waiting
from training.models import Attempt, Exam, ExamVersion, Item, Question, QuestionVersion
from training.states import AttemptState, QuestionKind

MARKED = (AttemptState.MARKED, AttemptState.APPEALED, AttemptState.SETTLED)


@dataclass(frozen=True)
class Shown:
    """A question as the person who sits the exam gets it: nothing of what is right is in it."""

    place: int
    kind: str
    text: str
    options: Sequence[str]
    points: Decimal
    picked: Sequence[int]
    words: str
    serial: int
    saved_at: datetime | None


@dataclass(frozen=True)
class Statistic:
    """How a question version did: papers, share of its points got (0–1), correlation with the rest of the paper."""

    papers: int
    difficulty: float | None
    discrimination: float | None


def pool(person: Any, now: datetime) -> list[Drawable]:
    """Questions in force, without those that this person wrote or brought into force."""
    rows = QuestionVersion.objects.in_force(now).exclude(Q(drafted_by=person.pk) | Q(activated_by=person.pk))
    return [
        Drawable(*row)
        for row in rows.values_list("pk", "question__topic", "kind", "difficulty").order_by("pk")
    ]


def in_bank(rows: Sequence[ExamVersion], now: datetime) -> dict[int, tuple[Waiting, ...]]:
    """Questions in force now or later, whoever wrote them, each with its time."""
    known = QuestionVersion.objects.filter(Q(valid_to=None) | Q(valid_to__gt=now))
    known = known.filter(state__in=[RuleState.ACTIVE, RuleState.RETIRED])
    columns = ("pk", "question__topic", "kind", "difficulty", "valid_from", "valid_to")
    found = tuple(Waiting(Drawable(*row[:4]), *row[4:]) for row in known.order_by("pk").values_list(*columns))
    return {row.pk: found for row in rows}


def paper(attempt: Attempt) -> list[Shown]:
    """The paper without its key, which is not even read."""
    names = ("place", "kind", "text", "options", "points", "picked", "words", "serial", "saved_at")
    rows = Item.objects.filter(attempt=attempt).order_by("place").values_list(*names)
    return [Shown(**dict(zip(names, row, strict=True)) | {"picked": row[5] or ()}) for row in rows]


def result(attempt: Attempt) -> list[Item]:
    """Points by question, for a marked paper; the key is left out, since questions are asked again."""
    rows = (
        Item.objects.filter(attempt=attempt).select_related("question_version").defer("key").order_by("place")
    )
    return list(rows)


def items_to_mark(attempt: Attempt, *, every: bool) -> list[Item]:
    """Short texts, or every question for the second marker."""
    rows = Item.objects.filter(attempt=attempt).select_related("question_version").order_by("place")
    return list(rows if every else rows.filter(kind=QuestionKind.SHORT))


def markers(rows: Sequence[Attempt], now: datetime) -> dict[int, frozenset[int]]:
    """Who marked something of these papers."""
    found: dict[int, set[int]] = {row.pk: set() for row in rows}
    marked = Item.objects.filter(attempt_id__in=list(found)).exclude(marked_by=None)
    for attempt_id, person_id in marked.values_list("attempt_id", "marked_by_id"):
        found[attempt_id].add(person_id)
    return {pk: frozenset(people) for pk, people in found.items()}


def exams(reader: Any, now: datetime) -> list[tuple[Exam, ExamVersion | None, bool]]:
    """Every exam, its version in force, whether a draft waits."""
    rows = Exam.objects.visible_to(reader).prefetch_related("versions")
    return [_exam(row, now) for row in rows]


def _exam(row: Any, now: datetime) -> tuple[Exam, ExamVersion | None, bool]:
    versions = list(row.versions.all())
    current = next((one for one in versions if one.applies_at(now)), None)
    return row, current, any(one.state == "draft" for one in versions)


def attempts_of(person: Any) -> list[Attempt]:
    return list(Attempt.objects.filter(person_id=person.pk).select_related("exam")[:100])


def to_mark(marker: Any) -> list[Attempt]:
    """Papers that wait for somebody, oldest first, without one's own and the appeals one marked first."""
    rows = Attempt.objects.filter(state__in=[AttemptState.SUBMITTED, AttemptState.APPEALED])
    rows = rows.exclude(person_id=marker.pk).exclude(state=AttemptState.APPEALED, items__marked_by=marker.pk)
    return list(rows.select_related("exam").order_by("submitted_at", "pk")[:200])


def bank(reader: Any, *, topic: str = "") -> list[tuple[Question, QuestionVersion]]:
    """Questions with their newest version that was not returned."""
    rows = QuestionVersion.objects.visible_to(reader).exclude(state="rejected").select_related("question")
    if topic:
        rows = rows.filter(question__topic=topic)
    found: dict[int, QuestionVersion] = {}
    for row in rows.order_by("question__topic", "question__code", "-number"):
        found.setdefault(row.question_id, row)
    return [(row.question, row) for row in found.values()]


def topics() -> list[str]:
    return list(Question.objects.order_by("topic").values_list("topic", flat=True).distinct())


def statistics(versions: Iterable[int]) -> dict[int, Statistic]:
    """By question version over marked papers; the correlation is with the share got of the rest of the paper."""
    with connection.cursor() as cursor:
        cursor.execute(_STATISTICS, {"versions": list(versions), "states": list(MARKED)})
        return {row[0]: Statistic(row[1], row[2], row[3]) for row in cursor.fetchall()}


_STATISTICS = """
    SELECT i.question_version_id, count(*), avg(i.got / i.points)::float8,
           corr((i.got / i.points)::float8, ((a.score - i.got) / NULLIF(a.max_score - i.points, 0))::float8)
      FROM training_item i JOIN training_attempt a ON a.id = i.attempt_id
     WHERE i.question_version_id = ANY(%(versions)s::bigint[]) AND a.state = ANY(%(states)s) AND i.got IS NOT NULL
     GROUP BY i.question_version_id
"""


def attempt_words(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Names for the sentence of an attempt's event."""
    exam = Exam.objects.filter(pk=payload.get("exam") or 0).first()
    person = User.objects.filter(pk=payload.get("person") or 0).first()
    return {"title": str(exam or ""), "holder": str(person or "")}
