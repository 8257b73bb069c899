"""Consequence rules in versions, measures against merchants with what they rest on, and what counts no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.rulebook import RuleVersion
from aftersales.core.statefield import StateField
from aftersales.ledger.states import Fallen
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import MerchantState
from aftersales.scorecards.consequencemachine import CONSEQUENCE_MACHINE, MEASURE_MACHINE
from aftersales.scorecards.consequencequerysets import MeasureParts, MeasureQuerySet
from aftersales.scorecards.consequencestates import Effect, MeasureState, Trigger
from aftersales.scorecards.querysets import FormulaQuerySet, FormulaVersions
from aftersales.standards.models.base import Named


def person(label: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=label,
        null=True,
        related_name="+",
        db_index=False,
    )


class ConsequenceRule(Named, VersionedModel):
    """What follows for a merchant; what it says stands in its versions."""

    history = HistoricalRecords()
    objects = FormulaQuerySet.as_manager()

    class Meta:
        verbose_name = _("consequence rule")
        verbose_name_plural = _("consequence rules")
        ordering: ClassVar = ["code"]


class ConsequenceVersion(RuleVersion):
    """One version of a consequence rule. ``terms`` are read and checked by ``consequenceterms``."""

    rule_key = "rule_id"

    rule = models.ForeignKey(
        ConsequenceRule, models.PROTECT, related_name="versions", verbose_name=_("consequence rule")
    )
    terms = models.JSONField(_("terms"), default=dict)
    history = HistoricalRecords()
    objects = FormulaVersions.as_manager()

    class Meta:
        verbose_name = _("version of a consequence rule")
        verbose_name_plural = _("versions of consequence rules")
        ordering: ClassVar = ["rule_id", "-number"]
        triggers = CONSEQUENCE_MACHINE.triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "number"], name="consequence_number"),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="consequence_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} v{self.number}"

    @property
    def citation(self) -> str:
        return f"consequence.{self.rule.code} v{self.number}"

    @transition(**CONSEQUENCE_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**CONSEQUENCE_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**CONSEQUENCE_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class MerchantMeasure(PublicIdModel, StateModel, VersionedModel):
    """One consequence of one fact for one merchant, by a version of a rule.

    It acts and is published from ``begins_at`` to ``ends_at`` (empty: until it is lifted). ``figures``: what was
    counted, as codes and numbers; ``step``: which step of the ladder, ``rests_on``: the one before it. ``points``,
    ``weight``, ``cap``, ``amount`` with ``most`` and ``course``: what the effect does, taken from the version.
    ``fell_by``: of one that was overturned, whether its fact fell with it. ``released_at``: the deposit was taken down
    or the shop let go, once, also while an appeal waits. ``found_state``: of a restriction or suspension, what the
    shop goes back to.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    state = StateField(_("state"), choices=MeasureState, default=MeasureState.PROPOSED, max_length=10)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="measures", verbose_name=_("merchant")
    )
    rule = models.ForeignKey(
        ConsequenceRule, models.PROTECT, related_name="measures", verbose_name=_("consequence rule")
    )
    citation = models.CharField(_("version"), max_length=120)
    trigger = models.CharField(pgettext_lazy("consequence", "looks at"), max_length=10, choices=Trigger)
    period = models.DateField(_("month"))
    figures = models.JSONField(_("figures"), default=dict)
    step = models.PositiveSmallIntegerField(pgettext_lazy("consequence", "step"), default=1)
    steps = models.PositiveSmallIntegerField(pgettext_lazy("consequence", "steps"), default=1)
    rests_on = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="led_to", verbose_name=_("step before it")
    )
    effect = models.CharField(pgettext_lazy("consequence", "effect"), max_length=12, choices=Effect)
    days = models.PositiveSmallIntegerField(_("days"), default=0)
    points = models.PositiveSmallIntegerField(_("points"), default=0)
    weight = models.DecimalField(_("traffic weight"), max_digits=4, decimal_places=3, null=True)
    cap = models.PositiveIntegerField(_("orders a day"), default=0)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True)
    course = models.CharField(_("course"), max_length=60, blank=True, default="")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("proposed by"),
        related_name="+",
        db_index=False,
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = person(_("decided by"))
    begins_at = models.DateTimeField(_("in force since"), null=True)
    ends_at = models.DateTimeField(_("ends at"), null=True)
    appeal_until = models.DateTimeField(_("appeal until"), null=True)
    appealed_by = person(_("appealed by"))
    appealed_at = models.DateTimeField(_("appealed at"), null=True)
    appeal_words = models.TextField(_("appeal"), max_length=4000, blank=True)
    hear_due = models.DateTimeField(_("to be decided by"), null=True)
    heard_by = person(_("heard by"))
    heard_at = models.DateTimeField(_("heard at"), null=True)
    appeal_answer = models.TextField(_("answer to the appeal"), max_length=4000, blank=True)
    fell_by = models.CharField(_("why it fell"), max_length=12, choices=Fallen, blank=True, default="")
    ended_at = models.DateTimeField(_("ended at"), null=True)
    end_reason = models.TextField(_("why it ended"), max_length=2000, blank=True, default="")
    released_at = models.DateTimeField(_("what it did ended at"), null=True, blank=True)
    found_state = models.CharField(
        _("state of the shop without measures"), max_length=10, choices=MerchantState, blank=True, default=""
    )

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("scorecards", "measure")
        verbose_name_plural = pgettext_lazy("scorecards", "measures")
        ordering: ClassVar = ["-pk"]
        triggers = MEASURE_MACHINE.triggers()
        indexes: ClassVar = [
            models.Index(fields=["state", "-id"], name="measure_state"),
            models.Index(fields=["merchant", "rule", "-id"], name="measure_ladder"),
            models.Index(fields=["-begins_at"], name="measure_public"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(heard_by=None)
                | (
                    ~Q(heard_by=F("decided_by"))
                    & ~Q(heard_by=F("proposed_by"))
                    & ~Q(heard_by=F("appealed_by"))
                ),
                name="measure_heard_by_another",
            ),
            models.CheckConstraint(
                condition=Q(weight=None) | Q(weight__gte=0, weight__lt=1), name="measure_weight_below_one"
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0), name="measure_amount_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(**MEASURE_MACHINE.transition("impose"))
    def impose(
        self, *, actor: Any, now: datetime, appeal_until: datetime, ends_at: datetime | None = None
    ) -> dict[str, Any]:
        self.decided_by_id, self.begins_at = actor.pk, now
        self.appeal_until, self.ends_at = appeal_until, ends_at
        return self.told(until=appeal_until.isoformat())

    @transition(**MEASURE_MACHINE.transition("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime, why: str = "") -> dict[str, Any]:
        self.decided_by_id = actor.pk
        return self._over(now, why)

    @transition(**MEASURE_MACHINE.transition("appeal"))
    def appeal(self, *, actor: Any, now: datetime, words: str, due: datetime) -> dict[str, Any]:
        self.appealed_by_id, self.appealed_at, self.appeal_words, self.hear_due = actor.pk, now, words, due
        return self.told()

    @transition(**MEASURE_MACHINE.transition("uphold"))
    def uphold(self, *, actor: Any, now: datetime, answer: str) -> dict[str, Any]:
        self.heard_by_id, self.heard_at, self.appeal_answer = actor.pk, now, answer
        return self.told()

    @transition(**MEASURE_MACHINE.transition("overturn"))
    def overturn(self, *, actor: Any, now: datetime, answer: str, fell_by: str) -> dict[str, Any]:
        self.heard_by_id, self.heard_at, self.appeal_answer = actor.pk, now, answer
        return self._fell(now, fell_by)

    @transition(**MEASURE_MACHINE.transition("lift"))
    def lift(self, *, actor: Any, now: datetime, why: str = "") -> dict[str, Any]:
        return self._over(now, why)

    @transition(**MEASURE_MACHINE.transition("expire"))
    def expire(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Lifted before its appeal was rejected, it ended then and for that reason."""
        if self.ended_at is not None:
            return self.told()
        return self._over(self.ends_at or now)

    @transition(**MEASURE_MACHINE.transition("cancel"))
    def cancel(
        self, *, actor: Any, now: datetime, why: str = "", ended: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """``ended``: code and numbers of a reason that the system gave, worded when it is shown."""
        if ended:
            self.figures = {**self.figures, "ended": dict(ended)}
        return self._over(now, why)

    @transition(**MEASURE_MACHINE.transition("follow"))
    def follow(self, *, actor: Any, now: datetime, fell_by: str, why: str = "") -> dict[str, Any]:
        return self._fell(now, fell_by, why)

    def _fell(self, at: datetime, fell_by: str, why: str = "") -> dict[str, Any]:
        self.fell_by = fell_by
        return self._over(at, why) | {"fell_by": str(fell_by)}

    def _over(self, at: datetime, why: str = "") -> dict[str, Any]:
        self.ended_at, self.end_reason = at, why
        return self.told()

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it."""
        return {"measure": self.number, "effect": str(self.effect), **more}


class MeasureFact(models.Model):
    """One fact that a measure rests on: a broken obligation, a figure of a month, points.

    While it stands, no other measure rests on the same fact of the same merchant (order 116 §27). ``freed_at``: the
    measure fell with another one, or as the wrong consequence, so the fact may be judged anew.
    """

    measure = models.ForeignKey(
        MerchantMeasure,
        models.PROTECT,
        related_name="facts",
        verbose_name=pgettext_lazy("scorecards", "measure"),
    )
    merchant_id = models.BigIntegerField(_("merchant"))
    kind = models.CharField(pgettext_lazy("fact of a measure", "kind"), max_length=10)
    key = models.CharField(pgettext_lazy("fact of a measure", "key"), max_length=90)
    freed_at = models.DateTimeField(_("freed at"), null=True, blank=True)

    objects = MeasureParts.as_manager()

    class Meta:
        verbose_name = _("fact of a measure")
        verbose_name_plural = _("facts of measures")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant_id", "kind", "key"], condition=Q(freed_at=None), name="measure_fact_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class MeasureFile(PublicIdModel):
    """A file that a merchant brought with his appeal. Nobody changes it."""

    measure = models.ForeignKey(
        MerchantMeasure,
        models.PROTECT,
        related_name="files",
        verbose_name=pgettext_lazy("scorecards", "measure"),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("brought by"),
        related_name="+",
        db_index=False,
    )
    at = models.DateTimeField(_("at"))
    name = models.CharField(_("stored name"), max_length=200)
    original_name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)

    objects = MeasureParts.as_manager()

    class Meta:
        verbose_name = _("file of an appeal")
        verbose_name_plural = _("files of appeals")
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["measure", "sha256"], name="measure_file_once")
        ]

    def __str__(self) -> str:
        return self.original_name


class Neutral(models.Model):
    """Days of one figure of a merchant that count no more, because a measure that rested on them was overturned.

    The figure itself stays; scores of these days are counted without it, replayed ones too.
    """

    measure = models.ForeignKey(
        MerchantMeasure,
        models.PROTECT,
        related_name="neutrals",
        verbose_name=pgettext_lazy("scorecards", "measure"),
    )
    merchant_id = models.BigIntegerField(_("merchant"))
    metric = models.CharField(pgettext_lazy("scorecards", "metric"), max_length=60)
    since = models.DateField(_("first day"))
    until = models.DateField(_("last day"))
    at = models.DateTimeField(_("at"))

    objects = MeasureParts.as_manager()

    class Meta:
        verbose_name = _("figure that counts no more")
        verbose_name_plural = _("figures that count no more")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["measure", "metric"], name="neutral_once"),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="neutral_span"),
        ]
        indexes: ClassVar = [models.Index(fields=["merchant_id", "metric"], name="neutral_of")]

    def __str__(self) -> str:
        return f"{self.metric} {self.since} – {self.until}"
