"""Recoveries: what the platform paid first for a merchant, what was taken for it, and what was written off."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.cases.models.accounts import amount as money
from aftersales.cases.models.case import Case
from aftersales.cases.models.dispute import person
from aftersales.cases.recovery.machine import RECOVERY_MACHINE, WRITE_OFF_MACHINE
from aftersales.cases.recovery.querysets import RecoveryQuerySet, ThroughRecoveryQuerySet
from aftersales.cases.recovery.states import (
    OPEN_RECOVERIES,
    Objection,
    RecoveryState,
    Source,
    WriteOffCause,
    WriteOffState,
)
from aftersales.core.models import AppendOnlyModel, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField

move = RECOVERY_MACHINE.transition
Sums = Mapping[str, Decimal]
SUMS = frozenset({"advanced", "due", "taken", "receivable", "written_off"})


class Recovery(StateModel, PublicIdModel, VersionedModel):
    """All that the platform paid first in one case, claimed from its merchant: one per case (R4.10).

    ``advanced`` was paid, ``due`` of it the merchant owes. Of that ``taken`` really came, ``receivable`` is booked as
    his debt, ``written_off`` the platform bears; together never more than is due (CHECK). ``freed``: what a decided
    objection took off. ``opened_by``: who decided to pay.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    case = models.OneToOneField(Case, models.PROTECT, related_name="recovery", verbose_name=_("case"))
    merchant = models.ForeignKey(
        "merchants.Merchant", models.PROTECT, related_name="recoveries", verbose_name=_("merchant"), db_index=False
    )  # fmt: skip
    state = StateField(_("state"), choices=RecoveryState, default=RecoveryState.NOTIFIED, max_length=12)
    currency = models.CharField(_("currency"), max_length=3)
    advanced = money(pgettext_lazy("recovery", "paid first"))
    due = money(pgettext_lazy("recovery", "claimed"))
    taken = money(pgettext_lazy("recovery", "recovered"))
    receivable = money(pgettext_lazy("recovery", "booked as owed"))
    written_off = money(pgettext_lazy("recovery", "written off"))
    freed = money(pgettext_lazy("recovery", "freed by the objection"))
    opened_by = person(_("decided to pay by"))
    opened_at = models.DateTimeField(_("opened at"))
    noticed_at = models.DateTimeField(_("notice given at"))
    object_until = models.DateTimeField(_("objection until"))
    objection = models.CharField(_("objection"), max_length=10, choices=Objection, blank=True)
    objection_words = models.CharField(_("what the merchant says"), max_length=4000, blank=True)
    objected_by = person(_("objection taken down by"), null=True)
    objected_at = models.DateTimeField(_("objected at"), null=True)
    decision_words = models.CharField(_("reasons of the decision"), max_length=2000, blank=True)
    decided_by = person(_("objection decided by"), null=True)
    decided_at = models.DateTimeField(_("objection decided at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = RecoveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        triggers = RECOVERY_MACHINE.triggers()
        constraints = [
            models.CheckConstraint(
                condition=Q(due__gte=F("taken") + F("receivable") + F("written_off")) & Q(due__lte=F("advanced"))
                & Q(taken__gte=0, receivable__gte=0, written_off__gte=0, freed__gte=0),
                name="recovery_within_claim",
            ),
            models.CheckConstraint(
                condition=~Q(state=RecoveryState.RECOVERED) | Q(due=F("taken") + F("written_off")),
                name="recovery_done_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state=RecoveryState.OBJECTED) | (~Q(objection="") & Q(objected_at__isnull=False)),
                name="recovery_objection_has_reason",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["opened_at", "id"], name="recovery_open", condition=Q(state__in=sorted(OPEN_RECOVERIES))
            ),
            models.Index(fields=["merchant", "-id"], name="recovery_merchant"),
            models.Index(fields=["-opened_at", "-id"], name="recovery_newest"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_RECOVERIES

    @property
    def left(self) -> Decimal:
        """What is claimed and neither came nor was written off."""
        found: Decimal = self.due - self.taken - self.written_off
        return found

    @property
    def borne(self) -> Decimal:
        """What was paid first and is not claimed: the platform's own share, or what a decision freed."""
        found: Decimal = self.advanced - self.due
        return found

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: ids, codes and amounts."""
        return {"case_id": self.case_id, "amount": str(self.due), "currency": self.currency, **more}

    @transition(**move("object"))
    def object(self, *, actor: Any, now: datetime, cause: str, words: str = "") -> dict[str, Any]:
        self.objection, self.objection_words, self.objected_by_id, self.objected_at = (
            cause,
            words,
            actor.pk,
            now,
        )
        return self.told(objection=cause)

    @transition(**move("uphold"))
    def uphold(self, *, actor: Any, now: datetime, amount: Decimal, words: str = "") -> dict[str, Any]:
        self._decide(actor, now, words)
        self.freed, self.due = self.freed + self.due - amount, amount
        return self.told()

    @transition(**move("overturn"))
    def overturn(self, *, actor: Any, now: datetime, words: str = "") -> dict[str, Any]:
        self._decide(actor, now, words)
        told = self.told()
        self.freed, self.due = self.freed + self.due, Decimal(0)
        self.ended_at = now
        return told

    @transition(**move("begin"))
    def begin(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**move("part"))
    def part(self, *, actor: Any, now: datetime, sums: Sums) -> dict[str, Any]:
        return self._summed(sums)

    @transition(**move("finish"))
    def finish(self, *, actor: Any, now: datetime, sums: Sums) -> dict[str, Any]:
        self.ended_at = now
        return self._summed(sums)

    @transition(**move("write_off"))
    def write_off(self, *, actor: Any, now: datetime, sums: Sums) -> dict[str, Any]:
        self.ended_at = now
        left = self.left
        return self._summed(sums) | {"open": str(left)}

    @transition(**move("fall"))
    def fall(self, *, actor: Any, now: datetime, sums: Sums) -> dict[str, Any]:
        self.ended_at = now
        return self._summed(sums)

    @transition(**move("notify_anew"))
    def notify_anew(self, *, actor: Any, now: datetime, sums: Sums, until: datetime) -> dict[str, Any]:
        self.ended_at, self.noticed_at, self.object_until = None, now, until
        self._summed(sums)
        return self.told(until=until.isoformat())

    def _decide(self, actor: Any, now: datetime, words: str) -> None:
        self.decision_words, self.decided_by_id, self.decided_at = words, actor.pk, now

    def _summed(self, sums: Sums) -> dict[str, Any]:
        for name, value in sums.items():
            if name not in SUMS:
                raise ValueError(f"{name} is no sum of a recovery")
            setattr(self, name, value)
        return {**self.told(), "amount": str(self.taken), "open": str(self.left)}


class RecoveryProof(PublicIdModel):
    """A file that the merchant brings against a recovery, with its fingerprint and the moment it came.

    Nobody changes it; erased, it keeps moment and fingerprint.
    """

    recovery = models.ForeignKey(
        Recovery, models.PROTECT, related_name="proofs", verbose_name=_("recovery"), db_index=False
    )
    by = person(_("brought by"))
    at = models.DateTimeField(_("at"))
    name = models.CharField(_("stored name"), max_length=200)
    original_name = models.CharField(_("file name"), max_length=200, blank=True)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = ThroughRecoveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("proof of an objection")
        verbose_name_plural = _("proofs of objections")
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["recovery", "sha256"], name="recovery_proof_once")]

    def __str__(self) -> str:
        return self.original_name or self.sha256[:16]


class RecoveryStep(AppendOnlyModel):
    """One step of the collection: from where, how much, which entry of the ledger. ``back``: given back again."""

    recovery = models.ForeignKey(
        Recovery, models.PROTECT, related_name="steps", verbose_name=_("recovery"), db_index=False
    )
    source = models.CharField(_("source"), max_length=10, choices=Source)
    back = models.BooleanField(_("given back"), default=False)
    amount = money(_("amount"))
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    at = models.DateTimeField(_("at"))
    by = person(_("by"))

    objects = ThroughRecoveryQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("step of a recovery")
        verbose_name_plural = _("steps of recoveries")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="recovery_step_above_zero"),
            models.UniqueConstraint(
                fields=["recovery", "reference"], condition=Q(source=Source.PAID, back=False),
                name="recovery_paid_once",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["recovery", "id"], name="recovery_step")]

    def __str__(self) -> str:
        return f"{self.recovery_id}: {self.source} {self.amount}"


class WriteOff(StateModel, PublicIdModel, VersionedModel):
    """The rest of a recovery that one person proposes to write off and another writes off."""

    recovery = models.ForeignKey(
        Recovery, models.PROTECT, related_name="write_offs", verbose_name=_("recovery"), db_index=False
    )
    state = StateField(_("state"), choices=WriteOffState, default=WriteOffState.PROPOSED, max_length=10)
    amount = money(_("amount"))
    cause = models.CharField(_("cause"), max_length=10, choices=WriteOffCause)
    words = models.CharField(_("reason"), max_length=1000)
    proposed_by = person(_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = person(_("decided by"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)

    objects = ThroughRecoveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        triggers = WRITE_OFF_MACHINE.triggers()
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="write_off_above_zero"),
            models.CheckConstraint(
                condition=~Q(state=WriteOffState.APPROVED)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="write_off_by_two",
            ),
            models.UniqueConstraint(
                fields=["recovery"], condition=Q(state=WriteOffState.PROPOSED), name="write_off_one_open"
            ),
        ]
        indexes = [models.Index(fields=["recovery", "id"], name="write_off_recovery")]

    def __str__(self) -> str:
        return f"{self.recovery_id}: {self.amount}"

    @property
    def merchant_id(self) -> int:
        return int(self.recovery.merchant_id)

    @transition(**WRITE_OFF_MACHINE.transition("approve"))
    def approve(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._decided(actor, now)

    @transition(**WRITE_OFF_MACHINE.transition("refuse"))
    def refuse(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._decided(actor, now)

    @transition(**WRITE_OFF_MACHINE.transition("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._decided(actor, now)

    def _decided(self, actor: Any, now: datetime) -> dict[str, Any]:
        self.decided_by_id, self.decided_at = actor.pk, now
        return self.told()

    def told(self) -> dict[str, Any]:
        recovery = self.recovery
        return {
            "case_id": recovery.case_id, "recovery_id": recovery.pk, "amount": str(self.amount),
            "currency": recovery.currency, "why": self.cause,
        }  # fmt: skip
