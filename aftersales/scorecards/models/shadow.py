"""What drafts of rules would have done to a past quarter: who asked, what was tried, what came out. Nobody changes it.

A run keeps the drafts as they were when it was asked for, so that it can be played again word by word after they were
corrected, announced or returned. Its parts are written chunk by chunk; the last one says that it is whole.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.models import AppendOnlyModel, PublicIdModel
from aftersales.core.retention import retainable_triggers
from aftersales.scorecards.models.formulas import FormulaVersion
from aftersales.scorecards.querysets import ShadowQuerySet, ShadowScores
from aftersales.scorecards.states import Played, ShadowKind, SubjectKind, Topic


class ShadowRun(PublicIdModel, AppendOnlyModel):
    """One question: which drafts, over which days (both with it). ``drafts`` holds their whole wording.

    ``asked`` is the fingerprint of the question: asked twice on one day, it is one run. ``watermark``: the last event
    that is looked at, so that a run that goes on later sees what it saw first. ``least``: the score below which
    somebody is named.
    """

    kind = models.CharField(pgettext_lazy("shadow", "kind"), max_length=8, choices=ShadowKind)
    formula = models.ForeignKey(
        FormulaVersion,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("scorecards", "version of a formula"),
    )
    since = models.DateField(pgettext_lazy("shadow", "from"))
    until = models.DateField(pgettext_lazy("shadow", "to"))
    drafts = models.JSONField(_("drafts"), default=dict)
    least = models.DecimalField(_("lowest score"), max_digits=4, decimal_places=1, null=True)
    watermark = models.BigIntegerField(_("last event"), default=0)
    asked = models.CharField(_("fingerprint of the question"), max_length=64, unique=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    at = models.DateTimeField(_("at"))

    objects = ShadowQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("shadow", "trial of drafts")
        verbose_name_plural = pgettext_lazy("shadow", "trials of drafts")
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["formula", "-at"], name="shadow_formula")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.since} – {self.until}"


class ShadowPart(AppendOnlyModel):
    """One chunk of a run, done once and for all. ``last``: the key of the last row it looked at; ``inputs``: a
    fingerprint of what it was counted from. The part ``whole`` holds the sums of all others.
    """

    run = models.BigIntegerField(_("run"))
    played = models.CharField(_("part"), max_length=8, choices=Played)
    place = models.PositiveIntegerField(_("place"), default=0)
    last = models.BigIntegerField(_("last row"), default=0)
    counts = models.JSONField(_("counts"), default=dict)
    inputs = models.CharField(_("fingerprint of the figures"), max_length=64, blank=True, default="")
    at = models.DateTimeField(_("at"))

    objects = ShadowQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("shadow", "part of a trial")
        verbose_name_plural = pgettext_lazy("shadow", "parts of trials")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "played", "place"], name="shadow_part_once")
        ]


class ShadowDiff(AppendOnlyModel):
    """One row that would have fared differently. The first of each topic are kept; the counts name all.

    ``was``: by the rules in force, with what really happened under ``real``; ``then``: by the drafts.
    """

    run = models.BigIntegerField(_("run"))
    topic = models.CharField(_("what"), max_length=8, choices=Topic)
    group = models.CharField(_("group"), max_length=80, blank=True, default="")
    subject_kind = models.CharField(_("subject kind"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))
    key = models.CharField(_("key"), max_length=80, blank=True, default="")
    was = models.JSONField(_("before"), default=dict)
    then = models.JSONField(_("after"), default=dict)

    objects = ShadowQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("shadow", "difference")
        verbose_name_plural = pgettext_lazy("shadow", "differences")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "topic", "group", "subject_kind", "subject_id", "key"], name="shadow_diff_once"
            )
        ]


class ShadowScore(models.Model):
    """One subject's score of a day by the version that counts and by the draft, each with what it was counted from.

    ``size``: the movement without its sign, by which the list is sorted. Names of people are not kept. Nobody changes
    a row; retention removes it after the rule book's ``shadow_days``, the sums in the run's parts stay.
    """

    append_only = True

    run = models.BigIntegerField(_("run"))
    day = models.DateField(_("last day that counted"))
    subject_kind = models.CharField(_("kind of subject"), max_length=8, choices=SubjectKind)
    subject_id = models.BigIntegerField(_("subject"))
    subject_name = models.CharField(_("name of the subject"), max_length=200, blank=True, default="")
    category = models.CharField(_("category"), max_length=80, blank=True, default="")
    before = models.DecimalField(_("score before"), max_digits=4, decimal_places=1)
    after = models.DecimalField(_("score after"), max_digits=4, decimal_places=1)
    size = models.DecimalField(_("movement"), max_digits=4, decimal_places=1)
    grade_before = models.CharField(_("grade before"), max_length=8, blank=True, default="")
    grade_after = models.CharField(_("grade after"), max_length=8, blank=True, default="")
    falls = models.BooleanField(_("falls below the limit"), default=False)
    details_before = models.JSONField(_("details before"), default=dict)
    details_after = models.JSONField(_("details after"), default=dict)

    objects = ShadowScores.as_manager()

    class Meta:
        triggers = retainable_triggers()
        verbose_name = pgettext_lazy("shadow", "score under a draft")
        verbose_name_plural = pgettext_lazy("shadow", "scores under a draft")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "day", "subject_id"], name="shadow_score_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "day", "-size", "subject_id"], name="shadow_score_list")
        ]

    @property
    def by(self) -> object:
        """The movement with its sign."""
        return self.after - self.before
