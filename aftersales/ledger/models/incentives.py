"""Incentive rules in versions, the schemes adopted with staff, and what was raised by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from accounts.states import Duty
from aftersales.core.models import AppendOnlyModel, PublicIdModel, VersionedModel
from aftersales.core.rulebook import RuleVersion
from aftersales.ledger.incentivemachine import INCENTIVE_MACHINE
from aftersales.ledger.incentivestates import Consequence
from aftersales.ledger.querysets import IncentiveQuerySet, IncentiveVersions, RaisedQuerySet
from aftersales.ledger.states import POINTS, Measure, Party
from aftersales.standards.models.base import Named, codes


class Scheme(PublicIdModel):
    """Rules on pay and discipline as they were adopted with staff (labour contract law 4): day, record, signatures.

    Nobody changes it; a new agreement is a new row.
    """

    title = models.CharField(_("title"), max_length=120)
    adopted_on = models.DateField(_("adopted on"))
    record_number = models.CharField(_("record number"), max_length=60, unique=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("registered by"), related_name="+"
    )
    at = models.DateTimeField(_("at"))
    name = models.CharField(_("stored name"), max_length=200)
    original_name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)

    objects = IncentiveQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("ledger", "scheme adopted with staff")
        verbose_name_plural = pgettext_lazy("ledger", "schemes adopted with staff")
        ordering: ClassVar = ["-adopted_on", "-id"]

    def __str__(self) -> str:
        return f"{self.record_number} {self.title}"


class IncentiveRule(Named, VersionedModel):
    """A rule for staff or for merchants; what it says stands in its versions."""

    party = models.CharField(_("party"), max_length=10, choices=Party)
    consequence = models.CharField(_("consequence"), max_length=10, choices=Consequence)
    history = HistoricalRecords()
    objects = IncentiveQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("ledger", "incentive rule")
        verbose_name_plural = pgettext_lazy("ledger", "incentive rules")
        ordering: ClassVar = ["code"]


class IncentiveVersion(RuleVersion):
    """One version: what raises it, for whom, how much each time and at most in a month, or which measure.

    ``from_count``: it takes this many times in one month before anything follows. ``cap``: the most for one party and
    month. ``scheme``: what staff agreed to; needed for rules about staff. ``terms``: of a rule that hangs on a figure
    (``figureterms``): window, floor, limit, steps, gates; empty for one that hangs on events.
    """

    rule_key = "rule_id"
    rule = models.ForeignKey(IncentiveRule, models.PROTECT, related_name="versions", verbose_name=_("rule"))
    trigger = models.CharField(_("raised by"), max_length=60)
    duties = codes(_("duties"), words=Duty.choices)
    categories = codes(_("main categories"))
    unit = models.CharField(_("unit"), max_length=8, default=POINTS)
    amount = models.DecimalField(
        _("amount each time"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    cap = models.DecimalField(_("at most in a month"), max_digits=14, decimal_places=2, null=True, blank=True)
    measure = models.CharField(_("measure"), max_length=12, choices=Measure, blank=True)
    from_count = models.PositiveSmallIntegerField(_("from how many times in a month"), default=1)
    terms = models.JSONField(_("terms of the figure"), default=dict, blank=True)
    scheme = models.ForeignKey(
        Scheme, models.PROTECT, null=True, blank=True, related_name="versions",
        verbose_name=_("scheme adopted with staff"),
    )  # fmt: skip
    history = HistoricalRecords()
    objects = IncentiveVersions.as_manager()

    class Meta:
        verbose_name = _("version of an incentive rule")
        verbose_name_plural = _("versions of incentive rules")
        ordering: ClassVar = ["rule_id", "-number"]
        triggers = INCENTIVE_MACHINE.triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "number"], name="incentive_number"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, cap__gte=F("amount"), measure="")
                | (Q(amount=None, cap=None) & ~Q(measure="")),
                name="incentive_amount_or_measure",
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="incentive_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} v{self.number}"

    @property
    def citation(self) -> str:
        return f"incentive.{self.rule.code} v{self.number}"

    @transition(**INCENTIVE_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**INCENTIVE_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**INCENTIVE_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Raised(AppendOnlyModel):
    """A rule led to a proposal about a party for a month: once per (party, month, rule)."""

    rule = models.ForeignKey(IncentiveRule, models.PROTECT, related_name="+", verbose_name=_("rule"))
    citation = models.CharField(_("version"), max_length=120)
    party = models.CharField(_("party"), max_length=10, choices=Party)
    party_id = models.BigIntegerField(_("party's key"))
    month = models.DateField(_("month"))
    times = models.PositiveIntegerField(_("how often"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True)
    events = ArrayField(models.BigIntegerField(), verbose_name=_("events"), default=list)
    at = models.DateTimeField(_("at"))

    objects = RaisedQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("ledger", "month by an incentive rule")
        verbose_name_plural = pgettext_lazy("ledger", "months by incentive rules")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "party", "party_id", "month"], name="raised_once")
        ]

    def __str__(self) -> str:
        return f"{self.citation} {self.month:%Y-%m}"
