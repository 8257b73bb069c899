"""What a version of a tier asks for before somebody is certified, and what ends a temporary one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.states import Duty

CODE_LENGTH = 60


def _codes(label: Any) -> ArrayField[Any, Any]:
    return ArrayField(models.SlugField(max_length=CODE_LENGTH), verbose_name=label, default=list, blank=True)


def _score(label: Any, highest: int) -> models.DecimalField[Any, Any]:
    ends = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(highest))]
    return models.DecimalField(label, max_digits=5, decimal_places=2, validators=ends, null=True, blank=True)


class TierTerms(models.Model):
    """Requirements as data (R1.2, R1.3). Zero, nothing or empty: not asked for.

    ``figure_days`` is the span before the decision in which tickets, satisfaction and inspection count, ``sample``
    how many marks a mean needs; ``duties`` narrows what a certificate of this tier may cover; ``latest_end`` makes
    the tier temporary: no certificate of it outlives that moment (R1.2).
    """

    hours = models.DecimalField(
        _("hours of training"),
        max_digits=6,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
    )
    courses = _codes(pgettext_lazy("requirement", "courses in date"))
    exams = _codes(pgettext_lazy("requirement", "exams passed"))
    rubrics = _codes(pgettext_lazy("requirement", "practical assessments passed"))
    handled = models.PositiveIntegerField(pgettext_lazy("requirement", "tickets handled"), default=0)
    satisfaction = _score(pgettext_lazy("requirement", "satisfaction"), 5)
    inspection = _score(pgettext_lazy("requirement", "inspection score"), 100)
    figure_days = models.PositiveSmallIntegerField(_("days that figures count"), default=90)
    sample = models.PositiveSmallIntegerField(_("marks that a mean needs"), default=10)
    days_below = models.PositiveSmallIntegerField(_("days in the tiers below"), default=0)
    no_suspension = models.BooleanField(_("no suspended certificate"), default=False)
    recertify_days = models.PositiveSmallIntegerField(
        _("examined anew within"),
        default=30,
        help_text=_("Days after a new version of its exam came into force."),
    )
    duties = ArrayField(
        models.CharField(max_length=16, choices=Duty),
        verbose_name=pgettext_lazy("requirement", "only for these duties"),
        default=list,
        blank=True,
    )
    latest_end = models.DateTimeField(
        pgettext_lazy("requirement", "ends at the latest"), null=True, blank=True
    )

    class Meta:
        abstract = True

    @property
    def asks(self) -> bool:
        """Anything at all is asked for."""
        listed = (self.hours, self.courses, self.exams, self.rubrics, self.handled, self.days_below)
        scores = self.satisfaction is not None or self.inspection is not None
        return any(listed) or scores or self.no_suspension

    @property
    def is_temporary(self) -> bool:
        return self.latest_end is not None


def terms_are_sound() -> list[models.BaseConstraint]:
    return [
        models.CheckConstraint(
            condition=Q(figure_days__gte=1, sample__gte=1, recertify_days__gte=1), name="tier_spans"
        ),
        models.CheckConstraint(condition=Q(latest_end=None) | ~Q(duties=[]), name="tier_temporary_is_narrow"),
    ]


TERMS: tuple[str, ...] = (
    "hours", "courses", "exams", "rubrics", "handled", "satisfaction", "inspection", "figure_days", "sample",
    "days_below", "no_suspension", "recertify_days", "duties", "latest_end",
)  # fmt: skip
