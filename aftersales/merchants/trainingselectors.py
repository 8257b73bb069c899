"""Answers about what merchants' people are taught: what is asked, what was learned, who lacks what (R1.2)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from training import admission
from training.examselectors import MARKED
from training.models import Attempt, Course, CourseVersion, Exam, Seat
from training.selectors import end_of
from training.states import CourseKind

from .models import Lesson, Merchant, MerchantMember, TrainingTerm
from .states import TAUGHT, LearnedBy
from .trainingrules import Learned, Share, for_agreement, share_of

SHOWN = 300
Asked = tuple[int, int, int | None]
"""Person, course, and the exam by which it is finished; None: by a run."""


def terms_in_force(now: datetime) -> list[TrainingTerm]:
    return list(
        TrainingTerm.objects.in_force(now).select_related("course", "exam").order_by("code", "number")
    )


def members_taught(now: datetime) -> list[MerchantMember]:
    """Everybody who acts for a merchant by now and is taught."""
    rows = MerchantMember.objects.filter(
        active_from__lte=now, active_to=None, user__is_active=True, merchant__state__in=TAUGHT
    )
    return list(rows.select_related("merchant", "user").order_by("merchant_id", "pk"))


def admitted(person_id: int, at: datetime) -> admission.Admission:
    """What this merchant's person takes, by the terms of his merchants' agreements (``training.admission``)."""
    held = MerchantMember.objects.filter(
        user=person_id, active_from__lte=at, active_to=None, user__is_active=True, merchant__state__in=TAUGHT
    )
    agreements = set(held.values_list("merchant__agreement", flat=True))
    terms = terms_in_force(at) if agreements else []
    found = [term for one in agreements for term in for_agreement(terms, one).values()]
    courses = frozenset(term.course_id for term in found if term.course.kind == CourseKind.MERCHANT)
    return admission.Admission(courses, frozenset(term.exam_id for term in found if term.exam_id))


def learned(people: Collection[int], terms: Iterable[Any]) -> dict[Asked, Learned]:
    """What finished a course last, as its term asks: the exam where it names one, else a run. Three statements."""
    asked = {(term.course_id, term.exam_id) for term in terms}
    months = _refreshed({course for course, _exam in asked})
    attended = _attended(people, {course for course, exam in asked if exam is None})
    passed = _passed(people, {exam for _course, exam in asked if exam})
    found: dict[Asked, Learned] = {}
    for course, exam in asked:
        way = LearnedBy.RUN if exam is None else LearnedBy.EXAM
        for person in people:
            at = attended.get((person, course)) if exam is None else passed.get((person, exam))
            if at is not None:
                found[person, course, exam] = _learned(at, way, months.get(course))
    return found


def _learned(at: datetime, way: str, months: int | None) -> Learned:
    return Learned(at, way, end_of(at, months) if months else None)


def _refreshed(courses: Collection[int]) -> dict[int, int | None]:
    rows = CourseVersion.objects.filter(course__in=courses, state="active").order_by("number")
    return dict(rows.values_list("course_id", "refresh_months"))


def _attended(people: Collection[int], courses: Collection[int]) -> dict[tuple[int, int], datetime]:
    seats = Seat.objects.counted().filter(person__in=people, run__course__in=courses).order_by("run__ends_at")
    return {
        (person, course): at
        for person, course, at in seats.values_list("person_id", "run__course_id", "run__ends_at")
    }


def _passed(people: Collection[int], exams: Collection[int]) -> dict[tuple[int, int], datetime]:
    rows = Attempt.objects.filter(person__in=people, exam__in=exams, passed=True, state__in=MARKED)
    return {
        (person, exam): at
        for person, exam, at in rows.order_by("submitted_at").values_list(
            "person_id", "exam_id", "submitted_at"
        )
    }


# --------------------------------------------------------------------------------------------------- shares
def shares(merchants: Collection[int], now: datetime) -> dict[int, Share]:
    """The share of each merchant's people who finished everything; merchants of whom nothing is asked are left out."""
    found: dict[int, list[Lesson]] = {}
    for row in Lesson.objects.asked().filter(merchant__in=merchants, member__active_to=None):
        found.setdefault(row.merchant_id, []).append(row)
    return {pk: share_of(rows, now) for pk, rows in found.items()}


