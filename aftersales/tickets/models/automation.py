"""Rules that act by themselves, their versions, and the log of what each did or why not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import AppendOnlyModel
from aftersales.standards.models import RuleVersion
from aftersales.standards.states import RuleState
from aftersales.tickets.machine import AUTOMATION_MACHINE
from aftersales.tickets.models.intake import Rule
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import AutomationVersionQuerySet, BookQuerySet
from aftersales.tickets.states import TIME_TRIGGERS, RuleOutcome, Trigger


class Automation(Rule):
    """A rule under a stable code; what it does stands in its versions. ``position`` orders rules of one trigger."""

    history = HistoricalRecords()
    objects = BookQuerySet.as_manager()

    class Meta:
        verbose_name = _("automation rule")
        verbose_name_plural = _("automation rules")
        ordering = ["position", "code"]


class AutomationVersion(RuleVersion):
    """When, which tickets, what: drafted by one person, brought into force by another.

    ``conditions`` over the ticket's columns, all of them or any; ``steps`` of the one engine of actions.
    """

    rule = models.ForeignKey(
        Automation, models.PROTECT, related_name="versions", verbose_name=_("automation rule")
    )
    trigger = models.CharField(pgettext_lazy("automation", "when"), max_length=16, choices=Trigger)
    hours = models.PositiveSmallIntegerField(_("hours"), default=0, help_text=_("Of a rule about time."))
    any_of = models.BooleanField(_("any condition is enough"), default=False)
    conditions = models.JSONField(_("conditions"), default=dict)
    steps = models.JSONField(pgettext_lazy("macro", "steps"), default=list)

    history = HistoricalRecords()
    objects = AutomationVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of an automation rule")
        verbose_name_plural = _("versions of automation rules")
        ordering = ["rule_id", "-number"]
        triggers = AUTOMATION_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="automation_version_number"),
            models.UniqueConstraint(
                fields=["rule"], condition=Q(state=RuleState.ACTIVE), name="automation_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="automation_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} v{self.number}"

    @property
    def citation(self) -> str:
        return f"{self.rule.code} v{self.number}"

    @property
    def by_time(self) -> bool:
        return self.trigger in TIME_TRIGGERS

    @transition(**AUTOMATION_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**AUTOMATION_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**AUTOMATION_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class AutomationRun(AppendOnlyModel):
    """What a rule did to one ticket, once for each event or moment, whichever version of it; written with its acts."""

    rule = models.ForeignKey(Automation, models.PROTECT, related_name="+", verbose_name=_("automation rule"))
    version = models.ForeignKey(
        AutomationVersion, models.PROTECT, related_name="runs", verbose_name=_("version")
    )
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name=_("ticket"))
    key = models.CharField(_("key"), max_length=60)
    outcome = models.CharField(_("outcome"), max_length=8, choices=RuleOutcome)
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    why_zh = models.TextField(_("why, in Chinese"), blank=True)
    why_en = models.TextField(_("why, in English"), blank=True)
    chain = models.CharField(_("rules in a row"), max_length=60, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("deed of a rule")
        verbose_name_plural = _("deeds of rules")
        constraints = [models.UniqueConstraint(fields=["rule", "ticket", "key"], name="automation_run_once")]
        indexes = [
            models.Index(fields=["version", "-id"], name="automation_run_log"),
            models.Index(fields=["rule", "ticket", "at"], name="automation_run_day"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.get_outcome_display()}"

    @property
    def why(self) -> str:
        return self.why_en if (get_language() or "").startswith("en") else self.why_zh
