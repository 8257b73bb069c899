"""Reports that come by themselves: who wants which, and what each said when it was made."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import PublicIdModel, VersionedModel
from aftersales.core.querysets import ScopedQuerySet
from aftersales.dashboards.states import Period


class OwnQuerySet(ScopedQuerySet):
    """Reports hold what their owner may see: nobody else reads them."""

    owner_field = "owner"

    def visible_to(self, user: Any) -> Self:
        if not (user and user.is_active and user.has_perm("dashboards.view")):
            return self.none()
        return self.filter(**{self.owner_field: user})


class PlanQuerySet(OwnQuerySet):
    def active(self) -> Self:
        return self.filter(active_to=None)


class ReportQuerySet(OwnQuerySet):
    owner_field = "plan__owner"


class ReportPlan(VersionedModel):
    """One person's wish: this period, of this team or of all he may see, at this hour of the day after."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="report_plans", verbose_name=_("owner")
    )
    period = models.CharField(_("period"), max_length=6, choices=Period)
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    hour = models.PositiveSmallIntegerField(_("hour"), default=8)
    created_at = models.DateTimeField(_("created at"))
    active_to = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("report plan")
        verbose_name_plural = _("report plans")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "period", "team"], condition=Q(active_to=None), nulls_distinct=False,
                name="report_plan_once",
            ),
            models.CheckConstraint(condition=Q(hour__lt=24), name="report_plan_hour"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_period_display()} · {self.owner}"


class Report(PublicIdModel, VersionedModel):
    """What a report said: numbers and codes as of the moment it was made, and the owner's own comment."""

    plan = models.ForeignKey(ReportPlan, models.PROTECT, related_name="reports", verbose_name=_("plan"))
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    made_at = models.DateTimeField(_("made at"))
    content = models.JSONField(_("content"), default=dict)
    comment = models.TextField(_("comment"), blank=True, default="", max_length=4000)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "last_day"], name="report_once"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="report_days"),
        ]
        indexes: ClassVar = [models.Index(fields=["plan", "-last_day"], name="report_newest")]

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day}"
