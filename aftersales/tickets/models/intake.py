"""How problems become tickets: signals, and the rules of intake, grading and dispatch as rows."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.states import Duty
from aftersales.core.models import AppendOnlyModel, VersionedModel
from aftersales.core.wording import minute
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import BookQuerySet, IntakeItemQuerySet, ThroughTicketQuerySet
from aftersales.tickets.states import Channel, IntakeOutcome, Kind, Nature, Severity, SignalKind


class Rule(VersionedModel):
    """A row of the intake book: named in both languages, with its source; switched off, never deleted."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    is_active = models.BooleanField(_("in force"), default=True)
    source_ref = models.CharField(_("source id"), max_length=60, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


class IntakeRule(Rule):
    """When a fact of the trade data is a problem (R3.1). ``threshold``: a review's stars, a parcel's grace hours."""

    signal = models.CharField(_("signal"), max_length=16, choices=SignalKind)
    threshold = models.PositiveSmallIntegerField(_("threshold"), default=0)
    horizon_days = models.PositiveSmallIntegerField(
        _("horizon in days"), help_text=_("Older facts open no ticket, except as historic ones on request.")
    )
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    nature = models.CharField(_("nature"), max_length=10, choices=Nature)
    history = HistoricalRecords()
    objects = BookQuerySet.as_manager()

    class Meta:
        verbose_name = _("intake rule")
        verbose_name_plural = _("intake rules")
        ordering = ["position", "code"]


def _codes(label: Any, choices: Sequence[tuple[str, object]]) -> ArrayField:
    return ArrayField(
        models.CharField(max_length=20, choices=choices), verbose_name=label, default=list, blank=True,
        help_text=_("Empty: all."),
    )  # fmt: skip


class GradingRule(Rule):
    """Sets kind, severity or nature when all conditions match; the first rule that sets an axis wins it (R5.2)."""

    kinds = _codes(_("kinds"), Kind.choices)
    channels = _codes(_("channels"), Channel.choices)
    signals = _codes(_("signals"), SignalKind.choices)
    customer_classes = ArrayField(
        models.CharField(max_length=20), verbose_name=_("customer classes"), default=list, blank=True
    )
    words = ArrayField(
        models.CharField(max_length=40), verbose_name=_("words"), default=list, blank=True,
        help_text=_("Any of these words in subject or first message."),
    )  # fmt: skip
    min_amount = models.DecimalField(_("from amount"), max_digits=14, decimal_places=2, null=True, blank=True)
    set_kind = models.CharField(_("sets kind"), max_length=14, choices=Kind, blank=True)
    set_severity = models.CharField(_("sets severity"), max_length=8, choices=Severity, blank=True)
    set_nature = models.CharField(_("sets nature"), max_length=10, choices=Nature, blank=True)
    history = HistoricalRecords()
    objects = BookQuerySet.as_manager()

    class Meta:
        verbose_name = _("grading rule")
        verbose_name_plural = _("grading rules")
        ordering = ["position", "code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(set_kind="", set_severity="", set_nature=""), name="grading_rule_sets_something"
            )
        ]


class DutyRoute(Rule):
    """Which duty takes a kind or nature of ticket (R3.2); the first match wins."""

    kinds = _codes(_("kinds"), Kind.choices)
    natures = _codes(_("natures"), Nature.choices)
    severities = _codes(_("severities"), Severity.choices)
    duty = models.CharField(_("duty"), max_length=16, choices=Duty)
    history = HistoricalRecords()
    objects = BookQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispatch route")
        verbose_name_plural = _("dispatch routes")
        ordering = ["position", "code"]


class IntakeItem(models.Model):
    """One signal, once: a row of a sheet or a finding of a rule, and what became of it."""

    for_machines = frozenset({"source", "source_ref"})

    source = models.CharField(_("source"), max_length=40)
    source_ref = models.CharField(_("source reference"), max_length=120)
    signal = models.CharField(_("signal"), max_length=16, choices=SignalKind)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=IntakeOutcome, default=IntakeOutcome.WAITING
    )
    happened_at = models.DateTimeField(_("happened at"))
    noticed_at = models.DateTimeField(_("noticed at"))
    order = models.ForeignKey(
        "orders.Order", models.PROTECT, null=True, related_name="+", verbose_name=_("order")
    )
    customer = models.ForeignKey(
        "customers.Customer",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("customer"),
        db_index=False,
    )
    merchant = models.ForeignKey(
        "merchants.Merchant",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("merchant"),
        db_index=False,
    )
    rule = models.ForeignKey(
        IntakeRule, models.PROTECT, null=True, related_name="items", verbose_name=_("rule")
    )
    rule_version = models.PositiveIntegerField(_("rule version"), default=0)
    facts = models.JSONField(_("facts"), default=dict, help_text=_("Codes and numbers only."))
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, related_name="intake_items", verbose_name=_("ticket")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = IntakeItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        constraints = [models.UniqueConstraint(fields=["source", "source_ref"], name="intake_once")]
        indexes = [
            models.Index(fields=["id"], name="intake_waiting", condition=Q(outcome="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.get_signal_display()} {minute(self.happened_at)}"


class DispatchRecord(AppendOnlyModel):
    """Why this person got the ticket, as it was judged then; ``candidates`` lists who was not chosen and why."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="dispatches", verbose_name=_("ticket"))
    duty = models.CharField(_("duty"), max_length=16, choices=Duty, blank=True)
    chosen = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("chosen"),
        db_index=False,
    )
    reason = models.CharField(_("reason"), max_length=40)
    candidates = models.JSONField(_("candidates"), default=list)
    asked = models.JSONField(
        _("what was asked"), default=dict, help_text=_("The ticket as it was judged: codes only.")
    )
    weights_version = models.PositiveIntegerField(_("version of the weights"), default=0)
    at = models.DateTimeField(_("at"))

    objects = ThroughTicketQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("dispatch record")
        verbose_name_plural = _("dispatch records")
        indexes = (models.Index(fields=["at", "id"], name="dispatch_at"),)

    def __str__(self) -> str:
        return f"{self.ticket_id} → {self.chosen_id}"
