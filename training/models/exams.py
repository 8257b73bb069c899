"""Question bank, exams and what people answered: a paper is drawn once and frozen (R1.1)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from training.exammachine import ATTEMPT_MACHINE, EXAM_MACHINE, QUESTION_MACHINE
from training.models import CODE_LENGTH, TrainingRule, versions_are_sound
from training.models.courses import in_words
from training.querysets import AttemptQuerySet, BankQuerySet, ExamQuerySet, TrainingRuleQuerySet
from training.states import AttemptState, Partial, QuestionKind

PERSON = settings.AUTH_USER_MODEL


def points_column(label: Any, **more: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(
        label, max_digits=6, decimal_places=2, validators=[MinValueValidator(0)], **more
    )


class Question(VersionedModel):
    """A question of the bank. What it asks stands in its versions, so that a marked paper stays as it was."""

    code = models.SlugField(_("code"), max_length=CODE_LENGTH, unique=True)
    topic = models.CharField(pgettext_lazy("exam", "topic"), max_length=40, db_index=True)
    history = HistoricalRecords()
    objects = BankQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("exam", "question")
        verbose_name_plural = pgettext_lazy("exam", "questions")
        ordering: ClassVar = ["topic", "code"]

    def __str__(self) -> str:
        return self.code


class QuestionVersion(TrainingRule):
    """What a question asks and what is right.

    ``right`` are places in ``options`` from 0: the right ones, or for an order all of them in the right order. A short
    text has a ``model_answer`` for its marker instead. ``cites`` names the rule version that the question is about.
    """

    rule_key = "question_id"

    question = models.ForeignKey(
        Question,
        verbose_name=pgettext_lazy("exam", "question"),
        on_delete=models.PROTECT,
        related_name="versions",
    )
    kind = models.CharField(_("kind of question"), max_length=10, choices=QuestionKind)
    text = models.TextField(pgettext_lazy("exam", "text"))
    options = ArrayField(
        models.CharField(max_length=400), verbose_name=_("options"), default=list, blank=True
    )
    right = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("right answer"), default=list, blank=True
    )
    model_answer = models.TextField(_("model answer"), blank=True)
    explanation = models.TextField(_("explanation"), blank=True)
    difficulty = models.PositiveSmallIntegerField(
        _("difficulty"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    cites = models.CharField(_("rule it is about"), max_length=80, blank=True)
    history = HistoricalRecords()
    objects = BankQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a question")
        verbose_name_plural = _("versions of questions")
        ordering: ClassVar = ["question_id", "-number"]
        triggers = QUESTION_MACHINE.triggers()
        constraints: ClassVar = [
            *versions_are_sound("question_version", "question"),
            models.CheckConstraint(
                condition=Q(difficulty__gte=1, difficulty__lte=5), name="question_difficulty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question} v{self.number}"

    @property
    def citation(self) -> str:
        return f"question.{self.question.code} v{self.number}"

    @transition(**QUESTION_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**QUESTION_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**QUESTION_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Exam(VersionedModel):
    """An exam; how it is drawn, timed and marked stands in its versions."""

    code = models.SlugField(_("code"), max_length=CODE_LENGTH, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    history = HistoricalRecords()
    objects = ExamQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("exam", "exam")
        verbose_name_plural = pgettext_lazy("exam", "exams")
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return in_words(self)


class ExamVersion(TrainingRule):
    """How an exam is drawn (``blueprint``: see ``examrules.parse``), how long it lasts, from when it is passed.

    ``tries``: how often this version may be sat; empty means without end. ``wait_hours`` between two of them.
    """

    rule_key = "exam_id"

    exam = models.ForeignKey(
        Exam, verbose_name=pgettext_lazy("exam", "exam"), on_delete=models.PROTECT, related_name="versions"
    )
    blueprint = models.TextField(_("blueprint"))
    minutes = models.PositiveSmallIntegerField(pgettext_lazy("exam", "minutes"))
    pass_percent = models.PositiveSmallIntegerField(_("passed from"), help_text=_("Percent of the points."))
    partial = models.CharField(_("partial credit"), max_length=8, choices=Partial, default=Partial.NONE)
    tries = models.PositiveSmallIntegerField(_("tries"), null=True, blank=True)
    wait_hours = models.PositiveSmallIntegerField(_("hours between two tries"), default=0)
    appeal_days = models.PositiveSmallIntegerField(_("days to appeal"), default=7)
    history = HistoricalRecords()
    objects = TrainingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of an exam")
        verbose_name_plural = _("versions of exams")
        ordering: ClassVar = ["exam_id", "-number"]
        triggers = EXAM_MACHINE.triggers()
        constraints: ClassVar = [
            *versions_are_sound("exam_version", "exam"),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, pass_percent__gte=1, pass_percent__lte=100), name="exam_terms"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam} v{self.number}"

    @property
    def citation(self) -> str:
        return f"exam.{self.exam.code} v{self.number}"

    @transition(**EXAM_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**EXAM_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**EXAM_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Attempt(PublicIdModel, StateModel, VersionedModel):
    """One person sits one exam once. ``seed`` draws the same paper from the same bank again."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    exam = models.ForeignKey(
        Exam, verbose_name=pgettext_lazy("exam", "exam"), on_delete=models.PROTECT, related_name="attempts"
    )
    exam_version = models.ForeignKey(
        ExamVersion, verbose_name=_("version of an exam"), on_delete=models.PROTECT, related_name="attempts"
    )
    person = models.ForeignKey(
        PERSON, verbose_name=_("person"), on_delete=models.PROTECT, related_name="attempts"
    )
    state = StateField(_("state"), choices=AttemptState, default=AttemptState.STARTED, max_length=10)
    seed = models.CharField(_("seed"), max_length=32, editable=False)
    started_at = models.DateTimeField(pgettext_lazy("exam", "started at"))
    due_at = models.DateTimeField(_("ends at"))
    submitted_at = models.DateTimeField(_("handed in at"), null=True, blank=True)
    marked_at = models.DateTimeField(_("marked at"), null=True, blank=True)
    appeal_until = models.DateTimeField(_("appeal until"), null=True, blank=True)
    score = points_column(_("score"), null=True, blank=True)
    max_score = points_column(_("points to be had"))
    passed = models.BooleanField(_("passed"), null=True, blank=True)
    history = HistoricalRecords()
    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("exam", "attempt")
        verbose_name_plural = pgettext_lazy("exam", "attempts")
        ordering: ClassVar = ["-started_at", "-pk"]
        triggers = ATTEMPT_MACHINE.triggers()
        indexes: ClassVar = [models.Index(fields=["state", "due_at"], name="attempt_state_due")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["exam", "person"], condition=Q(state="started"), name="attempt_open_once"
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("started_at")), name="attempt_period"),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=0, score__lte=F("max_score")), name="attempt_score"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(**ATTEMPT_MACHINE.transition("submit"))
    def submit(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.submitted_at = now
        return self._payload()

    @transition(**ATTEMPT_MACHINE.transition("time_out"))
    def time_out(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.submitted_at = self.due_at
        return self._payload()

    @transition(**ATTEMPT_MACHINE.transition("mark"))
    def mark(
        self, *, actor: Any, now: datetime, score: Decimal, passed: bool, until: datetime
    ) -> dict[str, Any]:
        self.marked_at, self.appeal_until = now, until
        return self._scored(score, passed)

    @transition(**ATTEMPT_MACHINE.transition("appeal"))
    def appeal(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**ATTEMPT_MACHINE.transition("settle"))
    def settle(self, *, actor: Any, now: datetime, score: Decimal, passed: bool) -> dict[str, Any]:
        return self._scored(score, passed)

    @transition(**ATTEMPT_MACHINE.transition("void"))
    def void(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.passed = None
        return self._payload()

    def _scored(self, score: Decimal, passed: bool) -> dict[str, Any]:
        self.score, self.passed = score, passed
        return self._payload() | {"score": str(score), "most": str(self.max_score), "passed": passed}

    def _payload(self) -> dict[str, Any]:
        return {"attempt": self.number, "exam": self.exam_id, "person": self.person_id}


class Item(models.Model):
    """One question of a drawn paper, frozen: the words and options as they were shown, the answer, its points.

    ``key`` and ``picked`` are places in ``options`` as shown here. Nothing of ``key`` leaves the server before marking.
    """

    attempt = models.ForeignKey(
        Attempt, verbose_name=pgettext_lazy("exam", "attempt"), on_delete=models.PROTECT, related_name="items"
    )
    place = models.PositiveSmallIntegerField(pgettext_lazy("exam", "place"))
    question_version = models.ForeignKey(
        QuestionVersion,
        verbose_name=_("version of a question"),
        on_delete=models.PROTECT,
        related_name="items",
    )
    kind = models.CharField(_("kind of question"), max_length=10, choices=QuestionKind)
    text = models.TextField(pgettext_lazy("exam", "text"))
    options = ArrayField(models.CharField(max_length=400), verbose_name=_("options"), default=list)
    key = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("right answer"), default=list)
    points = points_column(_("points"))
    picked = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("answer"), null=True, blank=True)
    words = models.TextField(_("answer in words"), blank=True)
    serial = models.BigIntegerField(_("running number of the answer"), default=0)
    saved_at = models.DateTimeField(_("saved at"), null=True, blank=True)
    got = points_column(_("points got"), null=True, blank=True)
    marked_by = models.ForeignKey(
        PERSON, verbose_name=_("marked by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    remark = models.CharField(_("remark"), max_length=500, blank=True)
    first_got = points_column(_("points before the appeal"), null=True, blank=True)

    class Meta:
        verbose_name = _("question of a paper")
        verbose_name_plural = _("questions of papers")
        ordering: ClassVar = ["attempt_id", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attempt", "place"], name="item_place_once"),
            models.UniqueConstraint(fields=["attempt", "question_version"], name="item_question_once"),
            models.CheckConstraint(
                condition=Q(got=None) | Q(got__gte=0, got__lte=F("points")), name="item_points"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} · {self.place}"
