"""Return rules and their versions (R4.1–R4.3, law B1 and B2)."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import VersionedModel
from aftersales.standards.lawnames import law_words
from aftersales.standards.machine import RETURN_MACHINE
from aftersales.standards.querysets import RuleBookQuerySet, RuleVersionQuerySet
from aftersales.standards.returns.states import (
    Anchor,
    Bearer,
    Carry,
    Chapter,
    Condition,
    Demand,
    Effect,
    Evidence,
    ExceptionKind,
    Ground,
    LineRule,
    Mark,
    Silence,
    Stage,
    WindowUnit,
)

from .base import Named, RuleVersion, codes, new_edition


class ReturnRule(Named, VersionedModel):
    """A rule about returns under a stable code; what it says stands in its versions."""

    chapter = models.CharField(_("chapter"), max_length=12, choices=Chapter)
    position = models.PositiveSmallIntegerField(pgettext_lazy("rule book", "order"), default=100)
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("rule book", "return rule")
        verbose_name_plural = pgettext_lazy("rule book", "return rules")
        ordering: ClassVar = ["position", "code"]
        triggers = new_edition()


def length(label: Any, **kwargs: Any) -> models.PositiveIntegerField:
    """How many of the unit beside it; empty means no such window."""
    return models.PositiveIntegerField(label, null=True, blank=True, **kwargs)


def unit() -> models.CharField:
    return models.CharField(_("unit"), max_length=14, choices=WindowUnit, blank=True, default="")


def bearer(label: Any) -> models.CharField:
    return models.CharField(label, max_length=10, choices=Bearer, blank=True, default=Bearer.NOBODY)


class ReturnRuleVersion(RuleVersion):
    """One version of a return rule: for what, how long, counted from what, at whose cost.

    The window is ours; the legal one stands beside it and is never longer. An empty condition means any.
    """

    rule_key = "rule_id"

    rule = models.ForeignKey(
        ReturnRule,
        verbose_name=pgettext_lazy("rule book", "return rule"),
        on_delete=models.PROTECT,
        related_name="versions",
    )
    effect = models.CharField(_("effect"), max_length=10, choices=Effect, default=Effect.GRANTS)
    # -- for what
    law_sets = codes(_("law sets"))
    regions = codes(_("regions"))
    categories = codes(_("product categories"), help_text=_("A category speaks for all below it."))
    demands = codes(_("demands"), words=Demand)
    grounds = codes(_("grounds"), words=Ground)
    stages = codes(_("stages of the goods"), words=Stage)
    marks = codes(_("marks of the order"), words=Mark, help_text=_("All of them must be present."))
    promises = codes(_("merchant's promises"), help_text=_("One of them must have been given."))
    exception = models.CharField(
        _("exception"),
        max_length=16,
        choices=LineRule,
        blank=True,
        default="",
        help_text=_("Of a rule that takes a right away: which goods it speaks about."),
    )
    exception_kinds = codes(_("kinds of exception"), words=ExceptionKind)
    # -- how long
    window_value = length(_("our window"))
    window_unit = unit()
    legal_value = length(_("legal window"))
    legal_unit = unit()
    legal_ref = models.CharField(_("legal ground"), max_length=160, blank=True, default="")
    look_value = length(
        _("looked at until"), help_text=_("After the window a person looks, counted from the same event.")
    )
    look_unit = unit()
    # -- counted from what
    anchor = models.CharField(_("counted from"), max_length=10, choices=Anchor, default=Anchor.SIGNED)
    consent_signers = codes(
        _("need consent"), help_text=_("Left there without recorded consent the pick-up counts.")
    )
    after_replacement = models.CharField(
        _("after a replacement"), max_length=8, choices=Carry, default=Carry.KEEPS
    )
    holiday_end = models.CharField(
        _("last day on a day off"), max_length=8, choices=Carry, default=Carry.KEEPS
    )
    repair_excluded = models.BooleanField(_("time under repair does not count"), default=False)
    within_warranty = models.BooleanField(_("as long as the warranty"), default=False)
    # -- what must have happened
    failed_repairs = models.PositiveSmallIntegerField(_("failed repairs needed"), default=0)
    slow_repair_days = models.PositiveSmallIntegerField(_("repair longer than days"), default=0)
    slow_parts_days = models.PositiveSmallIntegerField(_("waiting for parts longer than days"), default=0)
    # -- at whose cost, shown how, and then
    freight_out = bearer(_("freight to the customer"))
    freight_back = bearer(_("freight back"))
    freight_again = bearer(_("freight of the second delivery"))
    evidence = codes(_("evidence"), words=Evidence)
    conditions = codes(_("conditions of the goods"), words=Condition)
    silence = models.CharField(
        _("merchant's silence"), max_length=10, choices=Silence, blank=True, default=""
    )
    person_marks = codes(
        _("a person refuses"), words=Mark, help_text=_("With these marks a refusal is never automatic.")
    )
    owed_by = bearer(_("owed by"))
    history = HistoricalRecords()
    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a return rule")
        verbose_name_plural = _("versions of return rules")
        ordering: ClassVar = ["rule_id", "-number"]
        triggers = [*RETURN_MACHINE.triggers(), *new_edition()]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "number"], name="return_rule_version_number"),
            models.CheckConstraint(
                condition=(Q(window_value=None) & Q(window_unit=""))
                | (Q(window_value__gt=0) & ~Q(window_unit="")),
                name="return_rule_window",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="return_rule_validity"
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="return_rule_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} v{self.number}"

    @property
    def law(self) -> str:
        """The legal ground as the reader calls it."""
        return law_words(self.legal_ref)

    @property
    def citation(self) -> str:
        return f"{self.rule.code} v{self.number}"

    @transition(**RETURN_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**RETURN_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**RETURN_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)
