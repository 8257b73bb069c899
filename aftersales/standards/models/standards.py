"""Service standards and their versions."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import VersionedModel
from aftersales.standards.lawnames import law_words
from aftersales.standards.machine import STANDARD_MACHINE
from aftersales.standards.querysets import RuleBookQuerySet, RuleVersionQuerySet
from aftersales.standards.states import ClockKind, Debtor, Family, Promise, Unit

from .base import Named, RuleVersion, codes, new_edition
from .calendars import WorkCalendar
from .promotions import Promotion


class ServiceStandard(Named, VersionedModel):
    """A promise under a stable code; what exactly is promised stands in its versions."""

    promise = models.CharField(_("promise"), max_length=24, choices=Promise)
    family = models.CharField(_("kind of standard"), max_length=12, choices=Family, default=Family.RESPONSE)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("responsible person"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    next_review_on = models.DateField(_("next review"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(pgettext_lazy("rule book", "order"), default=100)
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("service standard")
        verbose_name_plural = _("service standards")
        ordering: ClassVar = ["position", "code"]
        triggers = new_edition()


class StandardVersion(RuleVersion):
    """One version of a service standard: for which tickets, who owes what by when, counted how (R3.4, R5.1).

    Event names in ``starts_on`` and its sisters may carry one condition on the event's payload:
    ``ticket.waiting?for=customer``.
    """

    standard = models.ForeignKey(
        ServiceStandard, verbose_name=_("standard"), on_delete=models.PROTECT, related_name="versions"
    )
    rule_key = "standard_id"
    for_machines = frozenset({"subject_kind"})
    subject_kind = models.CharField(_("what it is about"), max_length=60, default="tickets.ticket")
    kinds = codes(_("ticket kinds"))
    severities = codes(_("severities"))
    natures = codes(_("natures"))
    channels = codes(_("channels"))
    customer_classes = codes(_("customer classes"))
    markets = codes(_("markets"))
    tags = codes(
        pgettext_lazy("rule book", "marks"), help_text=_("All of them must be present, for example urgent.")
    )
    owed_by = models.CharField(_("owed by"), max_length=12, choices=Debtor, default=Debtor.TEAM)
    owed_party = models.CharField(_("duty or department"), max_length=40, blank=True)
    clock_kind = models.CharField(
        _("kind of clock"), max_length=10, choices=ClockKind, default=ClockKind.SERVICE
    )
    limit_value = models.PositiveIntegerField(_("our target"))
    limit_unit = models.CharField(_("unit"), max_length=14, choices=Unit, default=Unit.HOURS)
    calendar = models.ForeignKey(
        WorkCalendar, verbose_name=_("calendar"), on_delete=models.PROTECT, related_name="standards"
    )
    warning_percent = models.PositiveSmallIntegerField(
        _("warning at"), default=75, help_text=_("Per cent of the time used.")
    )
    starts_on = codes(_("starts with"))
    restarts_on = codes(_("starts again with"))
    stops_on = codes(_("is met by"))
    pauses_on = codes(_("pauses with"))
    resumes_on = codes(_("goes on with"))
    cancels_on = codes(_("is dropped by"))
    source_limit_value = models.PositiveIntegerField(_("source's limit"), null=True, blank=True)
    source_limit_unit = models.CharField(_("unit"), max_length=14, choices=Unit, blank=True)
    legal_limit_value = models.PositiveIntegerField(_("legal limit"), null=True, blank=True)
    legal_limit_unit = models.CharField(_("unit"), max_length=14, choices=Unit, blank=True)
    legal_ref = models.CharField(_("legal ground"), max_length=120, blank=True)
    promotion = models.ForeignKey(
        Promotion, models.PROTECT, null=True, blank=True, editable=False, related_name="standard_versions",
        verbose_name=pgettext_lazy("rule book", "promotion"),
    )  # fmt: skip
    applies_to_open = models.BooleanField(_("applies to open tickets"), default=False, editable=False)
    history = HistoricalRecords()
    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a standard")
        verbose_name_plural = _("versions of standards")
        ordering: ClassVar = ["standard_id", "-number"]
        triggers = [*STANDARD_MACHINE.triggers(), *new_edition()]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["standard", "number"], name="standard_version_number"),
            models.CheckConstraint(condition=Q(limit_value__gt=0), name="standard_limit_positive"),
            models.CheckConstraint(
                condition=Q(warning_percent__gte=1, warning_percent__lte=100), name="standard_warning_percent"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="standard_validity"
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="standard_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.standard} v{self.number}"

    @property
    def law(self) -> str:
        """The legal ground as the reader calls it."""
        return law_words(self.legal_ref)

    @property
    def citation(self) -> str:
        return f"{self.standard.code} v{self.number}"

    @transition(**STANDARD_MACHINE.transition("activate"))
    def activate(
        self, *, actor: Any, now: datetime, valid_from: datetime | None = None, open_too: bool = False
    ) -> dict[str, Any]:
        self.applies_to_open = bool(open_too)
        return self._activate(actor, now, valid_from) | {"open_too": self.applies_to_open}

    @transition(**STANDARD_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**STANDARD_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)
