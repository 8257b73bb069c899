"""Courses and their runs: what is taught in which version, when, by whom, and who was there (R1.1, R1.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from accounts.states import Duty
from aftersales.core.models import AppendOnlyModel, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from training.machine import COURSE_MACHINE, NUMBER_MACHINE, RUN_MACHINE, SEAT_MACHINE
from training.models import CODE_LENGTH, TrainingRule, money_column, versions_are_sound
from training.querysets import (
    CourseQuerySet,
    RunQuerySet,
    SeatQuerySet,
    SheetLineQuerySet,
    TrainingRuleQuerySet,
)
from training.states import CourseKind, RunState, Said, SeatState, Way

PERSON = settings.AUTH_USER_MODEL


def in_words(row: Any) -> str:
    """A row's name in the reader's language."""
    return str(row.name_en if (get_language() or "").startswith("en") else row.name_zh)


class Number(TrainingRule):
    """One number that training works by (minutes of a code, hours of onboarding …); its code says which."""

    rule_key = "code"

    code = models.SlugField(_("code"), max_length=CODE_LENGTH)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    value = models.DecimalField(_("value"), max_digits=9, decimal_places=2, validators=[MinValueValidator(0)])
    history = HistoricalRecords()
    objects = TrainingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("number of training")
        verbose_name_plural = _("numbers of training")
        ordering: ClassVar = ["code", "-number"]
        triggers = NUMBER_MACHINE.triggers()
        constraints: ClassVar = versions_are_sound("training_number", "code")

    def __str__(self) -> str:
        return f"{in_words(self)} v{self.number}"

    @property
    def name(self) -> str:
        return in_words(self)

    @property
    def citation(self) -> str:
        return f"number.{self.code} v{self.number}"

    @transition(**NUMBER_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**NUMBER_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**NUMBER_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Course(VersionedModel):
    """Something that is taught. What it teaches stands in its versions."""

    code = models.SlugField(_("code"), max_length=CODE_LENGTH, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    kind = models.CharField(_("kind of course"), max_length=14, choices=CourseKind)
    history = HistoricalRecords()
    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("training", "course")
        verbose_name_plural = pgettext_lazy("training", "courses")
        ordering: ClassVar = ["kind", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return in_words(self)


class CourseVersion(TrainingRule):
    """What a course teaches to whom: hours, duties and tiers (none: all), syllabus, material, links.

    ``refresh_months``: for how long having been there counts; empty means for ever. ``exam``: what is sat before and
    after, so that it shows what people learned.
    """

    rule_key = "course_id"

    course = models.ForeignKey(
        Course,
        verbose_name=pgettext_lazy("training", "course"),
        on_delete=models.PROTECT,
        related_name="versions",
    )
    hours = models.DecimalField(
        _("hours"), max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(400)]
    )
    duties = ArrayField(
        models.CharField(max_length=16, choices=Duty),
        verbose_name=_("duties"),
        default=list,
        blank=True,
        help_text=_("None means all."),
    )
    tiers = ArrayField(
        models.CharField(max_length=CODE_LENGTH),
        verbose_name=pgettext_lazy("training", "tiers"),
        default=list,
        blank=True,
        help_text=_("None means all."),
    )
    refresh_months = models.PositiveSmallIntegerField(
        _("counts for"), null=True, blank=True, help_text=_("Months; empty means for ever.")
    )
    exam = models.ForeignKey(
        "training.Exam",
        verbose_name=pgettext_lazy("exam", "exam"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    syllabus = models.TextField(_("syllabus"), blank=True)
    material = models.TextField(_("material"), blank=True)
    links = models.TextField(_("links"), blank=True, help_text=_("One address on each line."))
    history = HistoricalRecords()
    objects = TrainingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a course")
        verbose_name_plural = _("versions of courses")
        ordering: ClassVar = ["course_id", "-number"]
        triggers = COURSE_MACHINE.triggers()
        constraints: ClassVar = [
            *versions_are_sound("course_version", "course"),
            models.CheckConstraint(condition=Q(hours__gt=0), name="course_hours"),
        ]

    def __str__(self) -> str:
        return f"{self.course} v{self.number}"

    @property
    def citation(self) -> str:
        return f"course.{self.course.code} v{self.number}"

    @transition(**COURSE_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**COURSE_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**COURSE_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class CourseFile(PublicIdModel):
    """A file of a version's material (``core.files``); a later version takes it over as a row of its own."""

    course_version = models.ForeignKey(
        CourseVersion, verbose_name=_("version of a course"), on_delete=models.PROTECT, related_name="files"
    )
    name = models.CharField(_("stored name"), max_length=64)
    original_name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    added_by = models.ForeignKey(
        PERSON, verbose_name=_("added by"), on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(_("added at"))
    active_to = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("file of a course")
        verbose_name_plural = _("files of courses")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.original_name


class Run(StateModel, VersionedModel):
    """A course held once: when, where, by whom, for how many. ``hours`` are those of its version when planned."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    course = models.ForeignKey(
        Course,
        verbose_name=pgettext_lazy("training", "course"),
        on_delete=models.PROTECT,
        related_name="runs",
    )
    course_version = models.ForeignKey(
        CourseVersion, verbose_name=_("version of a course"), on_delete=models.PROTECT, related_name="runs"
    )
    state = StateField(_("state"), choices=RunState, default=RunState.PLANNED, max_length=10)
    hours = models.DecimalField(_("hours"), max_digits=5, decimal_places=2)
    trainer = models.ForeignKey(
        PERSON,
        verbose_name=pgettext_lazy("training", "trainer"),
        on_delete=models.PROTECT,
        related_name="taught_runs",
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    places = models.PositiveSmallIntegerField(_("places"))
    place = models.CharField(pgettext_lazy("training", "place"), max_length=120, blank=True)
    link = models.URLField(pgettext_lazy("training", "link"), max_length=300, blank=True)
    budget = money_column(_("budget"), null=True, blank=True)
    cost_per_head = money_column(_("cost per head"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    planned_by = models.ForeignKey(
        PERSON, verbose_name=_("planned by"), on_delete=models.PROTECT, related_name="+"
    )
    planned_at = models.DateTimeField(_("planned at"))
    history = HistoricalRecords()
    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("training", "run")
        verbose_name_plural = pgettext_lazy("training", "runs")
        ordering: ClassVar = ["-starts_at", "-pk"]
        triggers = RUN_MACHINE.triggers()
        indexes: ClassVar = [models.Index(fields=["state", "starts_at"], name="run_state_start")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="run_period"),
            models.CheckConstraint(condition=Q(places__gte=1), name="run_places"),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(**RUN_MACHINE.transition("open"))
    def open(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**RUN_MACHINE.transition("start"))
    def start(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**RUN_MACHINE.transition("finish"))
    def finish(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Over before its planned end, it ended now: hours count from then on."""
        if self.starts_at < now < self.ends_at:
            self.ends_at = now
        return self._payload()

    @transition(**RUN_MACHINE.transition("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    def _payload(self) -> dict[str, Any]:
        return {"run": self.number, "course": self.course_id}


class Seat(StateModel, VersionedModel):
    """One person in one run: one row however often he is enrolled, so that his hours count once."""

    run = models.ForeignKey(
        Run, verbose_name=pgettext_lazy("training", "run"), on_delete=models.PROTECT, related_name="seats"
    )
    person = models.ForeignKey(
        PERSON, verbose_name=_("person"), on_delete=models.PROTECT, related_name="seats"
    )
    state = StateField(_("state"), choices=SeatState, default=SeatState.ENROLLED, max_length=10)
    enrolled_by = models.ForeignKey(
        PERSON, verbose_name=_("enrolled by"), on_delete=models.PROTECT, related_name="+"
    )
    enrolled_at = models.DateTimeField(_("enrolled at"))
    way = models.CharField(_("known by"), max_length=8, choices=Way, blank=True)
    known_at = models.DateTimeField(_("known since"), null=True, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(_("wrong codes"), default=0)
    wrong_since = models.DateTimeField(_("wrong codes since"), null=True, blank=True)
    history = HistoricalRecords()
    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("training", "seat")
        verbose_name_plural = pgettext_lazy("training", "seats")
        ordering: ClassVar = ["pk"]
        triggers = SEAT_MACHINE.triggers()
        indexes: ClassVar = [models.Index(fields=["person", "state"], name="seat_person_state")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "person"], name="seat_once")]

    def __str__(self) -> str:
        return f"{self.run_id} · {self.person_id}"

    @transition(**SEAT_MACHINE.transition("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**SEAT_MACHINE.transition("rejoin"))
    def rejoin(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.enrolled_by_id, self.enrolled_at = actor.pk, now
        return self._payload()

    @transition(**SEAT_MACHINE.transition("attend"))
    def attend(self, *, actor: Any, now: datetime, way: str = Way.TRAINER) -> dict[str, Any]:
        return self._known(now, way)

    @transition(**SEAT_MACHINE.transition("check_in"))
    def check_in(self, *, actor: Any, now: datetime, code: str) -> dict[str, Any]:
        self.wrong_codes, self.wrong_since = 0, None
        return self._known(now, Way.CODE)

    @transition(**SEAT_MACHINE.transition("miss"))
    def miss(self, *, actor: Any, now: datetime, way: str = Way.TRAINER) -> dict[str, Any]:
        return self._known(now, way)

    def _known(self, now: datetime, way: str) -> dict[str, Any]:
        self.way, self.known_at = way, now
        return self._payload() | {"way": str(way)}

    def _payload(self) -> dict[str, Any]:
        return {"run": self.run_id, "person": self.person_id}


class SheetLine(AppendOnlyModel):
    """What a line of an attendance sheet said of a person in a run; the same line again is the same row."""

    run = models.ForeignKey(
        Run, verbose_name=pgettext_lazy("training", "run"), on_delete=models.PROTECT, related_name="+"
    )
    person = models.ForeignKey(PERSON, verbose_name=_("person"), on_delete=models.PROTECT, related_name="+")
    said = models.CharField(pgettext_lazy("sheet", "said"), max_length=10, choices=Said)
    taken_at = models.DateTimeField(_("taken in at"))
    taken_by = models.ForeignKey(
        PERSON, verbose_name=_("taken in by"), on_delete=models.PROTECT, related_name="+"
    )

    objects = SheetLineQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("line of an attendance sheet")
        verbose_name_plural = _("lines of attendance sheets")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "person", "said"], name="sheet_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} · {self.person_id} · {self.said}"