@dataclass(frozen=True)
class MerchantLine:
    """A merchant with the share of his people who are trained."""

    merchant: Merchant
    share: Share


def by_merchant(reader: Any, now: datetime) -> list[MerchantLine]:
    """Every merchant whose people owe a course, whoever is late first. Two statements."""
    rows: dict[Merchant, list[Lesson]] = {}
    found = Lesson.objects.visible_to(reader).asked().filter(member__active_to=None)
    for row in found.select_related("merchant"):
        rows.setdefault(row.merchant, []).append(row)
    lines = [MerchantLine(merchant, share_of(lessons, now)) for merchant, lessons in rows.items()]
    return sorted(lines, key=lambda one: (-one.share.late, one.share.percent, one.merchant.code))


def by_agreement(lines: Iterable[MerchantLine]) -> dict[str, Share]:
    """The same counts for each version of the agreement."""
    found: dict[str, Share] = {}
    for one in lines:
        found[one.merchant.agreement] = found.get(one.merchant.agreement, Share()) + one.share
    return found


def lacking(reader: Any, *, merchant: str = "", only_late: bool = False, now: datetime) -> list[Lesson]:
    """Who still lacks which course, the latest first."""
    rows = Lesson.objects.visible_to(reader).asked().filter(done_at=None, member__active_to=None)
    if merchant:
        rows = rows.filter(merchant__code=merchant)
    if only_late:
        rows = rows.filter(due_at__lt=now)
    found = rows.select_related("merchant", "member__user", "course", "exam").order_by("due_at", "pk")
    return list(found[:SHOWN])


def lessons_of(reader: Any, *, of: Any = None) -> list[Lesson]:
    """What this reader sees of what is asked: an owner of all his people, everybody his own; ``of``: one person's."""
    rows = Lesson.objects.visible_to(reader).asked().filter(member__active_to=None)
    if of is not None:
        rows = rows.filter(member__user=of)
    found = rows.select_related("merchant", "member__user", "course", "exam")
    return list(found.order_by("merchant_id", "due_at", "pk")[:SHOWN])


# ---------------------------------------------------------------------------------------------------- terms
def newest_terms(reader: Any) -> list[Sequence[TrainingTerm]]:
    """Every rule with its versions, newest first."""
    found: dict[str, list[TrainingTerm]] = {}
    rows = TrainingTerm.objects.visible_to(reader).select_related("course", "exam", "drafted_by")
    for row in rows.order_by("agreement", "code", "-number"):
        found.setdefault(row.code, []).append(row)
    return list(found.values())


def courses_for_merchants() -> Any:
    return Course.objects.filter(kind=CourseKind.MERCHANT).order_by("code")


def exams() -> Any:
    return Exam.objects.order_by("code")


def agreements() -> list[str]:
    """The versions of the agreement that merchants hold."""
    held = Merchant.objects.exclude(agreement="").order_by("agreement")
    return list(held.values_list("agreement", flat=True).distinct())


def lesson_words(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Names for the sentence of a lesson's event."""
    member = MerchantMember.objects.filter(pk=payload.get("member") or 0).select_related("user").first()
    course = Course.objects.filter(pk=payload.get("course") or 0).first()
    return {"holder": str(member.user if member else ""), "title": str(course or "")}


def term_words(code: str) -> str:
    """A rule by its code, in words."""
    row = TrainingTerm.objects.filter(code=code).select_related("course").order_by("-number").first()
    return f"{row.agreement} · {row.course}".removeprefix(" · ") if row else code
