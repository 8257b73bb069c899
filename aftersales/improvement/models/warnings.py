"""Surges: the counts they are found in, the warnings, what was asked because of them."""

from datetime import date, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.improvement.machine import WARNING_MACHINE
from aftersales.improvement.querysets import SurgeCountQuerySet, ThroughWarningQuerySet, WarningQuerySet
from aftersales.improvement.states import OPEN, AskedOf, Chart, Outcome, Period, Surged, WarningState


def user_key(label: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=label, db_index=False
    )  # fmt: skip


class SurgeCount(models.Model):
    """Tickets about one subject opened on one day of the market's zone, and its orders of that day.

    ``key``: the key of a product or merchant, a carrier's name, a cause's code. Can be thrown away and counted anew.
    """

    deletable = "a sum: goes when its day is counted again and nothing is left to sum up"

    kind = models.CharField(_("surge of"), max_length=8, choices=Surged)
    key = models.CharField(_("key"), max_length=160)
    day = models.DateField(_("day"))
    num = models.PositiveIntegerField(_("tickets"))
    den = models.PositiveIntegerField(_("orders"))

    objects = SurgeCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("count of a day")
        verbose_name_plural = _("counts of days")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "key", "day"], name="surge_count_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "day"], name="surge_count_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.day}: {self.num}"


