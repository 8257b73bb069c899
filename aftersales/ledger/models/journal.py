"""Tables of the ledger: accounts, journal, months, seals.

The journal is written once. No key points at it (rows that nobody may change or remove need none): a transfer names
its entry by number, and ``verify_ledger`` proves that none is missing.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.core.models import (
    AppendOnlyModel,
    PublicIdModel,
    StateModel,
    VersionedModel,
    append_only_triggers,
)
from aftersales.core.statefield import StateField
from aftersales.ledger.machine import PERIOD_MACHINE
from aftersales.ledger.querysets import (
    AccountQuerySet,
    JournalQuerySet,
    PeriodQuerySet,
    SealQuerySet,
    TransferQuerySet,
)
from aftersales.ledger.states import (
    DEBIT_SIDE,
    FLOORED,
    AccountKind,
    EntryKind,
    PeriodState,
)

NUMBER = "JZ{:08d}"


def sum_column(label: Any, **more: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=18, decimal_places=2, default=Decimal(0), **more)


class Account(PublicIdModel):
    """One account of one subject in one unit. Its sums follow from the transfers and can be rebuilt from them.

    ``overdraft``: how far it was allowed below zero, so that the database holds the rest.
    """

    kind = models.CharField(_("account"), max_length=24, choices=AccountKind)
    subject_id = models.BigIntegerField(_("subject"), default=0, help_text=_("0 for the platform's own."))
    unit = models.CharField(_("unit"), max_length=8, help_text=_("A currency, or points."))
    debits = sum_column(_("debits"))
    credits = sum_column(_("credits"))
    transfers = models.PositiveBigIntegerField(_("transfers"), default=0)
    overdraft = sum_column(_("allowed below zero"))
    opened_at = models.DateTimeField(_("opened at"))

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("ledger", "account")
        verbose_name_plural = pgettext_lazy("ledger", "accounts")
        indexes: ClassVar = [models.Index(fields=["subject_id", "kind"], name="account_subject")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "subject_id", "unit"], name="account_once"),
            models.CheckConstraint(
                condition=~Q(kind__in=sorted(FLOORED)) | Q(credits__gte=F("debits") - F("overdraft")),
                name="account_not_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(debits__gte=0, credits__gte=0, overdraft__gte=0), name="account_sums"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject_id or ''}".strip()

    @property
    def sign(self) -> int:
        """1 where debits make it larger, -1 where credits do."""
        return 1 if self.kind in DEBIT_SIDE else -1

    @property
    def balance(self) -> Decimal:
        """What stands on it, seen from its own side."""
        return self.sign * (self.debits - self.credits)


def closed_months_refuse() -> list[pgtrigger.Trigger]:
    """Nothing goes into a closed month, whoever writes."""
    return [
        *append_only_triggers(),
        pgtrigger.Trigger(
            name="closed_month",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            func="""
                IF EXISTS (SELECT 1 FROM ledger_period WHERE month = NEW.month AND state = 'closed') THEN
                    RAISE EXCEPTION 'the month % is closed', NEW.month USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            """,
        ),
    ]


class Journal(AppendOnlyModel, PublicIdModel):
    """One entry: why, from which source, in which month; its transfers say from where to where.

    ``source_kind`` and ``source_id`` name the row that caused it; with ``kind`` they are unique, so that the same
    thing is posted once however often it is tried. ``lines`` and ``total`` let a missing transfer show.
    """

    kind = models.CharField(_("kind"), max_length=16, choices=EntryKind)
    source_kind = models.CharField(_("source"), max_length=60)
    source_id = models.BigIntegerField(_("source's key"))
    month = models.DateField(_("month"))
    booked_at = models.DateTimeField(_("booked at"))
    lines = models.PositiveSmallIntegerField(_("lines"))
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=8, help_text=_("Empty when it has several."), blank=True)
    about_people = models.BooleanField(_("about people of the department"), default=False)
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    reverses_id = models.BigIntegerField(_("turns back"), null=True)
    rule_version = models.CharField(_("rule version"), max_length=80, blank=True)
    actor_id = models.BigIntegerField(_("posted by"))
    actor_name = models.CharField(_("name"), max_length=150)

    objects = JournalQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        triggers = closed_months_refuse()
        indexes: ClassVar = [
            models.Index(fields=["merchant_id", "-id"], name="journal_merchant"),
            models.Index(fields=["kind", "-id"], name="journal_kind"),
            models.Index(fields=["-id"], name="journal_people", condition=Q(about_people=True)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "source_kind", "source_id"], name="journal_source_once"),
            models.UniqueConstraint(
                fields=["reverses_id"], condition=~Q(reverses_id=None), name="journal_reversed_once"
            ),
            models.CheckConstraint(condition=Q(lines__gte=1, total__gt=0), name="journal_not_empty"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return NUMBER.format(self.pk or 0)


class Transfer(AppendOnlyModel):
    """An amount from one account to another: what is debited here is credited there, so nothing can be unbalanced.

    The balances after it stand beside it, each seen from its account's own side: any past moment is one row.
    """

    journal_id = models.BigIntegerField(_("entry"))
    line = models.PositiveSmallIntegerField(_("line"))
    month = models.DateField(_("month"))
    debit = models.ForeignKey(
        Account, verbose_name=_("debit"), on_delete=models.PROTECT, related_name="debited"
    )
    credit = models.ForeignKey(
        Account, verbose_name=_("credit"), on_delete=models.PROTECT, related_name="credited"
    )
    unit = models.CharField(_("unit"), max_length=8)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    debit_balance = models.DecimalField(_("debit account after it"), max_digits=18, decimal_places=2)
    credit_balance = models.DecimalField(_("credit account after it"), max_digits=18, decimal_places=2)
    booked_at = models.DateTimeField(_("booked at"))

    objects = TransferQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        triggers = [
            *closed_months_refuse(),
            pgtrigger.Trigger(
                name="one_unit",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF (SELECT count(*) FROM ledger_account
                         WHERE id IN (NEW.debit_id, NEW.credit_id) AND unit = NEW.unit) <> 2 THEN
                        RAISE EXCEPTION 'a transfer is between two accounts of its own unit'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["debit", "-id"], name="transfer_debit"),
            models.Index(fields=["credit", "-id"], name="transfer_credit"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["journal_id", "line"], name="transfer_line_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{NUMBER.format(self.journal_id)}/{self.line}"


class Period(StateModel, VersionedModel):
    """A month of the journal in the installation's zone; a closed one takes nothing more."""

    month = models.DateField(_("month"), unique=True)
    ends_at = models.DateTimeField(_("ends at"))
    state = StateField(_("state"), choices=PeriodState, default=PeriodState.OPEN, max_length=8)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("ledger", "month")
        verbose_name_plural = pgettext_lazy("ledger", "months")
        ordering: ClassVar = ["-month"]
        triggers = PERIOD_MACHINE.triggers()

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    @transition(**PERIOD_MACHINE.transition("close"))
    def close(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.closed_at = now
        return {"month": f"{self.month:%Y-%m}"}


class Seal(AppendOnlyModel):
    """A run of transfers under one hash, and the seal before it under the same hash: what is changed later shows.

    ``leaves``: SHA-256 of each transfer with its entry, 32 bytes each in the order of their keys, so that the changed
    row can be named. ``digest``: SHA-256 over the digest before and the leaves, in hexadecimal.
    """

    after_id = models.BigIntegerField(_("after transfer"))
    last_id = models.BigIntegerField(_("up to transfer"), unique=True)
    transfers = models.PositiveIntegerField(_("transfers"))
    leaves = models.BinaryField(_("hashes of the rows"))
    previous = models.CharField(_("hash before"), max_length=64, blank=True)
    digest = models.CharField(_("hash"), max_length=64, unique=True)
    sealed_at = models.DateTimeField(_("sealed at"))

    objects = SealQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("ledger", "seal")
        verbose_name_plural = pgettext_lazy("ledger", "seals")
        triggers = append_only_triggers()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(last_id__gt=F("after_id"), transfers__gte=1), name="seal_run"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Anchor(AppendOnlyModel):
    """Where the chain of seals stood at the end of a day: one line that is kept outside of this database as well."""

    day = models.DateField(_("day"), unique=True)
    digest = models.CharField(_("hash"), max_length=64)
    last_id = models.BigIntegerField(_("up to transfer"))
    transfers = models.PositiveBigIntegerField(_("transfers"))
    made_at = models.DateTimeField(_("made at"))

    objects = SealQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("ledger", "anchor")
        verbose_name_plural = pgettext_lazy("ledger", "anchors")
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return self.line

    @property
    def line(self) -> str:
        """What is written down elsewhere: day, transfers, hash."""
        return f"{self.day:%Y-%m-%d} {self.transfers} {self.digest}"
