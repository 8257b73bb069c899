"""Payments of cases: the key is stored before any gateway is called and kept on every retry."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.cases.machine import PAYMENT_MACHINE
from aftersales.cases.models.accounts import amount
from aftersales.cases.models.case import Case, CaseLine
from aftersales.cases.querysets import PaymentQuerySet, ThroughPaymentQuerySet
from aftersales.cases.states import (
    COUNTS_AS_PAID,
    OPEN_PAYMENTS,
    CompensationKind,
    Gateway,
    PaymentKind,
    PaymentState,
    Side,
)
from aftersales.core.models import AppendOnlyModel, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField

move = PAYMENT_MACHINE.transition


def money_triggers() -> list[pgtrigger.Trigger]:
    """What is paid, to whom, which way and under which key is written once; and a case pays no more than was agreed.

    The sum is judged at the commit: the case says first what it gives, then its payments are written, or the other way
    round.
    """
    counted = ", ".join(f"'{state.value}'" for state in sorted(COUNTS_AS_PAID))
    return [
        pgtrigger.Trigger(
            name="written_once",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange(
                "number", "key", "case", "merchant_id", "kind", "compensation", "currency", "amount", "payee",
                "other_payee", "gateway", "way", "way_ref", "no_way", "borne_by", "paid_first", "explained",
                "replaces", "proposed_by", "proposed_at",
            ),
            func="RAISE EXCEPTION 'what a payment pays is written once' USING ERRCODE = 'check_violation';",
        ),
        pgtrigger.Trigger(
            name="within_case",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            timing=pgtrigger.Deferred,
            func=f"""
                IF (SELECT sum(p.amount) FROM cases_casepayment p
                     WHERE p.case_id = NEW.case_id AND p.state IN ({counted}))
                   > (SELECT c.agreed FROM cases_case c WHERE c.id = NEW.case_id) THEN
                    RAISE EXCEPTION 'case % pays more than was agreed', NEW.case_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
            """,  # noqa: S608 - states of this room
        ),
    ]  # fmt: skip


class CasePayment(StateModel, PublicIdModel, VersionedModel):
    """Money that a case gives to the payer of the order. ``key`` goes to the gateway: the same key is paid once."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    case = models.ForeignKey(Case, models.PROTECT, related_name="payments", verbose_name=_("case"))
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    payee = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="+", verbose_name=_("payee"), db_index=False
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=12, choices=PaymentKind)
    compensation = models.CharField(
        _("compensation for"), max_length=10, choices=CompensationKind, blank=True
    )
    borne_by = models.CharField(_("borne by"), max_length=10, choices=Side, default=Side.MERCHANT)
    paid_first = models.BooleanField(_("advance of the platform"), default=False)
    state = StateField(_("state"), choices=PaymentState, default=PaymentState.PROPOSED, max_length=17)
    currency = models.CharField(_("currency"), max_length=3)
    amount = amount(_("amount"))
    explained = models.JSONField(_("how it was computed"), default=list)
    gateway = models.CharField(_("gateway"), max_length=12, choices=Gateway, default=Gateway.BATCH_FILE)
    key = models.CharField(_("payment key"), max_length=40, unique=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="replaced_by", verbose_name=_("pays anew")
    )
    way = models.CharField(_("goes back by"), max_length=20, blank=True)
    way_ref = models.CharField(_("reference of the first payment"), max_length=80, blank=True)
    no_way = models.BooleanField(_("no way leads back to him"), default=False)
    other_payee = models.ForeignKey(
        "cases.Payee", models.PROTECT, null=True, related_name="payments", verbose_name=_("other account"),
        db_index=False,
    )  # fmt: skip
    run = models.ForeignKey(
        "cases.PaymentRun", models.PROTECT, null=True, related_name="payments", verbose_name=_("payment run"),
        db_index=False,
    )  # fmt: skip
    second_why = models.CharField(_("why a second person"), max_length=20, blank=True)
    bank_ref = models.CharField(_("bank's reference"), max_length=64, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("proposed by"),
        db_index=False,
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by"),
        db_index=False,
    )  # fmt: skip
    approved_at = models.DateTimeField(_("approved at"), null=True)
    submitted_at = models.DateTimeField(_("submitted at"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    came_back_at = models.DateTimeField(_("refused or called back at"), null=True)
    failure = models.CharField(_("bank's reason"), max_length=120, blank=True)
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)

    for_machines = frozenset({"source", "source_ref", "key"})
    history = HistoricalRecords(excluded_fields=["explained"])
    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("case payment")
        verbose_name_plural = _("case payments")
        triggers = [*PAYMENT_MACHINE.triggers(), *money_triggers()]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="case_payment_source"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="case_payment_pays_something"),
            models.CheckConstraint(condition=~Q(key=""), name="case_payment_has_key"),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "awaiting_approval", "rejected", "cancelled"])
                | Q(state__in=["payee_needed", "replaced"], attempts=0)
                | Q(approved_by__isnull=False),
                name="case_payment_approved_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "proposed_at", "id"], name="case_payment_open", condition=Q(state__in=OPEN_PAYMENTS)
            ),
            models.Index(fields=["payee", "-id"], name="case_payment_payee"),
            models.Index(fields=["proposed_by", "-proposed_at"], name="case_payment_proposer"),
            models.Index(fields=["run", "id"], name="case_payment_run", condition=Q(run__isnull=False)),
            models.Index(
                fields=["gateway", "currency", "id"], name="case_payment_to_collect",
                condition=Q(state=PaymentState.APPROVED, run__isnull=True),
            ),
            models.Index(fields=["-proposed_at", "-id"], name="case_payment_newest"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_PAYMENTS

    @transition(**move("ask_second"))
    def ask_second(self, *, actor: Any, now: datetime, why: str) -> dict[str, Any]:
        self.second_why = why
        return self.told()

    @transition(**move("approve"))
    def approve(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.approved_by_id, self.approved_at = actor.pk, now
        return self.told()

    @transition(**move("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.came_back_at = now
        return self.told()

    @transition(**move("refuse_account"))
    def refuse_account(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.run_id = None
        return self.told()

    @transition(**move("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.came_back_at = now
        return self.told()

    @transition(**move("submit"))
    def submit(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.submitted_at, self.failure = now, ""
        self.attempts += 1
        return self.told(attempt=self.attempts)

    @transition(**move("succeed"))
    def succeed(
        self, *, actor: Any, now: datetime, paid_at: datetime, told: str = "", bank_ref: str = ""
    ) -> dict[str, Any]:
        self.paid_at, self.bank_ref = paid_at, bank_ref
        return self.told(by=told, paid_at=paid_at.isoformat())

    @transition(**move("fail"))
    def fail(self, *, actor: Any, now: datetime, failure: str, told: str = "") -> dict[str, Any]:
        self.failure = failure
        return self.told(by=told)

    @transition(**move("lose_track"))
    def lose_track(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**move("retry"))
    def retry(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.run_id = None
        return self.told()

    @transition(**move("bounce"))
    def bounce(self, *, actor: Any, now: datetime, failure: str, told: str = "") -> dict[str, Any]:
        self.failure = failure
        return self.told(by=told)

    @transition(**move("ask_payee"))
    def ask_payee(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**move("replace"))
    def replace(self, *, actor: Any, now: datetime, by_payment: Any) -> dict[str, Any]:
        return self.told(new_id=by_payment.pk)

    @transition(**move("reverse"))
    def reverse(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @property
    def wayless(self) -> bool:
        """A bank could do nothing with it: he did not pay the order himself, and no account of his is known."""
        return self.no_way and self.gateway == Gateway.BATCH_FILE

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: amounts, no name and no account number."""
        shown: Decimal = self.amount
        return {"case_id": self.case_id, "amount": str(shown), "currency": self.currency, **more}


class PaymentPart(AppendOnlyModel):
    """What of a payment belongs to which line (or freight), and the way of which order payment it goes back."""

    payment = models.ForeignKey(
        CasePayment, models.PROTECT, related_name="parts", verbose_name=_("payment"), db_index=False
    )
    case_line = models.ForeignKey(
        CaseLine, models.PROTECT, null=True, related_name="payment_parts", verbose_name=_("case line")
    )
    tender = models.ForeignKey(
        "orders.Payment", models.PROTECT, null=True, related_name="refund_parts", verbose_name=_("paid by")
    )
    freight = models.BooleanField(_("freight"), default=False)
    amount = amount(_("amount"))

    objects = ThroughPaymentQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("part of a payment")
        verbose_name_plural = _("parts of payments")
        indexes = [models.Index(fields=["payment"], name="payment_part_payment")]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="payment_part_pays_something")]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.amount}"
