"""The clock: one promise on one subject, with a due time and the rule version it cites."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.clocks.machine import CIRCUMSTANCE_MACHINE, LADDER_MACHINE, MACHINE, triggers
from aftersales.clocks.querysets import ClockQuerySet, ExclusionQuerySet
from aftersales.clocks.rules import Pause
from aftersales.clocks.states import ClockState, ExclusionCause, RungBy, RungMoment, RungTo
from aftersales.core.events import reason_words
from aftersales.core.models import Audience, StateModel
from aftersales.core.statefield import StateField
from aftersales.standards.models import CODE_LENGTH, RuleVersion, StandardVersion, codes, new_edition
from aftersales.standards.querysets import RuleVersionQuerySet
from aftersales.standards.states import OWN_TERMS, ClockKind, Debtor, Place, Promise


class Clock(StateModel):
    """Who owes what by when (DESIGN 4, Clock). Times are recomputed from events, never counted up.

    ``counted_from`` is where counting begins; it lies after ``started_at`` when a worse grading made the
    promise stricter. ``pauses`` lists ``[from, until or null, reason]``. Its history are its event rows.
    """

    subject_kind = models.CharField(_("subject kind"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))
    merchant_id = models.BigIntegerField(_("merchant"), null=True, blank=True)
    audience = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.INTERNAL)
    promise = models.CharField(_("promise"), max_length=24, choices=Promise)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    standard_version = models.ForeignKey(
        StandardVersion,
        verbose_name=_("rule"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="clocks",
    )
    kind = models.CharField(_("kind of clock"), max_length=10, choices=ClockKind, default=ClockKind.SERVICE)
    owed_by = models.CharField(_("owed by"), max_length=12, choices=Debtor, default=Debtor.TEAM)
    owed_party = models.CharField(_("duty or department"), max_length=40, blank=True)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("held by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    holder_team_id = models.BigIntegerField(_("team"), null=True, blank=True)
    state = StateField(_("state"), choices=ClockState, default=ClockState.RUNNING, max_length=10)
    started_at = models.DateTimeField(_("started at"))
    counted_from = models.DateTimeField(_("counted from"))
    due_at = models.DateTimeField(_("due at"))
    warn_at = models.DateTimeField(_("warns at"))
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    pauses = models.JSONField(_("pauses"), default=list, blank=True)
    warned_at = models.DateTimeField(_("warned at"), null=True, blank=True)
    breached_at = models.DateTimeField(_("breached at"), null=True, blank=True)
    breach_holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("held by when time ran out"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    breach_team_id = models.BigIntegerField(_("team when time ran out"), null=True, blank=True)
    met_at = models.DateTimeField(_("kept at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    is_historic = models.BooleanField(_("historic"), default=False)
    recounted_at = models.DateTimeField(_("counted anew at"), null=True, blank=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering: ClassVar = ["due_at", "id"]
        triggers = triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "promise", "round"], name="clock_once"
            ),
            models.CheckConstraint(
                condition=Q(standard_version__isnull=False) | Q(promise__in=sorted(OWN_TERMS)),
                name="clock_cites_a_rule",
            ),
            models.CheckConstraint(
                condition=Q(kind=ClockKind.SERVICE) | ~Q(state=ClockState.PAUSED) | ~Q(paused_at=None),
                name="clock_paused_since",
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("counted_from")), name="clock_due_after_start"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | ~Q(state__in=[ClockState.RUNNING, ClockState.PAUSED]),
                name="clock_ended_not_running",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], name="clock_due", condition=Q(state="running")),
            models.Index(
                fields=["warn_at", "id"], name="clock_warn", condition=Q(state="running", warned_at=None)
            ),
            models.Index(fields=["promise", "met_at"], name="clock_met", condition=~Q(met_at=None)),
            models.Index(fields=["breached_at"], name="clock_breached", condition=~Q(breached_at=None)),
            models.Index(
                fields=["merchant_id", "-breached_at", "-id"],
                name="clock_breached_merchant",
                condition=Q(owed_by="merchant") & ~Q(breached_at=None),
            ),
            models.Index(
                fields=["due_at", "id"],
                name="clock_open_due",
                condition=Q(ended_at=None, is_historic=False, state__in=["running", "breached"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_promise_display()} #{self.round}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    def is_breached(self, now: datetime) -> bool:
        """Past due and not kept; never read from the stored state alone."""
        return self.is_open and self.state != ClockState.PAUSED and self.due_at < now

    def pause_list(self) -> list[Pause]:
        """The pauses as the rules want them."""
        return [
            Pause(datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None, reason)
            for start, end, reason in self.pauses
        ]

    @transition(**MACHINE.transition("pause"))
    def pause(self, *, actor: Any, now: datetime, reason: str = "") -> None:
        self.paused_at = now
        self.pauses = [*self.pauses, [now.isoformat(), None, reason]]

    @transition(**MACHINE.transition("resume"))
    def resume(self, *, actor: Any, now: datetime) -> None:
        start, _open, reason = self.pauses[-1]
        self.pauses = [*self.pauses[:-1], [start, max(now.isoformat(), start), reason]]
        self.paused_at = None

    @transition(**MACHINE.transition("meet"))
    def meet(self, *, actor: Any, now: datetime) -> None:
        self.met_at = self.ended_at = now
        self.paused_at = None

    @transition(**MACHINE.transition("breach"))
    def breach(self, *, actor: Any, now: datetime) -> None:
        self.breached_at = self.due_at
        self.breach_holder_id, self.breach_team_id = self.holder_id, self.holder_team_id

    @transition(**MACHINE.transition("meet_late"))
    def meet_late(self, *, actor: Any, now: datetime) -> None:
        self.met_at = self.ended_at = now
        if self.breached_at is None:
            self.breached_at = self.due_at
            self.breach_holder_id, self.breach_team_id = self.holder_id, self.holder_team_id

    @transition(**MACHINE.transition("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> None:
        self.ended_at = now
        self.paused_at = None


class LadderRung(RuleVersion):
    """One version of a rung of the escalation ladder: which promises, when, who is told, how.

    Empty conditions mean any. ``value`` counts what ``moment`` says: per cent of the time used, or minutes past due.
    """

    rule_key = "code"
    code = models.SlugField(_("code"), max_length=CODE_LENGTH)
    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120)
    promises = codes(_("promises"))
    clock_kinds = codes(_("kinds of clock"))
    severities = codes(_("severities"))
    moment = models.CharField(pgettext_lazy("ladder", "when"), max_length=8, choices=RungMoment)
    value = models.PositiveIntegerField(pgettext_lazy("ladder", "how much"), default=0)
    to = models.CharField(pgettext_lazy("ladder", "told"), max_length=12, choices=RungTo)
    by = models.CharField(pgettext_lazy("ladder", "how"), max_length=8, choices=RungBy, default=RungBy.DIGEST)
    history = HistoricalRecords()
    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("rung of the ladder")
        verbose_name_plural = _("rungs of the ladder")
        ordering: ClassVar = ["code", "-number"]
        triggers = [*LADDER_MACHINE.triggers(), *new_edition()]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "number"], name="rung_number"),
            models.CheckConstraint(
                condition=Q(moment=RungMoment.LATE) | Q(value__gte=1, value__lte=100), name="rung_percent"
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="rung_second_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh

    @property
    def citation(self) -> str:
        return f"{self.code} v{self.number}"

    @transition(**LADDER_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**LADDER_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**LADDER_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Circumstance(RuleVersion):
    """One version of what nobody at a merchant could help: a disaster, a failure of our system, an order to stop.

    From ``begins_at`` to ``ends_at``; ``provinces`` and ``cities`` are those of the merchants it struck, none of either
    means all. Empty ``promises`` mean every obligation.
    """

    rule_key = "code"
    code = models.SlugField(_("code"), max_length=CODE_LENGTH)
    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120)
    cause = models.CharField(pgettext_lazy("exclusion", "cause"), max_length=10, choices=ExclusionCause)
    begins_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    provinces = codes(_("provinces"))
    cities = codes(_("cities"))
    promises = codes(_("promises"))

    history = HistoricalRecords()
    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("exclusion", "circumstance")
        verbose_name_plural = pgettext_lazy("exclusion", "circumstances")
        ordering: ClassVar = ["-begins_at", "code", "-number"]
        triggers = CIRCUMSTANCE_MACHINE.triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "number"], name="circumstance_number"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="circumstance_lasts"),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="circumstance_second_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh

    @property
    def citation(self) -> str:
        return f"{self.code} v{self.number}"

    @transition(**CIRCUMSTANCE_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**CIRCUMSTANCE_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**CIRCUMSTANCE_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class BreachExclusion(models.Model):
    """Why one breach of a merchant does not count against him. The breach itself and its clock stay as they are.

    Set by a person with a reason, or by a ``circumstance``, which says at which end of the way
    (``place``); taken back with ``ended_at``, and then it counts again.
    """

    clock = models.ForeignKey(
        Clock, models.PROTECT, related_name="exclusions", verbose_name=_("clock"), db_index=False
    )
    merchant_id = models.BigIntegerField(_("merchant"))
    cause = models.CharField(pgettext_lazy("exclusion", "cause"), max_length=10, choices=ExclusionCause)
    reason = models.TextField(_("reason"), max_length=1000)
    evidence = models.CharField(pgettext_lazy("exclusion", "what shows it"), max_length=200, blank=True)
    place = models.CharField(
        pgettext_lazy("exclusion", "where it struck"), max_length=8, choices=Place, blank=True, default=""
    )
    circumstance = models.ForeignKey(
        Circumstance, models.PROTECT, null=True, blank=True, related_name="exclusions",
        verbose_name=pgettext_lazy("exclusion", "circumstance"),
    )  # fmt: skip
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("set by"), db_index=False
    )
    at = models.DateTimeField(_("at"))
    ended_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("taken back by"), db_index=False,
    )  # fmt: skip
    ended_reason = models.TextField(_("why it was taken back"), max_length=1000, blank=True, default="")

    objects = ExclusionQuerySet.as_manager()

    class Meta:
        verbose_name = _("breach left out")
        verbose_name_plural = _("breaches left out")
        ordering: ClassVar = ["-at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(ended_at=None), name="breach_excluded_once"
            ),
            models.UniqueConstraint(
                fields=["clock", "circumstance"], condition=~Q(circumstance=None), name="breach_judged_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["clock", "at"], name="breach_exclusions"),
            models.Index(fields=["merchant_id", "at"], name="breach_exclusion_merchant"),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id}: {self.get_cause_display()}"

    @property
    def why(self) -> str:
        """The reason as people read it: a person's words, or the product's own in the reader's language."""
        return reason_words(self.reason)

    @property
    def ended_why(self) -> str:
        return reason_words(self.ended_reason)


class Escalation(models.Model):
    """A rung that a clock has reached: once, whatever the rung's versions."""

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="escalations", verbose_name=_("clock"))
    code = models.SlugField(_("code"), max_length=CODE_LENGTH)
    rung = models.ForeignKey(
        LadderRung, models.PROTECT, related_name="+", verbose_name=_("rung of the ladder")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints: ClassVar = [models.UniqueConstraint(fields=["clock", "code"], name="escalation_once")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.code}"
