"""Every write about practical assessments: two assessors apart from each other, a third where they disagree."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core import moves, registers, series
from aftersales.core.errors import DomainError
from training import examrules, practicalrules
from training.exammachine import MARK_EXAMS
from training.models import Assessment, Rubric, RubricVersion, Sheet
from training.services import DRAFT, draft_version, require
from training.states import AssessmentState

RUBRIC_TERMS = ("criteria", "pass_percent", "gap_percent")
OWN_SOURCE = {"source_ref": "R1.1", "source_zh": "部门自编评分表", "source_en": "The department's own rubric"}


def rubric_create(
    *, code: str, name_zh: str, name_en: str, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> RubricVersion:
    """A rubric with its first draft. Errors: not_permitted, code_taken, criteria."""
    require(actor, DRAFT)
    with transaction.atomic():
        row = Rubric(code=code, name_zh=name_zh, name_en=name_en)
        taken = _("There is a rubric %(code)s already.") % {"code": code}
        registers.create_coded(row, taken=taken, actor=actor, now=now, event="rubric.created")
        return rubric_draft(rubric=row, actor=actor, now=now, reason=reason, **OWN_SOURCE | terms)


def rubric_draft(
    *, rubric: Rubric, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> RubricVersion:
    """The next version of a rubric. Errors: criteria."""
    practicalrules.parse(terms.get("criteria", "* | 1"))
    drafted: RubricVersion = draft_version(
        RubricVersion(rubric=rubric), RUBRIC_TERMS, actor, now, reason, terms
    )
    return drafted


def assessment_open(
    *, rubric: Rubric, person: User, assessors: Sequence[User], task: str, actor: Any, now: datetime
) -> Assessment:
    """Two assessors are to watch a person at a task: neither himself, nor twice the same.

    Errors: not_permitted, no_version, own_assessment, assessors, no_assessor, task.
    """
    require(actor, MARK_EXAMS)
    version = RubricVersion.objects.in_force(now).filter(rubric=rubric).order_by("-number").first()
    if version is None:
        raise DomainError(_("No version of this rubric is in force."), "no_version")
    if not task.strip():
        raise DomainError(_("Say at which task the person is watched."), "task")
    if len({one.pk for one in assessors}) != practicalrules.ASSESSORS:
        raise DomainError(_("Choose two different assessors."), "assessors")
    for one in assessors:
        _check_assessor(person, one)
    if person.pk == actor.pk:
        raise DomainError(_("Nobody orders his own assessment."), "own_assessment")
    row = Assessment(
        number=series.next_number("assessment", now), rubric=rubric, rubric_version=version, person=person,
        task=task.strip()[:400], opened_by=actor, opened_at=now,
        max_score=sum((one.points for one in practicalrules.parse(version.criteria)), start=Decimal(0)),
    )  # fmt: skip
    with transaction.atomic():
        moves.create(
            row, actor=actor, now=now, event="assessment.opened", payload=row._payload(),
            rule_version=version.citation,
        )  # fmt: skip
        Sheet.objects.bulk_create(Sheet(assessment=row, assessor=one) for one in assessors)
    return row


def _check_assessor(person: User, assessor: User) -> None:
    if assessor.pk == person.pk:
        raise DomainError(_("Nobody assesses himself."), "own_assessment")
    if not (assessor.is_staff and assessor.has_perm(MARK_EXAMS)):
        raise DomainError(
            _("%(who)s may not assess; choose a trainer or a lead.") % {"who": assessor}, "no_assessor"
        )


def third_name(*, assessment: Assessment, assessor: User, actor: Any, now: datetime) -> Sheet:
    """The third assessor of a disputed assessment. Errors: not_permitted, own_assessment, not_disputed, assessors."""
    require(actor, MARK_EXAMS)
    with transaction.atomic():
        row = moves.locked(assessment)
        if row.person_id == actor.pk:
            raise DomainError(_("Nobody decides about his own assessment."), "own_assessment")
        _check_assessor(row.person, assessor)
        if row.state != AssessmentState.DISPUTED or row.sheets.count() > practicalrules.ASSESSORS:
            raise DomainError(_("This assessment needs no third assessor."), "not_disputed")
        if row.sheets.filter(assessor=assessor).exists():
            raise DomainError(_("%(who)s has assessed this already.") % {"who": assessor}, "assessors")
        sheet = Sheet(assessment=row, assessor=assessor)
        sheet.save()
    return sheet


def sheet_give(
    *, assessment: Assessment, scores: Sequence[Decimal], remark: str, actor: Any, now: datetime
) -> Assessment:
    """One assessor's points, given once; with the last sheet the result stands or a third is asked.

    Errors: not_permitted, not_assessor, given, wrong_state, scores.
    """
    require(actor, MARK_EXAMS)
    with transaction.atomic():
        row = moves.locked(assessment)
        sheet = Sheet.objects.select_for_update().filter(assessment=row, assessor_id=actor.pk).first()
        if sheet is None or row.person_id == actor.pk:
            raise DomainError(_("You are no assessor here."), "not_assessor")
        if row.state not in {AssessmentState.OPEN, AssessmentState.DISPUTED}:
            raise DomainError(_("This assessment is over."), "wrong_state")
        if sheet.given_at is not None:
            raise DomainError(_("You gave your sheet already; it stays as it is."), "given")
        if not practicalrules.sound_scores(practicalrules.parse(row.rubric_version.criteria), scores):
            raise DomainError(_("Give every criterion a number from 0 to its points."), "scores")
        sheet.scores, sheet.remark, sheet.given_at = list(scores), remark.strip()[:1000], now
        sheet.save(update_fields=["scores", "remark", "given_at"])
        return _end_when_whole(row, actor, now)


def _end_when_whole(row: Assessment, actor: Any, now: datetime) -> Assessment:
    sheets = list(Sheet.objects.filter(assessment=row))
    if any(sheet.given_at is None for sheet in sheets):
        return row
    totals = [sum(sheet.scores, start=Decimal(0)) for sheet in sheets]
    version = row.rubric_version
    apart = len(totals) == practicalrules.ASSESSORS and practicalrules.disagree(
        totals[0], totals[1], row.max_score, version.gap_percent
    )
    if apart:
        return moves.perform(row, "disagree", actor=actor, now=now)
    score = practicalrules.result(totals)
    passed = examrules.is_passed(score, row.max_score, version.pass_percent)
    return moves.perform(row, "end", actor=actor, now=now, score=score, passed=passed)


def assessment_void(*, assessment: Assessment, actor: Any, now: datetime, reason: str) -> Assessment:
    """It did not take place or cannot be judged. Errors: own_assessment, reason_missing."""
    if not reason.strip():
        raise DomainError(_("Say why: the person and the auditor read it."), "reason_missing")
    return moves.perform(assessment, "void", actor=actor, now=now, reason=reason.strip())
