"""The monthly run of rules that hang on figures: what was counted for whom, kept before anything is proposed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.models import AppendOnlyModel
from aftersales.ledger.models import IncentiveRule, IncentiveVersion
from aftersales.ledger.states import Measure, Party
from aftersales.scorecards.querysets import MonthRunQuerySet, OutcomeQuerySet
from aftersales.scorecards.rewardstates import Said


class MonthRun(models.Model):
    """A rule was judged for a month, once: later corrections of figures change nothing of it.

    ``looked``: how many parties had a figure. ``done_at``: when the last of its proposals was made; empty where it was
    stopped halfway and goes on.
    """

    rule = models.ForeignKey(
        IncentiveRule,
        models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("ledger", "incentive rule"),
    )
    rule_version = models.ForeignKey(
        IncentiveVersion, models.PROTECT, related_name="+", verbose_name=_("version of an incentive rule")
    )
    month = models.DateField(_("month"))
    looked = models.PositiveIntegerField(_("parties with a figure"), default=0)
    given = models.PositiveIntegerField(_("proposals"), default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    counted_at = models.DateTimeField(_("counted at"))
    done_at = models.DateTimeField(_("done at"), null=True)

    objects = MonthRunQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("scorecards", "monthly run")
        verbose_name_plural = pgettext_lazy("scorecards", "monthly runs")
        ordering: ClassVar = ["-month", "rule_id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["rule", "month"], name="month_run_once")]

    def __str__(self) -> str:
        return f"{self.rule} {self.month:%Y-%m}"


class MonthOutcome(AppendOnlyModel):
    """What a rule said of one party for a month, and by which figures: kept for those whom nothing follows for, too."""

    run = models.ForeignKey(
        MonthRun,
        models.PROTECT,
        related_name="outcomes",
        verbose_name=pgettext_lazy("scorecards", "monthly run"),
    )
    party = models.CharField(_("party"), max_length=10, choices=Party)
    party_id = models.BigIntegerField(_("party's key"))
    subject_id = models.BigIntegerField(_("whose figure"))
    said = models.CharField(_("what follows"), max_length=8, choices=Said)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True)
    counted = models.DecimalField(_("amount before the cap"), max_digits=14, decimal_places=2, null=True)
    measure = models.CharField(_("measure"), max_length=12, choices=Measure, blank=True, default="")
    reached = models.CharField(_("step that was reached"), max_length=12, blank=True, default="")
    times = models.PositiveIntegerField(_("how often"), default=1)
    proofs = models.JSONField(_("figures"), default=list)

    objects = OutcomeQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("scorecards", "outcome of a month")
        verbose_name_plural = pgettext_lazy("scorecards", "outcomes of months")
        ordering: ClassVar = ["run_id", "party_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "party", "party_id"], name="month_outcome_once")
        ]
        indexes: ClassVar = [models.Index(fields=["party", "party_id"], name="month_outcome_of")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.party} {self.party_id}: {self.said}"
