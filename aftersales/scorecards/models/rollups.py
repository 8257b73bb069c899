"""Roll-ups of the metrics, and what has to be counted again."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.scorecards.querysets import RollupQuerySet
from aftersales.scorecards.states import SubjectKind


class Rollup(models.Model):
    """Numerator and denominator of one metric, one subject, one day of the market's zone and one category.

    ``subject_id`` is the key of a merchant, person, team or product; carriers, workshops and vendors have 0
    and a ``subject_name``. ``samples`` are the times that a median is taken of, in whole seconds, each single one,
    shortest first: a span of days is as exact as a day. All rows can be thrown away and counted anew from the rows they
    summarise.
    """

    deletable = "a sum: goes when its day is counted again and nothing is left to sum up"

    metric = models.SlugField(_("metric"), max_length=40, db_index=False)
    subject_kind = models.CharField(_("kind of subject"), max_length=8, choices=SubjectKind)
    subject_id = models.BigIntegerField(_("subject"), default=0)
    subject_name = models.CharField(_("name of the subject"), max_length=120, blank=True, default="")
    day = models.DateField(_("day"))
    category = models.CharField(_("category"), max_length=80, blank=True, default="")
    num = models.BigIntegerField(_("numerator"))
    den = models.BigIntegerField(_("denominator"))
    samples = ArrayField(models.IntegerField(), verbose_name=_("single times"), null=True)

    objects = RollupQuerySet.as_manager()

    class Meta:
        verbose_name = _("figure of a day")
        verbose_name_plural = _("figures of days")
        ordering: ClassVar = ["day", "metric"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "metric", "day", "category", "subject_name"],
                name="rollup_once",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["metric", "subject_kind", "day"], name="rollup_day")]

    def __str__(self) -> str:
        return f"{self.metric} {self.subject_kind} {self.subject_id or self.subject_name} {self.day}"


class Touched(models.Model):
    """A row whose days have to be counted again; ``subject_id`` 0: a whole load came, and every day may differ.

    The same row may stand here several times: noting it never waits for a count that is under way.
    """

    deletable = "goes when its days were counted again"

    subject_kind = models.CharField(_("subject kind"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))

    class Meta:
        verbose_name = pgettext_lazy("roll-up", "row to be counted again")
        verbose_name_plural = pgettext_lazy("roll-up", "rows to be counted again")

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}"
