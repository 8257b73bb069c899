"""Formulas in versions, and what they said of whom."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import AppendOnlyModel, VersionedModel
from aftersales.core.rulebook import RuleVersion
from aftersales.scorecards.machine import FORMULA_MACHINE
from aftersales.scorecards.querysets import FormulaQuerySet, FormulaVersions, ScoredQuerySet
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.models.base import Named


class Formula(Named, VersionedModel):
    """How one kind of subjects is scored; what it says stands in its versions."""

    subject_kind = models.CharField(_("kind of subject"), max_length=8, choices=SubjectKind)
    history = HistoricalRecords()
    objects = FormulaQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("scorecards", "formula")
        verbose_name_plural = pgettext_lazy("scorecards", "formulas")
        ordering: ClassVar = ["code"]


class FormulaVersion(RuleVersion):
    """One version of a formula. ``terms`` are read and checked by ``scores.terms``: weights, windows, limits, grades.

    It judges whole days from its beginning on, in the market's zone.
    """

    rule_key = "formula_id"

    formula = models.ForeignKey(
        Formula, models.PROTECT, related_name="versions", verbose_name=pgettext_lazy("scorecards", "formula")
    )
    terms = models.JSONField(_("terms"), default=dict)
    history = HistoricalRecords()
    objects = FormulaVersions.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("scorecards", "version of a formula")
        verbose_name_plural = pgettext_lazy("scorecards", "versions of formulas")
        ordering: ClassVar = ["formula_id", "-number"]
        triggers = FORMULA_MACHINE.triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["formula", "number"], name="formula_number"),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="formula_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.formula} v{self.number}"

    @property
    def citation(self) -> str:
        return f"score.{self.formula.code} v{self.number}"

    @transition(**FORMULA_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**FORMULA_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**FORMULA_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Scored(models.Model):
    """What a version of a formula said of one subject by the days up to ``day``.

    ``details`` holds what it was counted from and how: figures with their windows, priors, points, intervals. A score
    without ``grade`` is the neutral one of who did too little. ``below``: of a hundred peers so many had less (equal
    ones are not below), of ``peers`` in the category; empty where there was nobody to compare with.
    """

    formula = models.ForeignKey(
        Formula, models.PROTECT, related_name="+", verbose_name=pgettext_lazy("scorecards", "formula")
    )
    rule = models.ForeignKey(
        FormulaVersion,
        models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("scorecards", "version of a formula"),
    )
    subject_kind = models.CharField(_("kind of subject"), max_length=8, choices=SubjectKind)
    subject_id = models.BigIntegerField(_("subject"))
    subject_name = models.CharField(_("name of the subject"), max_length=200, blank=True)
    category = models.CharField(_("category"), max_length=80, blank=True, default="")
    day = models.DateField(_("last day that counted"))
    score = models.DecimalField(_("score"), max_digits=4, decimal_places=1)
    low = models.DecimalField(_("lower bound"), max_digits=4, decimal_places=1)
    high = models.DecimalField(_("upper bound"), max_digits=4, decimal_places=1)
    grade = models.CharField(_("grade"), max_length=8, blank=True, default="")
    volume = models.BigIntegerField(_("volume"))
    below = models.PositiveSmallIntegerField(_("better than, per cent"), null=True)
    peers = models.PositiveIntegerField(_("peers"), default=0)
    details = models.JSONField(_("details"), default=dict)
    at = models.DateTimeField(_("at"))

    objects = ScoredQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.subject_name} {self.day}: {self.score}"

    def is_clear_of(self, before: Decimal | None) -> bool:
        """Whether an earlier score lies outside the interval: more than chance explains."""
        return bool(self.grade) and before is not None and not self.low <= before <= self.high


class Standing(Scored):
    """Where somebody stands: the newest score. Thrown away and counted anew every day."""

    deletable = "a sum: counted anew every day from the figures; what must last stands in the snapshots"

    class Meta:
        verbose_name = pgettext_lazy("scorecards", "standing")
        verbose_name_plural = pgettext_lazy("scorecards", "standings")
        ordering: ClassVar = ["-score", "subject_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["formula", "subject_id"], name="standing_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["formula", "grade", "score", "subject_id"], name="standing_list")
        ]


class Snapshot(Scored, AppendOnlyModel):
    """The score of a month that is over, as it was counted then, with all that it was counted from."""

    month = models.DateField(_("month"))

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("scorecards", "score of a month")
        verbose_name_plural = pgettext_lazy("scorecards", "scores of months")
        ordering: ClassVar = ["-month", "-score", "subject_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["formula", "month", "subject_id"], name="snapshot_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["subject_kind", "subject_id", "month"], name="snapshot_of")]
