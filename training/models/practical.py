"""Practical assessments: a rubric, a person, two assessors apart from each other, perhaps a third (R1.1)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import StateModel, VersionedModel
from aftersales.core.statefield import StateField
from training.models import CODE_LENGTH, TrainingRule, versions_are_sound
from training.models.courses import in_words
from training.models.exams import points_column
from training.practicalmachine import ASSESSMENT_MACHINE, RUBRIC_MACHINE
from training.querysets import AssessmentQuerySet, ExamQuerySet, TrainingRuleQuerySet
from training.states import AssessmentState

PERSON = settings.AUTH_USER_MODEL


class Rubric(VersionedModel):
    """What is looked at when somebody shows how he works; its criteria stand in its versions."""

    code = models.SlugField(_("code"), max_length=CODE_LENGTH, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    history = HistoricalRecords()
    objects = ExamQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("practical", "rubric")
        verbose_name_plural = pgettext_lazy("practical", "rubrics")
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return in_words(self)


class RubricVersion(TrainingRule):
    """Criteria with their points (``practicalrules.parse``), from when it is passed, from when a third is asked.

    ``gap_percent``: two assessors who lie further apart than so many percent of all points disagree.
    """

    rule_key = "rubric_id"

    rubric = models.ForeignKey(
        Rubric,
        verbose_name=pgettext_lazy("practical", "rubric"),
        on_delete=models.PROTECT,
        related_name="versions",
    )
    criteria = models.TextField(_("criteria"))
    pass_percent = models.PositiveSmallIntegerField(_("passed from"), help_text=_("Percent of the points."))
    gap_percent = models.PositiveSmallIntegerField(
        _("third assessor from"), help_text=_("Percent of the points.")
    )
    history = HistoricalRecords()
    objects = TrainingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a rubric")
        verbose_name_plural = _("versions of rubrics")
        ordering: ClassVar = ["rubric_id", "-number"]
        triggers = RUBRIC_MACHINE.triggers()
        constraints: ClassVar = [
            *versions_are_sound("rubric_version", "rubric"),
            models.CheckConstraint(
                condition=Q(pass_percent__gte=1, pass_percent__lte=100, gap_percent__lte=100),
                name="rubric_terms",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rubric} v{self.number}"

    @property
    def citation(self) -> str:
        return f"rubric.{self.rubric.code} v{self.number}"

    @transition(**RUBRIC_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**RUBRIC_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**RUBRIC_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Assessment(StateModel, VersionedModel):
    """One person is assessed once by a rubric."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    rubric = models.ForeignKey(
        Rubric,
        verbose_name=pgettext_lazy("practical", "rubric"),
        on_delete=models.PROTECT,
        related_name="assessments",
    )
    rubric_version = models.ForeignKey(
        RubricVersion,
        verbose_name=_("version of a rubric"),
        on_delete=models.PROTECT,
        related_name="assessments",
    )
    person = models.ForeignKey(
        PERSON, verbose_name=_("person"), on_delete=models.PROTECT, related_name="assessments"
    )
    state = StateField(_("state"), choices=AssessmentState, default=AssessmentState.OPEN, max_length=10)
    task = models.CharField(pgettext_lazy("practical", "task"), max_length=400)
    opened_by = models.ForeignKey(
        PERSON, verbose_name=_("opened by"), on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(_("opened at"))
    ended_at = models.DateTimeField(pgettext_lazy("practical", "ended at"), null=True, blank=True)
    score = points_column(_("score"), null=True, blank=True)
    max_score = points_column(_("points to be had"))
    passed = models.BooleanField(_("passed"), null=True, blank=True)
    history = HistoricalRecords()
    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("practical", "assessment")
        verbose_name_plural = pgettext_lazy("practical", "assessments")
        ordering: ClassVar = ["-opened_at", "-pk"]
        triggers = ASSESSMENT_MACHINE.triggers()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=0, score__lte=F("max_score")), name="assessment_score"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(**ASSESSMENT_MACHINE.transition("end"))
    def end(self, *, actor: Any, now: datetime, score: Decimal, passed: bool) -> dict[str, Any]:
        self.score, self.passed, self.ended_at = score, passed, now
        return self._payload() | {"score": str(score), "most": str(self.max_score), "passed": passed}

    @transition(**ASSESSMENT_MACHINE.transition("disagree"))
    def disagree(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**ASSESSMENT_MACHINE.transition("void"))
    def void(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.passed, self.ended_at = None, now
        return self._payload()

    def _payload(self) -> dict[str, Any]:
        return {"assessment": self.number, "rubric": self.rubric_id, "person": self.person_id}


class Sheet(models.Model):
    """What one assessor says of one assessment: points by criterion, in the order of the rubric."""

    assessment = models.ForeignKey(
        Assessment,
        verbose_name=pgettext_lazy("practical", "assessment"),
        on_delete=models.PROTECT,
        related_name="sheets",
    )
    assessor = models.ForeignKey(
        PERSON, verbose_name=_("assessor"), on_delete=models.PROTECT, related_name="assessment_sheets"
    )
    scores = ArrayField(
        models.DecimalField(max_digits=6, decimal_places=2),
        verbose_name=_("points"),
        default=list,
        blank=True,
    )
    remark = models.CharField(_("remark"), max_length=1000, blank=True)
    given_at = models.DateTimeField(_("given at"), null=True, blank=True)

    class Meta:
        verbose_name = _("sheet of an assessor")
        verbose_name_plural = _("sheets of assessors")
        ordering: ClassVar = ["assessment_id", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assessment", "assessor"], name="assessor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} · {self.assessor_id}"
