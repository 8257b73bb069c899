"""Working calendars, exceptional days and the markets that use them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from aftersales.core.models import VersionedModel
from aftersales.standards.querysets import RuleBookQuerySet
from aftersales.standards.states import DayKind, YearState
from aftersales.standards.worktime import MINUTES_OF_DAY

from .base import Named, new_edition


class WorkCalendar(Named, VersionedModel):
    """Opening times of a week in one zone, and whether public holidays close it."""

    zone = models.CharField(_("zone"), max_length=40, default="Asia/Shanghai")
    day_set = models.CharField(
        _("holiday table"), max_length=16, blank=True, help_text=_("Empty: holidays change nothing.")
    )
    make_up_like = models.PositiveSmallIntegerField(
        _("a make-up day opens like"), default=0, help_text=_("0 is Monday.")
    )
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("working calendar")
        verbose_name_plural = _("working calendars")
        ordering: ClassVar = ["code"]
        triggers = new_edition()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(make_up_like__lte=6), name="calendar_make_up_weekday")
        ]


class CalendarPeriod(VersionedModel):
    """One opening period of one weekday; several a day make lunch breaks."""

    calendar = models.ForeignKey(
        WorkCalendar, verbose_name=_("calendar"), on_delete=models.PROTECT, related_name="periods"
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), help_text=_("0 is Monday."))
    opens = models.PositiveSmallIntegerField(
        pgettext_lazy("rule book", "opens"), help_text=_("Minutes after midnight.")
    )
    closes = models.PositiveSmallIntegerField(
        pgettext_lazy("rule book", "closes"), help_text=_("Minutes after midnight.")
    )
    is_open = models.BooleanField(
        pgettext_lazy("rule book", "open"), default=True, help_text=_("A period given up stays readable.")
    )
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("opening period")
        verbose_name_plural = _("opening periods")
        ordering: ClassVar = ["calendar_id", "weekday", "opens"]
        triggers = new_edition()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="period_once"),
            models.CheckConstraint(
                condition=Q(weekday__lte=6, closes__lte=MINUTES_OF_DAY, opens__lt=F("closes")),
                name="period_in_day",
            ),
        ]

    def __str__(self) -> str:
        from aftersales.standards.vocabulary import weekday_words

        return f"{weekday_words(self.weekday)} {clock_face(self.opens)}–{clock_face(self.closes)}"


def clock_face(minute: int) -> str:
    """Minutes after midnight as people write them, ``24:00`` included."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


class CalendarYear(VersionedModel):
    """Whether a year's holidays are announced: due dates in other years are shown as provisional."""

    day_set = models.CharField(_("holiday table"), max_length=16)
    year = models.PositiveSmallIntegerField(_("year"))
    state = models.CharField(_("state"), max_length=12, choices=YearState)
    source = models.CharField(_("source"), max_length=200)
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar year")
        verbose_name_plural = _("calendar years")
        ordering: ClassVar = ["day_set", "-year"]
        triggers = new_edition()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day_set", "year"], name="calendar_year_once")
        ]

    def __str__(self) -> str:
        return f"{self.day_set} {self.year}"


class CalendarDay(VersionedModel):
    """A public holiday or a make-up working day, with the notice it comes from."""

    day_set = models.CharField(_("holiday table"), max_length=16)
    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=8, choices=DayKind)
    name_zh = models.CharField(_("Chinese name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60)
    source = models.CharField(_("source"), max_length=200)
    is_valid = models.BooleanField(
        pgettext_lazy("rule book", "valid"), default=True, help_text=_("A day taken back stays readable.")
    )
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("exceptional day")
        verbose_name_plural = _("exceptional days")
        ordering: ClassVar = ["day_set", "-date"]
        triggers = new_edition()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day_set", "date"], name="calendar_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name_zh}"


class Market(Named, VersionedModel):
    """Where we sell: currency, zone, calendar, languages and law. One row is the default."""

    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    zone = models.CharField(_("zone"), max_length=40, default="Asia/Shanghai")
    calendar = models.ForeignKey(
        WorkCalendar, verbose_name=_("working calendar"), on_delete=models.PROTECT, related_name="markets"
    )
    languages = ArrayField(models.CharField(max_length=10), verbose_name=_("languages"), default=list)
    law_set = models.CharField(_("law set"), max_length=20, default="CN")
    is_default = models.BooleanField(_("default market"), default=False)
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("market")
        verbose_name_plural = _("markets")
        ordering: ClassVar = ["code"]
        triggers = new_edition()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="market_default_once"
            )
        ]
