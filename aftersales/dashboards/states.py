"""Words of the reports and of tables that are taken out."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class Period(TextChoices):
    """What a report is about; it is made once the period is over."""

    DAY = "day", pgettext_lazy("report period", "Day")
    WEEK = "week", pgettext_lazy("report period", "Week")
    MONTH = "month", pgettext_lazy("report period", "Month")


class Table(TextChoices):
    """Tables of figures that can be taken out as a sheet."""

    BENCHMARK = "benchmark", pgettext_lazy("table", "Benchmark of categories")
    OBLIGATIONS = "obligations", pgettext_lazy("table", "Obligations by week")
    PARTNERS = "partners", pgettext_lazy("table", "Results of carriers, repair shops and vendors")
    LANES = "lanes", pgettext_lazy("table", "A carrier's parcels by lane")
    PRODUCTS = "products", pgettext_lazy("table", "Quality of products")
    RESULTS = "results", pgettext_lazy("table", "Results of people and teams")
