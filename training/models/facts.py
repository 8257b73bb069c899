"""What other rooms know of a person's work, one figure a day."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from training.querysets import FactQuerySet


class Fact(models.Model):
    """A person, a metric, a day of the installation: the sum of what was counted or marked, and how many it were.

    A roll-up: it can be recorded anew from the events at any time; the same day again replaces it.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    metric = models.SlugField(pgettext_lazy("training", "figure"), max_length=40, db_index=False)
    day = models.DateField(_("day"))
    total = models.DecimalField(_("sum"), max_digits=14, decimal_places=2)
    sample = models.PositiveIntegerField(_("sample"))
    objects = FactQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("training", "figure of a person")
        verbose_name_plural = pgettext_lazy("training", "figures of people")
        ordering: ClassVar = ["-day", "metric"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "metric", "day"], name="fact_once"),
            models.CheckConstraint(condition=Q(total__gte=0), name="fact_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["metric", "day"], name="fact_day")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.metric} {self.day}"