class Warning(StateModel, PublicIdModel, VersionedModel):  # noqa: A001 - what everybody calls it
    """Something has more tickets than its own past explains (R6.7). One warning grows while the surge lasts.

    ``observed``, ``expected``, ``limit`` are those of the strongest period; ``strength`` is ten times the decimal
    logarithm of how unlikely it is by chance. ``within``: the narrower warning whose tickets these mostly are.
    ``base_since``: of a lasting change the first day of the new level; days before it are no base of the subject.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    state = StateField(_("state"), choices=WarningState, default=WarningState.RAISED, max_length=12)
    kind = models.CharField(_("surge of"), max_length=8, choices=Surged)
    key = models.CharField(_("key"), max_length=160)
    merchant = models.ForeignKey(
        "merchants.Merchant", models.PROTECT, null=True, related_name="+", verbose_name=_("merchant")
    )
    product = models.ForeignKey(
        "orders.Product",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("product"),
        db_index=False,
    )
    within = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="explained", verbose_name=_("explained by")
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    observed = models.PositiveIntegerField(_("observed"))
    expected = models.DecimalField(_("expected"), max_digits=9, decimal_places=2)
    limit = models.PositiveIntegerField(_("limit"))
    strength = models.PositiveSmallIntegerField(_("strength"))
    tickets = models.PositiveIntegerField(_("tickets"), default=0)
    raised_at = models.DateTimeField(_("raised at"))
    taken_by = user_key(_("who looks into it"))
    taken_at = models.DateTimeField(_("looked at since"), null=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True, default="")
    done = models.TextField(_("what was done or why it was none"), max_length=1000, blank=True, default="")
    closed_by = user_key(_("closed by"))
    closed_at = models.DateTimeField(_("closed at"), null=True)
    base_since = models.DateField(_("first day of the new level"), null=True)
    reopened = models.PositiveSmallIntegerField(_("times it surged again"), default=0)

    objects = WarningQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("surge", "warning")
        verbose_name_plural = pgettext_lazy("surge", "warnings")
        triggers = WARNING_MACHINE.triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(state__in=OPEN), name="warning_open_once"
            ),
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="warning_days"),
            models.CheckConstraint(
                condition=~Q(state=WarningState.CLOSED) | (~Q(outcome="") & ~Q(done="")),
                name="warning_closed_why",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.LASTING, base_since__isnull=False)
                | Q(~Q(outcome=Outcome.LASTING), base_since=None),
                name="warning_lasting_since",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-strength", "-id"], name="warning_open", condition=Q(state__in=OPEN)),
            models.Index(fields=["kind", "key", "-last_day"], name="warning_subject"),
            models.Index(fields=["raised_at"], name="warning_raised"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @transition(**WARNING_MACHINE.transition("acknowledge"))
    def acknowledge(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.taken_by_id, self.taken_at = actor.pk, now
        return self.told()

    @transition(**WARNING_MACHINE.transition("ask"))
    def ask(self, *, actor: Any, now: datetime, of: str, due: datetime) -> dict[str, Any]:
        return self.told(of=str(of), due=due.isoformat())

    @transition(**WARNING_MACHINE.transition("answer"))
    def answer(self, *, actor: Any, now: datetime, of: str) -> dict[str, Any]:
        return self.told(of=str(of))

    @transition(**WARNING_MACHINE.transition("close_true"))
    def close_true(self, *, actor: Any, now: datetime, done: str) -> dict[str, Any]:
        return self._close(Outcome.TRUE, actor, now, done)

    @transition(**WARNING_MACHINE.transition("close_false"))
    def close_false(self, *, actor: Any, now: datetime, done: str) -> dict[str, Any]:
        return self._close(Outcome.FALSE, actor, now, done)

    @transition(**WARNING_MACHINE.transition("close_lasting"))
    def close_lasting(self, *, actor: Any, now: datetime, since: date, done: str) -> dict[str, Any]:
        self.base_since = since
        return self._close(Outcome.LASTING, actor, now, done) | {"since": since.isoformat()}

    def _close(self, outcome: str, actor: Any, now: datetime, done: str) -> dict[str, Any]:
        self.outcome, self.done, self.closed_by_id, self.closed_at = outcome, done, actor.pk, now
        return self.told()

    @transition(**WARNING_MACHINE.transition("reopen"))
    def reopen(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.reopened += 1
        self.outcome, self.done, self.closed_by_id, self.closed_at = "", "", None, None
        return self.told()

    def told(self, **more: Any) -> dict[str, Any]:
        return {"number": self.number, **more}


class WarningDay(models.Model):
    """One period whose count passed its limit, with everything the limit was made of."""

    warning = models.ForeignKey(
        Warning, models.PROTECT, related_name="days", verbose_name=pgettext_lazy("surge", "warning")
    )
    period = models.CharField(_("period"), max_length=8, choices=Period)
    chart = models.CharField(_("limit by"), max_length=8, choices=Chart)
    first = models.DateField(_("first day"))
    last = models.DateField(_("last day"))
    observed = models.PositiveIntegerField(_("observed"))
    base = models.PositiveIntegerField(_("tickets of the base"))
    base_size = models.PositiveIntegerField(_("size of the base"))
    share = models.FloatField(_("share of the period in both"))
    expected = models.DecimalField(_("expected"), max_digits=9, decimal_places=2)
    limit = models.PositiveIntegerField(_("limit"))
    chance = models.FloatField(_("false alarms allowed for"))
    tail = models.FloatField(_("how likely by chance"))
    numbers = models.CharField(_("numbers used"), max_length=200)
    found_at = models.DateTimeField(_("found at"))

    objects = ThroughWarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("period of a surge")
        verbose_name_plural = _("periods of surges")
        ordering: ClassVar = ["last", "period"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["warning", "period", "last"], name="warning_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.warning_id} {self.period} {self.last}"

    @property
    def is_single(self) -> bool:
        return self.first == self.last


class WarningTicket(models.Model):
    """A ticket that is counted in a surge."""

    warning = models.ForeignKey(
        Warning,
        models.PROTECT,
        related_name="rows",
        verbose_name=pgettext_lazy("surge", "warning"),
        db_index=False,
    )
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+", verbose_name=_("ticket"))
    day: "models.DateField[Any, date]" = models.DateField(_("day"))

    objects = ThroughWarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket of a surge")
        verbose_name_plural = _("tickets of surges")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["warning", "ticket"], name="warning_ticket_once"),
        ]

    def __str__(self) -> str:
        return f"{self.warning_id}: {self.ticket_id}"


class WarningAsk(PublicIdModel):
    """What somebody was asked to do about a warning, until when, and what he answered. ``month``: by which list."""

    warning = models.ForeignKey(
        Warning,
        models.PROTECT,
        related_name="asks",
        verbose_name=pgettext_lazy("surge", "warning"),
        db_index=False,
    )
    of = models.CharField(pgettext_lazy("warning", "asked of"), max_length=8, choices=AskedOf)
    words = models.TextField(_("what is asked"), max_length=1000)
    month = models.DateField(_("monthly list"), null=True)
    asked_by = user_key(_("asked by"))
    asked_at = models.DateTimeField(_("asked at"))
    due_at = models.DateTimeField(_("answer due"))
    told_late_at = models.DateTimeField(_("told that it is late at"), null=True)
    answer = models.TextField(_("answer"), max_length=2000, blank=True, default="")
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answered_by = user_key(_("answer taken down by"))

    objects = ThroughWarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("question of a warning")
        verbose_name_plural = _("questions of warnings")
        ordering: ClassVar = ["asked_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["warning", "of"], condition=Q(answered_at=None), name="warning_asked_once"
            ),
            models.UniqueConstraint(
                fields=["warning", "of", "month"], condition=~Q(month=None), name="warning_listed_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="warning_ask_due", condition=Q(answered_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.warning_id}: {self.of}"
