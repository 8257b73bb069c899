"""Runs of payments for the bank, what the bank answered, and the accounts customers name when money came back."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.cases.machine import RUN_MACHINE
from aftersales.cases.models.accounts import amount
from aftersales.cases.querysets import AnswerQuerySet, PayeeQuerySet, RunQuerySet
from aftersales.cases.states import BankOutcome, NameCheck, RunState
from aftersales.core.files import StoredFile
from aftersales.core.models import AppendOnlyModel, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField

move = RUN_MACHINE.transition


class PaymentRun(StateModel, PublicIdModel, VersionedModel):
    """One file for the bank, in one currency. ``sha256`` is that of the file as it was written."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    state = StateField(_("state"), choices=RunState, default=RunState.DRAFT, max_length=9)
    currency = models.CharField(_("currency"), max_length=3)
    count = models.PositiveIntegerField(_("payments"), default=0)
    total = amount(_("total"))
    file_count = models.PositiveIntegerField(_("payments in the file"), default=0)
    file_total = amount(_("total of the file"))
    stored_name = models.CharField(_("stored file"), max_length=60, blank=True)
    file_name = models.CharField(_("file name"), max_length=120, blank=True)
    sha256 = models.CharField(_("fingerprint"), max_length=64, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("collected by"), db_index=False
    )  # fmt: skip
    made_at = models.DateTimeField(_("collected at"))
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("released by"),
        db_index=False,
    )  # fmt: skip
    approved_at = models.DateTimeField(_("released at"), null=True)
    exported_at = models.DateTimeField(_("written at"), null=True)
    settled_at = models.DateTimeField(_("all answered at"), null=True)

    for_machines = frozenset({"stored_name"})
    history = HistoricalRecords()
    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment run")
        verbose_name_plural = _("payment runs")
        triggers = RUN_MACHINE.triggers()
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"])
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("made_by"))),
                name="payment_run_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["exported", "settled"]) | ~Q(sha256=""), name="payment_run_file_known"
            ),
        ]
        indexes = [models.Index(fields=["-made_at", "-id"], name="payment_run_newest")]

    def __str__(self) -> str:
        return self.number

    @transition(**move("approve"))
    def approve(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.approved_by_id, self.approved_at = actor.pk, now
        return self.told()

    @transition(**move("export"))
    def export(self, *, actor: Any, now: datetime, written: Any) -> dict[str, Any]:
        kept: StoredFile = written.file
        self.stored_name, self.file_name, self.sha256, self.size = (
            kept.name, kept.original_name, kept.sha256, kept.size,
        )  # fmt: skip
        self.file_count, self.file_total, self.exported_at = written.count, written.total, now
        return self.told(sha256=kept.sha256)

    @transition(**move("settle"))
    def settle(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.settled_at = now
        return self.told()

    @transition(**move("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: how many and how much, as far as it is known by then."""
        written = bool(self.file_count)
        return {
            "count": self.file_count if written else self.count,
            "total": str(self.file_total if written else self.total),
            "currency": self.currency,
            **more,
        }


class Payee(models.Model):
    """Another account for money that came back: whose, with whose consent, and how the name was checked.

    The account itself is personal: it is masked on pages and goes with its customer.
    """

    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="+", verbose_name=_("customer"), db_index=False
    )  # fmt: skip
    holder = models.CharField(_("account holder"), max_length=80)
    bank = models.CharField(_("bank"), max_length=80, blank=True)
    account = models.CharField(_("account"), max_length=40)
    name_check = models.CharField(_("name check"), max_length=8, choices=NameCheck)
    consent = models.CharField(_("how the customer agreed"), max_length=300)
    proof = models.CharField(_("proof for another name"), max_length=300, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("taken down by"), db_index=False
    )  # fmt: skip
    taken_at = models.DateTimeField(_("taken down at"))
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = PayeeQuerySet.as_manager()

    class Meta:
        verbose_name = _("other account")
        verbose_name_plural = _("other accounts")
        indexes = [models.Index(fields=["customer"], name="payee_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at__isnull=False) | (~Q(holder="") & ~Q(account="") & ~Q(consent="")),
                name="payee_with_consent",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=False) | ~Q(name_check=NameCheck.PROVEN) | ~Q(proof=""),
                name="payee_other_name_proven",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class BankAnswer(AppendOnlyModel):
    """One thing the bank or channel said of one payment, by sheet or by message; the same again is the same row."""

    payment = models.ForeignKey(
        "cases.CasePayment", models.PROTECT, related_name="answers", verbose_name=_("payment"), db_index=False
    )  # fmt: skip
    outcome = models.CharField(_("outcome"), max_length=8, choices=BankOutcome)
    bank_ref = models.CharField(_("bank's reference"), max_length=64, blank=True)
    amount = amount(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("bank's reason"), max_length=120, blank=True)
    happened_at = models.DateTimeField(_("happened at"))
    taken_at = models.DateTimeField(_("taken in at"))
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("taken in by"), db_index=False
    )  # fmt: skip
    way = models.CharField(_("came by"), max_length=10)
    acted = models.BooleanField(_("changed the payment"))
    why_not = models.CharField(_("why it changed nothing"), max_length=40, blank=True)

    objects = AnswerQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("answer of the bank")
        verbose_name_plural = _("answers of the bank")
        constraints = [
            models.UniqueConstraint(fields=["payment", "outcome", "bank_ref"], name="bank_answer_once"),
            models.CheckConstraint(condition=Q(acted=True) | ~Q(why_not=""), name="bank_answer_says_why_not"),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.outcome}"
