"""Rectification plans of merchants (整改单) and their files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.merchants.models import Merchant
from aftersales.scorecards.rectification.machine import MACHINE
from aftersales.scorecards.rectification.querysets import RectificationFileQuerySet, RectificationQuerySet
from aftersales.scorecards.rectification.states import (
    MERCHANTS_TURN,
    TERMINAL,
    PlanCause,
    PlanFilePurpose,
    PlanState,
)


class Plan(PublicIdModel, StateModel, VersionedModel):
    """What a merchant shall put right: facts, his cause and measures, his proof, and what was seen afterwards.

    ``metric`` with ``target`` (per cent) is looked at again ``recheck_days`` after the proof; ``begun`` and ``checked``
    are ``[numerator, denominator]`` of it. ``breaches`` are keys of clocks, ``decisions`` numbers of
    proposals and measures.
    ``due_at`` is the merchant's: to answer, then to be done. ``answer_cause`` and the like are the newest; earlier
    rounds stand in the events' reasons.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="plans", verbose_name=_("merchant"), db_index=False
    )
    state = StateField(_("state"), choices=PlanState, default=PlanState.OPENED, max_length=10)
    cause = models.CharField(pgettext_lazy("rectification", "opened for"), max_length=10, choices=PlanCause)
    asked = models.TextField(pgettext_lazy("rectification", "what is asked"), max_length=4000)
    metric = models.CharField(_("metric"), max_length=60, blank=True, default="")
    target = models.DecimalField(_("target, per cent"), max_digits=5, decimal_places=2, null=True, blank=True)
    begun = ArrayField(
        models.BigIntegerField(), verbose_name=_("figure at the beginning"), default=list, blank=True
    )
    breaches = ArrayField(models.BigIntegerField(), verbose_name=_("breaches"), default=list, blank=True)
    decisions = ArrayField(
        models.CharField(max_length=40), verbose_name=pgettext_lazy("rectification", "decisions"), default=list,
        blank=True,
    )  # fmt: skip
    recheck_days = models.PositiveSmallIntegerField(
        pgettext_lazy("rectification", "days until looked at again")
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("opened by"),
        db_index=False,
    )
    opened_at = models.DateTimeField(_("opened at"))
    due_at = models.DateTimeField(_("due at"))
    answer_cause = models.TextField(
        pgettext_lazy("rectification", "cause"), max_length=4000, blank=True, default=""
    )
    answer_measures = models.TextField(
        pgettext_lazy("rectification", "measures"), max_length=4000, blank=True, default=""
    )
    measures_due = models.DateTimeField(pgettext_lazy("rectification", "done by"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    returned = models.TextField(
        pgettext_lazy("rectification", "sent back because"), max_length=4000, blank=True, default=""
    )
    proof = models.TextField(
        pgettext_lazy("rectification", "what was done"), max_length=4000, blank=True, default=""
    )
    proven_at = models.DateTimeField(pgettext_lazy("rectification", "proven at"), null=True, blank=True)
    recheck_at = models.DateTimeField(
        pgettext_lazy("rectification", "looked at again"), null=True, blank=True
    )
    checked = ArrayField(
        models.BigIntegerField(), verbose_name=_("figure at the end"), default=list, blank=True
    )
    closing = models.TextField(
        pgettext_lazy("rectification", "what was seen"), max_length=4000, blank=True, default=""
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("closed by"),
        db_index=False,
    )  # fmt: skip
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned at"), null=True, blank=True)
    late_told_at = models.DateTimeField(_("told as late at"), null=True, blank=True)
    recheck_told_at = models.DateTimeField(
        pgettext_lazy("rectification", "manager reminded at"), null=True, blank=True
    )

    objects = RectificationQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("rectification", "rectification plan")
        verbose_name_plural = pgettext_lazy("rectification", "rectification plans")
        ordering: ClassVar = ["-pk"]
        triggers = MACHINE.triggers()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(metric="", target=None) | (~Q(metric="") & Q(target__isnull=False)),
                name="plan_metric_with_target",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) ^ Q(state__in=sorted(TERMINAL)), name="plan_closed_is_terminal"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["merchant", "-id"], name="plan_merchant"),
            models.Index(fields=["due_at"], name="plan_due", condition=Q(state__in=sorted(MERCHANTS_TURN))),
        ]

    def __str__(self) -> str:
        return self.number

    def is_late(self, now: datetime) -> bool:
        """Whether the merchant's time is over and he has not acted; never a stored flag."""
        return self.state in MERCHANTS_TURN and self.due_at < now

    def _payload(self, **more: Any) -> dict[str, Any]:
        return {"plan": self.number, **more}

    def _now_due(self, due_at: datetime) -> None:
        """Another step, with its own warning."""
        self.due_at, self.warned_at, self.late_told_at = due_at, None, None

    def _close(self, actor: Any, now: datetime, words: str) -> Mapping[str, Any]:
        self.closing, self.closed_by_id, self.closed_at = words, actor.pk, now
        return self._payload()

    @transition(**MACHINE.transition("answer"))
    def answer(
        self, *, actor: Any, now: datetime, cause_words: str, measures: str, measures_due: datetime
    ) -> Mapping[str, Any]:
        self.answer_cause, self.answer_measures, self.measures_due = cause_words, measures, measures_due
        self.answered_at = now
        return self._payload(due=measures_due.isoformat())

    @transition(**MACHINE.transition("accept"))
    def accept(self, *, actor: Any, now: datetime, due_at: datetime) -> Mapping[str, Any]:
        self.returned = ""
        self._now_due(due_at)
        return self._payload(due=due_at.isoformat())

    @transition(**MACHINE.transition("send_back"))
    def send_back(self, *, actor: Any, now: datetime, words: str, due_at: datetime) -> Mapping[str, Any]:
        self.returned = words
        self._now_due(due_at)
        return self._payload(due=due_at.isoformat())

    @transition(**MACHINE.transition("prove"))
    def prove(self, *, actor: Any, now: datetime, words: str, recheck_at: datetime) -> Mapping[str, Any]:
        self.proof, self.proven_at, self.recheck_at, self.recheck_told_at = words, now, recheck_at, None
        return self._payload(due=recheck_at.isoformat())

    @transition(**MACHINE.transition("ask_again"))
    def ask_again(self, *, actor: Any, now: datetime, words: str, due_at: datetime) -> Mapping[str, Any]:
        self.returned, self.recheck_at = words, None
        self._now_due(due_at)
        return self._payload(due=due_at.isoformat())

    @transition(**MACHINE.transition("fulfil"))
    def fulfil(
        self, *, actor: Any, now: datetime, words: str, checked: list[int] | None = None
    ) -> Mapping[str, Any]:
        self.checked = checked or []
        return self._close(actor, now, words)

    @transition(**MACHINE.transition("fail"))
    def fail(
        self, *, actor: Any, now: datetime, words: str, checked: list[int] | None = None
    ) -> Mapping[str, Any]:
        self.checked = checked or []
        return self._close(actor, now, words)

    @transition(**MACHINE.transition("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime, words: str) -> Mapping[str, Any]:
        return self._close(actor, now, words)


class PlanFile(PublicIdModel):
    """A file of a plan, each content once. Nobody changes it."""

    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        related_name="files",
        verbose_name=pgettext_lazy("rectification", "rectification plan"),
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=PlanFilePurpose)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("brought by"),
        db_index=False,
    )
    at = models.DateTimeField(_("at"))
    name = models.CharField(_("stored name"), max_length=200)
    original_name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)

    objects = RectificationFileQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("rectification", "file of a rectification plan")
        verbose_name_plural = pgettext_lazy("rectification", "files of rectification plans")
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "sha256"], name="plan_file_once")]

    def __str__(self) -> str:
        return self.original_name
