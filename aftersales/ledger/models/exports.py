"""Pay and settlement sheets: what was handed out for a month, what was said about each line, what does not agree."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel, append_only_triggers
from aftersales.core.statefield import StateField
from aftersales.ledger.models.journal import Account
from aftersales.ledger.paidmachine import GAP_MACHINE
from aftersales.ledger.paidstates import ExportKind, GapKind, GapState, PaidOutcome
from aftersales.ledger.querysets import ExportLineQuerySet, ExportQuerySet


def money(label: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=18, decimal_places=2)


def person(label: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=label,
        null=True,
        db_index=False,
    )


class Export(PublicIdModel, VersionedModel):
    """One sheet of one month: frozen with its lines. ``part`` 1 holds the month; later ones only the difference."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=ExportKind)
    month = models.DateField(_("month"))
    unit = models.CharField(_("unit"), max_length=8)
    part = models.PositiveSmallIntegerField(_("part"))
    count = models.PositiveIntegerField(_("lines"))
    total = money(_("total"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    made_by = person(_("made by"))
    made_at = models.DateTimeField(_("made at"))

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("ledger", "pay or settlement sheet")
        verbose_name_plural = pgettext_lazy("ledger", "pay and settlement sheets")
        triggers = append_only_triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "month", "unit", "part"], name="export_part_once"),
        ]

    def __str__(self) -> str:
        return self.number


class ExportLine(VersionedModel):
    """What one account is due by one sheet. Below zero: a correction takes back. ``name`` as it was then."""

    export = models.ForeignKey(Export, models.PROTECT, related_name="rows", verbose_name=_("sheet"))
    key = models.CharField(_("key of the line"), max_length=48, unique=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name=_("account"))
    code = models.CharField(_("code"), max_length=150)
    name = models.CharField(_("name"), max_length=150)
    amount = money(_("amount"))

    objects = ExportLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a sheet")
        verbose_name_plural = _("lines of sheets")
        triggers = append_only_triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["export", "account"], name="export_account_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="export_line_amount"),
        ]

    def __str__(self) -> str:
        return self.key


class PaidLine(VersionedModel):
    """What payroll or the bank said of one line, once per reference. What was paid is posted under this row."""

    line = models.ForeignKey(
        ExportLine, models.PROTECT, related_name="told", verbose_name=_("line of a sheet")
    )
    outcome = models.CharField(_("outcome"), max_length=8, choices=PaidOutcome)
    ref = models.CharField(_("reference"), max_length=64)
    amount = money(_("amount"))
    happened_at = models.DateTimeField(_("happened at"))
    reason = models.CharField(_("reason"), max_length=120, blank=True, default="")
    taken_at = models.DateTimeField(_("taken in at"))
    taken_by = person(_("taken in by"))

    objects = ExportLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("paid line")
        verbose_name_plural = _("paid lines")
        triggers = append_only_triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "outcome", "ref"], name="paid_line_once"),
            models.CheckConstraint(condition=~Q(amount=0) & ~Q(ref=""), name="paid_line_said"),
        ]

    def __str__(self) -> str:
        return self.ref


class ExportGap(StateModel, PublicIdModel, VersionedModel):
    """A line that was not paid as it was exported: looked into until it is explained or agrees."""

    line = models.OneToOneField(
        ExportLine, models.PROTECT, related_name="gap", verbose_name=_("line of a sheet")
    )
    state = StateField(_("state"), choices=GapState, default=GapState.OPEN, max_length=10)
    kind = models.CharField(_("difference"), max_length=8, choices=GapKind)
    paid = money(_("paid"))
    found_at = models.DateTimeField(_("found at"))
    words = models.CharField(_("explanation"), max_length=500, blank=True)
    done_by = person(_("worked off by"))
    done_at = models.DateTimeField(_("worked off at"), null=True)

    objects = ExportLineQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("ledger", "difference of a sheet")
        verbose_name_plural = pgettext_lazy("ledger", "differences of sheets")
        triggers = GAP_MACHINE.triggers()
        indexes: ClassVar = [models.Index(fields=["state", "-id"], name="export_gap_state")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state=GapState.EXPLAINED) | (~Q(words="") & Q(done_by__isnull=False)),
                name="export_gap_explained",
            ),
        ]

    def __str__(self) -> str:
        return str(self.line_id)

    @transition(**GAP_MACHINE.transition("explain"))
    def explain(self, *, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        self.words, self.done_by_id, self.done_at = words, actor.pk, now
        return self.told()

    @transition(**GAP_MACHINE.transition("agree"))
    def agree(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**GAP_MACHINE.transition("reopen"))
    def reopen(self, *, actor: Any, now: datetime, kind: str, paid: Any) -> dict[str, Any]:
        self.kind, self.paid, self.words, self.done_by_id, self.done_at = kind, paid, "", None, None
        return self.told()

    def told(self) -> dict[str, Any]:
        return {"line": self.line.key, "difference": str(self.kind)}
