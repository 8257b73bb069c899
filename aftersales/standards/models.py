"""Tables of the rule book. Every number has its source, its time and the two people behind it."""

from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import StateModel, VersionedModel
from aftersales.standards.machine import PARAMETER_MACHINE, STANDARD_MACHINE
from aftersales.standards.querysets import RuleBookQuerySet, RuleVersionQuerySet
from aftersales.standards.states import (
    ClockKind,
    DayKind,
    Debtor,
    Family,
    Measure,
    Promise,
    RuleState,
    Stance,
    Unit,
    YearState,
)
from aftersales.standards.worktime import MINUTES_OF_DAY

CODE_LENGTH = 60


def new_edition() -> list[pgtrigger.Trigger]:
    """Any change of the table gives the rule book a new edition, so that no process answers from an old copy.

    A trigger and not the services, because a rule changed by SQL must move behaviour as well.
    """
    return [
        pgtrigger.Trigger(
            name="new_edition",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            func="""
                INSERT INTO standards_edition (id, token) VALUES (1, gen_random_uuid()::text)
                ON CONFLICT (id) DO UPDATE SET token = EXCLUDED.token;
                RETURN NULL;
            """,
        )
    ]


class Edition(models.Model):
    """One row: a random token that changes with every change of the rule book."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token = models.CharField(max_length=36)

    class Meta:
        verbose_name = _("edition of the rule book")
        verbose_name_plural = _("editions of the rule book")
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="edition_single")]

    def __str__(self) -> str:
        return self.token


class Named(models.Model):
    """A row with a stable code and a name in both languages."""

    code = models.SlugField(_("code"), max_length=CODE_LENGTH, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


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
        return f"{self.weekday}: {clock_face(self.opens)}–{clock_face(self.closes)}"


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


def codes(label: Any, **kwargs: Any) -> ArrayField:
    """A condition: any of these codes; empty means every one."""
    return ArrayField(
        models.CharField(max_length=CODE_LENGTH), verbose_name=label, default=list, blank=True, **kwargs
    )


class RuleVersion(StateModel, VersionedModel):
    """What every version of every rule has: number, source, time, and who drafted and who activated it."""

    rule_key = ""  # the column that all versions of one rule share

    number = models.PositiveIntegerField(_("version"))
    state = FSMField(_("state"), choices=RuleState, default=RuleState.DRAFT, protected=True, max_length=10)
    source_ref = models.CharField(_("source id"), max_length=60, help_text=_("For example R3.4 or G4.1."))
    source_zh = models.TextField(_("source text"))
    source_en = models.CharField(_("source in English"), max_length=300)
    conflict_group = models.CharField(
        _("conflict group"),
        max_length=CODE_LENGTH,
        blank=True,
        help_text=_("Sources that contradict each other."),
    )
    note_zh = models.TextField(_("Chinese note"), blank=True)
    note_en = models.TextField(_("English note"), blank=True)
    change_reason = models.TextField(_("reason for the change"), blank=True)
    is_shipped = models.BooleanField(_("shipped default"), default=False, editable=False)
    valid_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    valid_to = models.DateTimeField(_("in force until"), null=True, blank=True)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("drafted by"), on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField(_("drafted at"))
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def note(self) -> str:
        return self.note_en if (get_language() or "").startswith("en") else self.note_zh

    @property
    def source(self) -> str:
        return self.source_en if (get_language() or "").startswith("en") else self.source_zh

    def applies_at(self, at: datetime) -> bool:
        if self.state not in {RuleState.ACTIVE, RuleState.RETIRED} or not self.valid_from:
            return False
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    @property
    def citation(self) -> str:
        raise NotImplementedError  # how clocks, events and pages name it

    def siblings(self) -> models.QuerySet[Any]:
        """All versions of the same rule."""
        return type(self)._default_manager.filter(**{self.rule_key: getattr(self, self.rule_key)})

    def _payload(self, **more: Any) -> dict[str, Any]:
        return {"code": self.citation.partition(" v")[0], "number": self.number, **more}

    def _activate(self, actor: Any, now: datetime, valid_from: datetime | None) -> dict[str, Any]:
        self.activated_by_id, self.activated_at = actor.pk, now
        self.valid_from = valid_from or now
        return self._payload(valid_from=self.valid_from.isoformat())

    def _retire(self, now: datetime, valid_to: datetime | None) -> dict[str, Any]:
        self.valid_to = valid_to or now
        return self._payload(valid_to=self.valid_to.isoformat())


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
