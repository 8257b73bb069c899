"""Promotions (大促): for a time other numbers count, and then the usual ones again by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.standards.promoting.machine import PROMOTION_MACHINE
from aftersales.standards.promoting.rules import Override, overrides_of
from aftersales.standards.promoting.states import PromotionState
from aftersales.standards.querysets import RuleBookQuerySet

from .base import Named, new_edition
from .calendars import Market


class Promotion(Named, StateModel, VersionedModel):
    """From ``starts_at`` to ``ends_at`` its overrides count (operations.md 4, promotion mode).

    ``overrides``: ``[{sort, code, value, unit}]``, read through ``said``. Brought into force, each becomes a version
    of its rule with these dates, which clocks cite. ``market`` empty: every market. ``ended_at``: ended early.
    """

    market = models.ForeignKey(
        Market, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("market")
    )
    state = StateField(_("state"), choices=PromotionState, default=PromotionState.DRAFT, max_length=10)
    starts_at = models.DateTimeField(pgettext_lazy("promotion", "starts"))
    ends_at = models.DateTimeField(pgettext_lazy("promotion", "ends"))
    reason = models.TextField(pgettext_lazy("promotion", "reason"), max_length=2000)
    overrides = models.JSONField(pgettext_lazy("promotion", "overrides"), default=list, blank=True)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("drafted by")
    )
    drafted_at = models.DateTimeField(_("drafted at"))
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("activated by"),
    )  # fmt: skip
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)
    ended_at = models.DateTimeField(pgettext_lazy("promotion", "ended early at"), null=True, blank=True)

    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("rule book", "promotion")
        verbose_name_plural = pgettext_lazy("rule book", "promotions")
        ordering: ClassVar = ["-starts_at", "-pk"]
        triggers = [*PROMOTION_MACHINE.triggers(), *new_edition()]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="promotion_lasts"),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")),
                name="promotion_second_person",
            ),
        ]

    @property
    def said(self) -> list[Override]:
        """Its overrides."""
        return overrides_of(self.overrides)

    @property
    def citation(self) -> str:
        return str(self.code)

    @property
    def until(self) -> datetime:
        """When the usual numbers count again."""
        return self.ended_at or self.ends_at

    def runs_at(self, at: datetime) -> bool:
        """Whether its overrides count at that moment."""
        in_force = self.state in (PromotionState.ACTIVE, PromotionState.RETIRED)
        return in_force and self.starts_at <= at < self.until

    @transition(**PROMOTION_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.activated_by_id, self.activated_at = actor.pk, now
        self.starts_at = max(self.starts_at, now)
        return self.payload()

    @transition(**PROMOTION_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return {"code": self.code}

    @transition(**PROMOTION_MACHINE.transition("end"))
    def end(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.ended_at = now
        return {"code": self.code}

    def payload(self) -> dict[str, Any]:
        """What events say of it."""
        return {
            "code": self.code, "starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat(),
        }  # fmt: skip
