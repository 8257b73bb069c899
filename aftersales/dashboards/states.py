"""Words of the reports."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class Period(TextChoices):
    """What a report is about; it is made once the period is over."""

    DAY = "day", pgettext_lazy("report period", "Day")
    WEEK = "week", pgettext_lazy("report period", "Week")
    MONTH = "month", pgettext_lazy("report period", "Month")
