"""Statements of banks and channels, and what does not agree with our payments: each difference is worked to its end."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from aftersales.cases.machine import DIFFERENCE_MACHINE
from aftersales.cases.models.accounts import amount
from aftersales.cases.models.payment import CasePayment
from aftersales.cases.querysets import DifferenceQuerySet, StatementQuerySet
from aftersales.cases.states import DifferenceKind, DifferenceState, StatementSide
from aftersales.core.models import (
    AppendOnlyModel,
    PublicIdModel,
    StateModel,
    VersionedModel,
    append_only_triggers,
)
from aftersales.core.statefield import StateField
from aftersales.core.wording import minute

move = DIFFERENCE_MACHINE.transition


class StatementLine(VersionedModel):
    """One line of a statement: money that left, or came back, under one of our keys or none.

    Told once, it stands: triggers refuse a change. Differences point at it, so it is not of the append-only tables.
    """

    source = models.CharField(_("source"), max_length=40)
    line_ref = models.CharField(_("line"), max_length=64)
    key = models.CharField(_("payment key"), max_length=40, blank=True, default="")
    side = models.CharField(_("side"), max_length=4, choices=StatementSide)
    amount = amount(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    happened_at = models.DateTimeField(_("happened at"))
    words = models.CharField(_("bank's words"), max_length=120, blank=True, default="")

    objects = StatementQuerySet.as_manager()

    class Meta:
        triggers = append_only_triggers()
        verbose_name = _("line of a statement")
        verbose_name_plural = _("lines of statements")
        constraints = [
            models.UniqueConstraint(fields=["source", "line_ref"], name="statement_line_once"),
            models.CheckConstraint(
                condition=~Q(source="") & ~Q(line_ref=""), name="statement_line_key_given"
            ),
        ]
        indexes = [
            models.Index(fields=["key"], name="statement_line_key"),
            models.Index(fields=["source", "happened_at"], name="statement_line_when"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.line_ref}"


class Comparison(AppendOnlyModel):
    """That somebody compared what a source told with our payments: over which period, with which totals, what came of
    it. Written also where nothing differs.

    ``totals``: by currency what left and what came back, as the statement tells it. ``found``: differences that were
    new; ``standing``: all of the source that were open afterwards.
    """

    source = models.CharField(_("source"), max_length=40)
    since = models.DateTimeField(_("from"), null=True)
    until = models.DateTimeField(_("to"), null=True)
    lines = models.PositiveIntegerField(_("lines of the statement"))
    totals = models.JSONField(_("totals"), default=dict)
    found = models.PositiveIntegerField(_("new differences"))
    standing = models.PositiveIntegerField(_("open differences"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("compared by"), db_index=False
    )  # fmt: skip
    at = models.DateTimeField(_("compared at"))

    objects = StatementQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("comparison of a statement")
        verbose_name_plural = _("comparisons of statements")
        indexes = [models.Index(F("source"), F("id").desc(), name="comparison_newest")]

    def __str__(self) -> str:
        return f"{self.source} {minute(self.at)}"


class Difference(StateModel, PublicIdModel, VersionedModel):
    """Something a statement says and we do not, or the other way round."""

    state = StateField(_("state"), choices=DifferenceState, default=DifferenceState.OPEN, max_length=9)
    kind = models.CharField(_("difference"), max_length=16, choices=DifferenceKind)
    source = models.CharField(_("source"), max_length=40)
    payment = models.ForeignKey(
        CasePayment, models.PROTECT, null=True, related_name="differences", verbose_name=_("payment")
    )
    line = models.ForeignKey(
        StatementLine, models.PROTECT, null=True, related_name="differences", verbose_name=_("line of a statement")
    )  # fmt: skip
    ours = models.DecimalField(_("ours"), max_digits=14, decimal_places=2, null=True)
    theirs = models.DecimalField(_("the statement's"), max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(_("currency"), max_length=3)
    found_at = models.DateTimeField(_("found at"))
    words = models.CharField(_("explanation"), max_length=500, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("worked off by"),
        db_index=False,
    )  # fmt: skip
    done_at = models.DateTimeField(_("worked off at"), null=True)

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        triggers = DIFFERENCE_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source", "payment", "line"], name="difference_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(state="open") | (~Q(words="") & Q(done_by__isnull=False)),
                name="difference_explained",
            ),
        ]
        indexes = [models.Index(F("state"), F("id").desc(), name="difference_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.payment_id or self.line_id}"

    @transition(**move("explain"))
    def explain(self, *, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        return self._done(actor, now, words)

    @transition(**move("correct"))
    def correct(self, *, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        return self._done(actor, now, words)

    @transition(**move("reopen"))
    def reopen(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.words, self.done_by_id, self.done_at = "", None, None
        return self.told()

    def _done(self, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        self.words, self.done_by_id, self.done_at = words, actor.pk, now
        return self.told()

    def told(self) -> dict[str, Any]:
        return {"difference": self.kind, "source": self.source}
