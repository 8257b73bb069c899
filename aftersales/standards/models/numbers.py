"""Numbers of the business and their versions."""

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
from aftersales.standards.machine import PARAMETER_MACHINE
from aftersales.standards.querysets import RuleBookQuerySet, RuleVersionQuerySet
from aftersales.standards.states import Measure, Stance

from .base import Named, RuleVersion, new_edition
from .promotions import Promotion


class Parameter(Named, VersionedModel):
    """Any other number of the business under a stable code: windows, tries, thresholds, formats."""

    group = models.SlugField(pgettext_lazy("rule book", "group"), max_length=40)
    measure = models.CharField(pgettext_lazy("rule book", "counts"), max_length=14, choices=Measure)
    stance = models.CharField(
        pgettext_lazy("rule book", "use"), max_length=8, choices=Stance, default=Stance.LIMIT
    )
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("rule book", "number")
        verbose_name_plural = pgettext_lazy("rule book", "numbers")
        ordering: ClassVar = ["group", "code"]
        triggers = new_edition()


class ParameterVersion(RuleVersion):
    """One value of a number, with its source, who brought it into force and since when."""

    rule_key = "parameter_id"

    parameter = models.ForeignKey(
        Parameter,
        verbose_name=pgettext_lazy("rule book", "number"),
        on_delete=models.PROTECT,
        related_name="versions",
    )
    value = models.JSONField(pgettext_lazy("of a number", "value"))
    source_value = models.JSONField(_("source's value"), null=True, blank=True)
    legal_value = models.JSONField(_("legal value"), null=True, blank=True)
    legal_ref = models.CharField(_("legal ground"), max_length=120, blank=True)
    promotion = models.ForeignKey(
        Promotion, models.PROTECT, null=True, blank=True, editable=False, related_name="number_versions",
        verbose_name=pgettext_lazy("rule book", "promotion"),
    )  # fmt: skip
    history = HistoricalRecords()
    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a number")
        verbose_name_plural = _("versions of numbers")
        ordering: ClassVar = ["parameter_id", "-number"]
        triggers = [*PARAMETER_MACHINE.triggers(), *new_edition()]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["parameter", "number"], name="parameter_version_number"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="parameter_validity"
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="parameter_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parameter} v{self.number}"

    @property
    def law(self) -> str:
        """The legal ground as the reader calls it."""
        return law_words(self.legal_ref)

    @property
    def citation(self) -> str:
        return f"{self.parameter.code} v{self.number}"

    @transition(**PARAMETER_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**PARAMETER_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**PARAMETER_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)
