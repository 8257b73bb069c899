"""Every write about what merchants' people are taught: terms by two persons, courses owed, done, late, owed anew."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, registers, series
from aftersales.core.errors import Busy, Conflict, DomainError
from aftersales.merchants import trainingorders, trainingrules, trainingselectors
from aftersales.merchants.models import Lesson, Merchant, MerchantMember, TrainingTerm
from aftersales.merchants.trainingorders import Ordered
from aftersales.merchants.trainingrules import Learned
from training.courseselectors import number
from training.models import Course, Exam
from training.selectors import midnight_after
from training.services import draft_version
from training.states import CourseKind

Asked = TrainingTerm | Ordered
TERMS = ("agreement", "course_id", "exam_id", "days")
OWN_SOURCE = {
    "source_ref": "R1.2",
    "source_zh": "商家人员须完成平台规定的培训；课程与期限由协议约定。",
    "source_en": "Merchants' people finish the platform's training; the agreement names courses and days.",
}
EVERY = "every"  # in the code of a rule for all agreements
LONGEST = 365


def term_draft(
    *, course: Course, days: int, actor: Any, now: datetime, agreement: str = "", exam: Exam | None = None,
    reason: str = "",
) -> TrainingTerm:  # fmt: skip
    """Draft what an agreement (empty: every one) asks for: a course, perhaps with its exam, within so many days.

    The same course and agreement again is the next version. Errors: not_permitted, not_for_merchants, days, agreement.
    """
    if course.kind != CourseKind.MERCHANT:
        raise DomainError(
            _("Choose a course of the kind for merchants; “%(course)s” is for the department.")
            % {"course": course},
            "not_for_merchants",
        )
    if not 1 <= days <= LONGEST:
        raise DomainError(_("Give between 1 and %(n)s days.") % {"n": LONGEST}, "days")
    if agreement and agreement not in trainingselectors.agreements():
        raise DomainError(_("No merchant holds the agreement “%(code)s”.") % {"code": agreement}, "agreement")
    terms = {
        "agreement": agreement,
        "course_id": course.pk,
        "exam_id": exam.pk if exam else None,
        "days": days,
    }
    drafted: TrainingTerm = draft_version(
        TrainingTerm(code=_code(agreement, course)), TERMS, actor, now, reason, OWN_SOURCE | terms
    )
    return drafted


def _code(agreement: str, course: Course) -> str:
    """The same for the same agreement and course; agreements are typed freely, codes are not.

    Two agreements that read alike in a code (标准版 and 旗舰版, 2026.1 and 2026-1) still have a rule each.
    """
    key = "".join(one if one.isascii() and one.isalnum() else "-" for one in agreement.lower())
    code = f"{key or EVERY}.{course.code}".replace(".", "--")
    another = TrainingTerm.objects.filter(code=code).exclude(agreement=agreement, course=course)
    return f"{code}--{sha256(agreement.encode()).hexdigest()[:8]}" if another.exists() else code


# ---------------------------------------------------------------------------------------------------- sweep
def lessons_sweep(*, actor: Any, now: datetime) -> int:
    """Who owes a course by the terms in force is asked for it; what was learned is noted; what is late is told once.

    Run twice it does nothing the second time. A row that somebody holds is left to the next sweep. Answers how much
    changed.
    """
    terms = trainingselectors.terms_in_force(now)
    members = trainingselectors.members_taught(now)
    ordered = trainingorders.ordered(now)
    asked = [*terms, *(one for courses in ordered.values() for one in courses.values())]
    learned = trainingselectors.learned({one.user_id for one in members}, asked)
    known = {(row.member_id, row.course_id): row for row in Lesson.objects.select_related("member")}
    changed, finished = 0, set()
    for member in members:
        owed = trainingrules.for_agreement(terms, member.merchant.agreement)
        for course_id, term in {**owed, **ordered.get(member.merchant_id, {})}.items():
            row = known.pop((member.pk, course_id), None)
            found = trainingorders.after(term, learned.get((member.user_id, course_id, term.exam_id)))
            done = _safely(_follow, row, member, term, found, actor, now)
            changed += bool(done)
            if done == "lesson.completed":
                finished.add(member.merchant_id)
    changed += sum(_safely(_end, row, actor, now) != "" for row in known.values() if row.ended_at is None)
    return changed + _tell_trained(finished, actor, now)


def _safely(act: Any, *args: Any) -> str:
    """Another sweep that runs beside this one may have been faster: then it has done it, once."""
    try:
        with transaction.atomic():
            return str(act(*args))
    except (Busy, Conflict):
        return ""


def _follow(
    row: Lesson | None,
    member: MerchantMember,
    term: Asked,
    learned: Learned | None,
    actor: Any,
    now: datetime,
) -> str:
    """The one thing that happened to it, as the kind of its event; empty for nothing."""
    if row is None:
        row = _assign(member, term, actor, now)
        if not trainingrules.counts(learned, now):
            return "lesson.assigned"
    if row.ended_at is not None or row.term != term.citation:
        row = _renew(row, term, actor, now)
    if learned is not None and trainingrules.counts(learned, now):
        return _complete(row, learned, actor, now)
    if row.done_at is not None:
        return _due_again(row, term, actor, now)
    return _tell(row, actor, now)


def _assign(member: MerchantMember, term: Asked, actor: Any, now: datetime) -> Lesson:
    row = Lesson(
        number=series.next_number("lesson", now), merchant=member.merchant, member=member, course_id=term.course_id,
        exam_id=term.exam_id, term=term.citation, assigned_at=now, due_at=midnight_after(now, term.days),
    )  # fmt: skip
    payload = _payload(row) | {"due": row.due_at.isoformat()}
    try:
        return registers.create(row, actor=actor, now=now, event="lesson.assigned", payload=payload)
    except IntegrityError as error:
        raise Busy() from error  # asked for by the sweep beside this one


def _renew(row: Lesson, term: Asked, actor: Any, now: datetime) -> Lesson:
    """Another version of the term, or asked for again: who is late already stays late; of a new day he hears anew."""
    due = max(midnight_after(row.assigned_at, term.days), midnight_after(now, 1))
    if row.is_late(now):
        due = row.due_at
    anew: dict[str, Any] = {"reminded_at": None, "late_told_at": None} if due != row.due_at else {}
    payload = _payload(row) | {"due": due.isoformat()}
    return registers.save(
        row, actor=actor, now=now, event="lesson.changed", payload=payload, version=row.version, term=term.citation,
        exam_id=term.exam_id, due_at=due, ended_at=None, **anew,
    )  # fmt: skip


def _complete(row: Lesson, learned: Learned, actor: Any, now: datetime) -> str:
    if row.done_at == learned.at and row.counts_until == learned.until:
        return ""
    registers.save(
        row, actor=actor, now=now, event="lesson.completed", payload=_payload(row), version=row.version,
        done_at=learned.at, done_by=learned.way, counts_until=learned.until,
    )  # fmt: skip
    return "lesson.completed"


def _due_again(row: Lesson, term: Asked, actor: Any, now: datetime) -> str:
    due = midnight_after(now, term.days)
    payload = _payload(row) | {"due": due.isoformat()}
    registers.save(
        row, actor=actor, now=now, event="lesson.due_again", payload=payload, version=row.version, due_at=due,
        done_at=None, done_by="", counts_until=None, reminded_at=None, late_told_at=None,
    )  # fmt: skip
    return "lesson.due_again"


def _tell(row: Lesson, actor: Any, now: datetime) -> str:
    """Once before the end, once after it."""
    if row.is_late(now) and row.late_told_at is None:
        registers.save(
            row, actor=actor, now=now, event="lesson.late", payload=_payload(row), version=row.version,
            late_told_at=now,
        )  # fmt: skip
        return "lesson.late"
    soon = row.due_at - timedelta(days=int(number("merchant_remind_days", now)))
    if soon <= now < row.due_at and row.reminded_at is None:
        registers.save(
            row, actor=actor, now=now, event="lesson.due_soon", payload=_payload(row), version=row.version,
            reminded_at=now,
        )  # fmt: skip
        return "lesson.due_soon"
    return ""


def _end(row: Lesson, actor: Any, now: datetime) -> str:
    registers.save(
        row,
        actor=actor,
        now=now,
        event="lesson.ended",
        payload=_payload(row),
        version=row.version,
        ended_at=now,
    )
    return "lesson.ended"


def _tell_trained(merchants: set[int], actor: Any, now: datetime) -> int:
    """The last one of a merchant's people finished: said of the merchant."""
    whole = {pk: share for pk, share in trainingselectors.shares(merchants, now).items() if share.is_whole}
    for merchant in Merchant.objects.filter(pk__in=whole).order_by("pk"):
        events.record(
            "merchant.trained",
            subject=merchant,
            actor=actor,
            now=now,
            payload={"people": whole[merchant.pk].people},
        )
    return len(whole)


def _payload(row: Lesson) -> dict[str, Any]:
    return {"lesson": row.number, "member": row.member_id, "course": row.course_id}
