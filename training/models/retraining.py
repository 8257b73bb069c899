"""Retraining orders: who is to be trained again in what, by when, and whether it helped (R5.4, R6.5)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import StateModel, VersionedModel
from aftersales.core.statefield import StateField
from training.models.courses import Course
from training.models.exams import Exam
from training.querysets import OrderQuerySet
from training.retrainingmachine import ORDER_MACHINE
from training.states import OWED, OrderReason, OrderState

PERSON = settings.AUTH_USER_MODEL


def _figure(label: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(label, max_digits=14, decimal_places=2, null=True, blank=True)


class Order(StateModel, VersionedModel):
    """One person is to be trained again once, because of one thing; overdue is ``due_at < now``, never stored.

    ``metric`` (``training.metrics``) is compared over ``window_days`` before the order and after the training.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    person = models.ForeignKey(
        PERSON, verbose_name=_("person"), on_delete=models.PROTECT, related_name="retraining_orders"
    )
    course = models.ForeignKey(
        Course,
        verbose_name=pgettext_lazy("training", "course"),
        on_delete=models.PROTECT,
        related_name="orders",
    )
    exam = models.ForeignKey(
        Exam,
        verbose_name=pgettext_lazy("exam", "exam"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    state = StateField(_("state"), choices=OrderState, default=OrderState.ORDERED, max_length=12)
    reason_code = models.CharField(_("reason"), max_length=12, choices=OrderReason)
    subject_kind = models.CharField(_("because of"), max_length=60, blank=True)
    subject_id = models.BigIntegerField(_("because of"), null=True, blank=True)
    metric = models.SlugField(pgettext_lazy("training", "figure"), max_length=40, db_index=False)
    window_days = models.PositiveSmallIntegerField(_("days compared"))
    ordered_by = models.ForeignKey(
        PERSON, verbose_name=_("ordered by"), on_delete=models.PROTECT, related_name="+"
    )
    ordered_at = models.DateTimeField(_("ordered at"))
    due_at = models.DateTimeField(_("due"))
    overdue_told_at = models.DateTimeField(_("told as overdue at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    before = _figure(_("before"))
    before_n = models.PositiveIntegerField(_("sample before"), null=True, blank=True)
    after = _figure(_("after"))
    after_n = models.PositiveIntegerField(_("sample after"), null=True, blank=True)
    history = HistoricalRecords()
    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("retraining", "retraining order")
        verbose_name_plural = pgettext_lazy("retraining", "retraining orders")
        ordering: ClassVar = ["due_at", "pk"]
        triggers = ORDER_MACHINE.triggers()
        indexes: ClassVar = [models.Index(fields=["state", "due_at"], name="order_state_due")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "reason_code", "subject_kind", "subject_id"],
                condition=~Q(subject_id=None),
                name="order_once_because",
            ),
            models.UniqueConstraint(
                fields=["person", "course"],
                condition=Q(subject_id=None, state__in=sorted(OWED)),
                name="order_once_by_hand",
            ),
            models.CheckConstraint(condition=~Q(person=F("ordered_by")), name="order_never_ones_own"),
            models.CheckConstraint(condition=Q(due_at__gt=F("ordered_at")), name="order_due"),
        ]

    def __str__(self) -> str:
        return self.number

    def is_overdue(self, now: datetime) -> bool:
        """Still owed although its last moment has passed."""
        return self.state in OWED and self.due_at < now

    @transition(**ORDER_MACHINE.transition("enrol"))
    def enrol(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**ORDER_MACHINE.transition("release"))
    def release(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**ORDER_MACHINE.transition("complete"))
    def complete(self, *, actor: Any, now: datetime, completed_at: datetime) -> dict[str, Any]:
        self.completed_at = completed_at
        return self._payload()

    @transition(**ORDER_MACHINE.transition("find_effective"))
    def find_effective(self, *, actor: Any, now: datetime, **figures: Any) -> dict[str, Any]:
        return self._judged(**figures)

    @transition(**ORDER_MACHINE.transition("find_ineffective"))
    def find_ineffective(self, *, actor: Any, now: datetime, **figures: Any) -> dict[str, Any]:
        return self._judged(**figures)

    @transition(**ORDER_MACHINE.transition("find_unclear"))
    def find_unclear(self, *, actor: Any, now: datetime, **figures: Any) -> dict[str, Any]:
        return self._judged(**figures)

    @transition(**ORDER_MACHINE.transition("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    def _judged(
        self, *, before_n: int, after_n: int, before: Decimal | None = None, after: Decimal | None = None
    ) -> dict[str, Any]:
        self.before, self.before_n, self.after, self.after_n = before, before_n, after, after_n
        return self._payload()

    def _payload(self) -> dict[str, Any]:
        return {"order": self.number, "course": self.course_id, "person": self.person_id}
