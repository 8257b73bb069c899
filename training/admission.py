"""Who is not of the department and is taught all the same: asked of the room that knows these people.

Without an answer nobody from outside gets a place or a paper. A room above provides its answer in
``AppConfig.ready()``: merchants say which courses and exams their people take.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from training.models import Course
from training.states import CourseKind


@dataclass(frozen=True)
class Admission:
    """Keys of the courses and exams that one person takes; for courses only those of the kind for merchants count."""

    courses: frozenset[int] = frozenset()
    exams: frozenset[int] = frozenset()


Provider = Callable[[int, datetime], Admission]
_providers: list[Provider] = []


def provide(provider: Provider) -> None:
    """``provider(person_id, at)`` answers for somebody who is not of the department."""
    if provider not in _providers:
        _providers.append(provider)


def provided() -> list[str]:
    return [f"{one.__module__}.{one.__qualname__}" for one in _providers]


def of(person: Any, at: datetime) -> Admission:
    """What this person from outside takes; nothing for people of the department, who are not asked here."""
    if person.is_staff or not person.is_active:
        return Admission()
    found = [one(person.pk, at) for one in _providers]
    return Admission(
        frozenset().union(*(one.courses for one in found)), frozenset().union(*(one.exams for one in found))
    )


def may_attend(person: Any, course: Course, at: datetime) -> bool:
    """Whether a place in a run of this course may be his."""
    return bool(
        person.is_staff or (course.kind == CourseKind.MERCHANT and course.pk in of(person, at).courses)
    )


def may_sit(person: Any, exam_id: int, at: datetime) -> bool:
    """Whether he may sit this exam."""
    return bool(person.is_staff or exam_id in of(person, at).exams)
