"""Rows that leave the figures because a person found them not genuine."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.querysets import ScopedQuerySet


class ExcludedRows(ScopedQuerySet):
    view_capability = "scorecards.leave_out"


class RowExclusion(models.Model):
    """Why one order or review does not count in anybody's figures, because of which row (``source``) it was found.

    Taken back with ``ended_at``, and then it counts again. The row itself stays as it is.
    """

    subject_kind = models.CharField(_("subject kind"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))
    source_kind = models.CharField(_("found by"), max_length=60)
    source_id = models.BigIntegerField(_("found by row"))
    reason = models.TextField(_("reason"), max_length=1000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("set by"), db_index=False
    )
    at = models.DateTimeField(_("at"))
    ended_at = models.DateTimeField(_("taken back at"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("taken back by"),
        db_index=False,
    )  # fmt: skip
    ended_reason = models.TextField(_("why it was taken back"), max_length=1000, blank=True, default="")

    objects = ExcludedRows.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("scores", "row left out")
        verbose_name_plural = pgettext_lazy("scores", "rows left out")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "source_kind", "source_id"], condition=Q(ended_at=None),
                name="row_excluded_once",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["source_kind", "source_id"], name="row_exclusion_source")]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}"
