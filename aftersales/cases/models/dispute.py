"""Disputes: whose turn it is and until when, what both sides brought, what was offered and what was ruled."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.cases.disputemachine import DISPUTE_MACHINE
from aftersales.cases.disputestates import (
    MAY_CHANGE,
    OPEN_DISPUTES,
    DisputeState,
    EvidenceKind,
    GiveBack,
    Obligation,
    PenaltyUnit,
    RulingOutcome,
    SuspendedFor,
)
from aftersales.cases.models.accounts import amount as money
from aftersales.cases.models.case import Case
from aftersales.cases.querysets import DisputeQuerySet, ThroughDisputeQuerySet
from aftersales.cases.states import CaseState, HeardBy, Side
from aftersales.core.models import AppendOnlyModel, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.core.wording import minute

move = DISPUTE_MACHINE.transition


def person(label: Any, *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=label, db_index=False, null=null
    )  # fmt: skip


class Dispute(StateModel, PublicIdModel, VersionedModel):
    """The platform decides between customer and merchant (R4.7). One open dispute per case; its history are its events.

    ``turn`` must act until ``turn_until``; silence has an outcome: the dispute goes on to be ruled without him. While
    it is ruled, ``turn_until`` is the last moment for an appeal. ``obligation`` is what the merchant owes by the
    ruling that stands.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    case = models.ForeignKey(Case, models.PROTECT, related_name="disputes", verbose_name=_("case"))
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    state = StateField(_("state"), choices=DisputeState, default=DisputeState.OPENED, max_length=12)
    case_was = models.CharField(_("decision before"), max_length=10, choices=CaseState)
    opened_side = models.CharField(_("opened by side"), max_length=10, choices=Side)
    opened_by = person(_("opened by"))
    opened_at = models.DateTimeField(_("opened at"))
    turn = models.CharField(pgettext_lazy("dispute", "whose turn"), max_length=10, choices=Side)
    turn_until = models.DateTimeField(pgettext_lazy("dispute", "until"), null=True)
    suspended_for = models.CharField(_("suspended for"), max_length=8, choices=SuspendedFor, blank=True)
    ruled_by = person(_("ruled by"), null=True)
    ruled_at = models.DateTimeField(_("ruled at"), null=True)
    appealed_by = models.CharField(_("appealed by"), max_length=10, choices=Side, blank=True)
    obligation = models.CharField(_("merchant's obligation"), max_length=10, choices=Obligation, blank=True)
    obligation_until = models.DateTimeField(_("to be done by"), null=True)
    obligation_kept_at = models.DateTimeField(_("done at"), null=True)
    obligation_missed_at = models.DateTimeField(_("missed since"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        triggers = DISPUTE_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state__in=sorted(OPEN_DISPUTES)), name="dispute_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(state=DisputeState.SUSPENDED) | (~Q(suspended_for="") & Q(turn_until__isnull=False)),
                name="dispute_suspension_ends",
            ),
            models.CheckConstraint(
                condition=Q(obligation="") | Q(obligation_until__isnull=False), name="dispute_obligation_timed"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["state", "turn_until", "id"], name="dispute_due",
                condition=Q(state__in=sorted(OPEN_DISPUTES)),
            ),
            models.Index(fields=["-opened_at", "-id"], name="dispute_newest"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def currency(self) -> str:
        """That of the case: what is told of its money names it."""
        return self.case.currency

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_DISPUTES

    @property
    def may_change(self) -> bool:
        """The decision of the case may still turn."""
        return self.state in MAY_CHANGE

    @transition(**move("hear"))
    def hear(self, *, actor: Any, now: datetime, until: datetime) -> dict[str, Any]:
        self.turn = Side.CUSTOMER if self.turn == Side.MERCHANT else Side.MERCHANT
        self.turn_until = until
        return self.told(until=until.isoformat())

    @transition(**move("review"))
    def review(self, *, actor: Any, now: datetime, until: datetime) -> dict[str, Any]:
        self.turn, self.turn_until, self.suspended_for = Side.PLATFORM, until, ""
        return self.told()

    @transition(**move("suspend"))
    def suspend(self, *, actor: Any, now: datetime, cause: str, until: datetime) -> dict[str, Any]:
        self.suspended_for, self.turn, self.turn_until = cause, Side.PLATFORM, until
        return self.told(cause=cause, until=until.isoformat())

    @transition(**move("rule"))
    def rule(self, *, actor: Any, now: datetime, ruling: Any) -> dict[str, Any]:
        self.ruled_by_id, self.ruled_at = actor.pk, now
        self.turn, self.turn_until = Side.PLATFORM, ruling.appeal_until
        return self._owed(ruling)

    @transition(**move("appeal"))
    def appeal(self, *, actor: Any, now: datetime, by: str, until: datetime) -> dict[str, Any]:
        self.appealed_by, self.turn, self.turn_until = by, Side.PLATFORM, until
        return self.told(by=by)

    @transition(**move("decide_appeal"))
    def decide_appeal(self, *, actor: Any, now: datetime, ruling: Any) -> dict[str, Any]:
        self.turn_until = None
        return self._owed(ruling)

    @transition(**move("settle"))
    def settle(self, *, actor: Any, now: datetime, by: str) -> dict[str, Any]:
        return self._end(now)

    @transition(**move("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._end(now)

    @transition(**move("execute"))
    def execute(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.turn_until = None
        return self.told()

    @transition(**move("close"))
    def close(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._end(now)

    def _owed(self, ruling: Any) -> dict[str, Any]:
        if (self.obligation, self.obligation_until) != (ruling.obligation, ruling.obligation_until):
            self.obligation_kept_at = self.obligation_missed_at = None
        self.obligation, self.obligation_until = ruling.obligation, ruling.obligation_until
        return self.told(outcome=ruling.outcome, amount=str(ruling.amount))

    def _end(self, now: datetime) -> dict[str, Any]:
        self.ended_at, self.turn_until, self.suspended_for = now, None, ""
        return self.told()

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: codes, ids and amounts, no word of either side."""
        return {"case_id": self.case_id, "dispute_id": self.pk, **more}


class DisputeEvidence(PublicIdModel):
    """What one side brought: words, or a file with its fingerprint and the moment it came. Nobody changes it.

    Taken back, it stays readable and counts no more. Erased, it keeps side, moment and fingerprint.
    """

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="evidence", verbose_name=_("dispute"))
    kind = models.CharField(_("kind"), max_length=10, choices=EvidenceKind, default=EvidenceKind.EVIDENCE)
    side = models.CharField(_("side"), max_length=10, choices=Side)
    by = person(_("brought by"))
    at = models.DateTimeField(_("at"))
    late = models.BooleanField(_("after the window"), default=False)
    text = models.CharField(_("text"), max_length=4000, blank=True)
    name = models.CharField(_("stored name"), max_length=200, blank=True)
    original_name = models.CharField(_("file name"), max_length=200, blank=True)
    content_type = models.CharField(_("content type"), max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True)
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = ThroughDisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("pieces of evidence")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at__isnull=False) | ~Q(text="") | ~Q(name=""), name="evidence_says_something"
            ),
            models.UniqueConstraint(
                fields=["dispute", "side", "sha256"], condition=Q(withdrawn_at=None), name="evidence_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.original_name or f"{minute(self.at)}"


class Ruling(AppendOnlyModel):
    """What was ruled, coded: how much, goods back or not, who pays the freight, whose fault in per cent.

    ``kept``: what the customer has already beyond ``amount``; nothing of it is taken from him without his consent or
    a judgment (``give_back``), the platform bears it.
    """

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="rulings", verbose_name=_("dispute"))
    on_appeal = models.BooleanField(_("on appeal"), default=False)
    overturns = models.BooleanField(_("overturns the first"), default=False)
    outcome = models.CharField(_("outcome"), max_length=14, choices=RulingOutcome)
    amount = money(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    goods_back = models.BooleanField(_("goods come back"), default=False)
    freight_by = models.CharField(_("return freight borne by"), max_length=10, choices=Side)
    fault_customer = models.PositiveSmallIntegerField(_("customer's share of fault"), default=0)
    fault_merchant = models.PositiveSmallIntegerField(_("merchant's share of fault"), default=0)
    fault_carrier = models.PositiveSmallIntegerField(_("carrier's share of fault"), default=0)
    fault_platform = models.PositiveSmallIntegerField(_("platform's share of fault"), default=0)
    obligation = models.CharField(_("merchant's obligation"), max_length=10, choices=Obligation, blank=True)
    obligation_until = models.DateTimeField(_("to be done by"), null=True)
    penalty = money(_("penalty proposed"))
    penalty_unit = models.CharField(
        _("penalty in"), max_length=6, choices=PenaltyUnit, default=PenaltyUnit.YUAN
    )
    kept = money(_("kept by the customer beyond it"))
    give_back = models.CharField(_("gives back"), max_length=8, choices=GiveBack, blank=True)
    give_back_ref = models.CharField(_("consent or judgment"), max_length=120, blank=True)
    clause = models.CharField(_("clause"), max_length=120)
    facts = models.CharField(_("facts found"), max_length=2000)
    reasons = models.CharField(_("reasons"), max_length=2000)
    ruled_by = person(_("ruled by"))
    at = models.DateTimeField(_("at"))
    appeal_until = models.DateTimeField(_("appeal until"), null=True)

    objects = ThroughDisputeQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("ruling")
        verbose_name_plural = _("rulings")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["dispute", "on_appeal"], name="ruling_once"),
            models.CheckConstraint(
                condition=Q(fault_customer=100 - F("fault_merchant") - F("fault_carrier") - F("fault_platform")),
                name="ruling_fault_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(clause="") & ~Q(facts="") & ~Q(reasons=""), name="ruling_gives_reasons"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, penalty__gte=0, kept__gte=0), name="ruling_amounts_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(give_back="") | ~Q(give_back_ref=""), name="ruling_give_back_has_ground"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.get_outcome_display()

    @property
    def shares(self) -> dict[str, int]:
        """Whose fault it is, in per cent."""
        return {
            side: getattr(self, f"fault_{side}") for side in ("customer", "merchant", "carrier", "platform")
        }


class Settlement(PublicIdModel, VersionedModel):
    """What one side proposes to settle on; the other accepts it or not. Accepted, it binds both (one per dispute)."""

    dispute = models.ForeignKey(
        Dispute, models.PROTECT, related_name="settlements", verbose_name=_("dispute")
    )
    by = models.CharField(_("proposed by"), max_length=10, choices=Side)
    amount = money(_("amount"))
    goods_back = models.BooleanField(_("goods come back"), default=False)
    made_at = models.DateTimeField(_("made at"))
    made_by = person(_("made by"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    accepted_side = models.CharField(_("accepted by"), max_length=10, choices=Side, blank=True)
    accepted_words = models.CharField(_("words of the acceptance"), max_length=2000, blank=True)
    heard_by = models.CharField(_("heard by"), max_length=10, choices=HeardBy, blank=True)
    said_at = models.DateTimeField(_("said at"), null=True)
    taken_down_by = person(_("acceptance taken down by"), null=True)
    gone_at = models.DateTimeField(_("replaced or taken back at"), null=True)

    objects = ThroughDisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposed settlement")
        verbose_name_plural = _("proposed settlements")
        ordering = ["made_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute"], condition=Q(accepted_at__isnull=False), name="settlement_accepted_once"
            ),
            models.UniqueConstraint(
                fields=["dispute", "by"], condition=Q(gone_at=None), name="settlement_one_lies_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dispute_id}: {self.amount}"
