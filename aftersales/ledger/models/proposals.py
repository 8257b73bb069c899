"""Proposals: what a party shall pay or get."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.ledger.machine import PROPOSAL_MACHINE
from aftersales.ledger.querysets import ProposalFileQuerySet, ProposalQuerySet
from aftersales.ledger.states import (
    DEAD,
    MAIN_KINDS,
    AccountKind,
    Fallen,
    FilePurpose,
    Measure,
    Party,
    ProposalKind,
    ProposalState,
)


def person(label: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, on_delete=models.PROTECT, null=True, related_name="+"
    )


class Proposal(PublicIdModel, StateModel, VersionedModel):
    """Something a party shall pay or get: fact, clause, amount and evidence; posted after the party was heard.

    Unique by kind and source: the same fact proposes the same consequence once. ``measure``: a consequence without an
    amount. A measure acts when the party is told, marked "appeal open"; money and points are posted when it is decided.
    ``fell_by``: of one that fell, whether its fact fell with it; empty where nobody was asked: nothing follows.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=ProposalKind)
    state = StateField(_("state"), choices=ProposalState, default=ProposalState.PROPOSED, max_length=12)
    party = models.CharField(_("party"), max_length=10, choices=Party)
    party_id = models.BigIntegerField(_("party's key"))
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    unit = models.CharField(_("unit"), max_length=8)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True)
    measure = models.CharField(_("measure"), max_length=12, choices=Measure, blank=True)
    beneficiary = models.CharField(
        _("goes to"), max_length=24, choices=AccountKind, default=AccountKind.CONSUMER_PROTECTION
    )
    fact_code = models.CharField(_("fact"), max_length=60)
    citation = models.CharField(_("rule"), max_length=120)
    calculation = models.JSONField(_("calculation"), default=dict, blank=True)
    evidence = ArrayField(
        models.CharField(max_length=80), verbose_name=_("evidence"), default=list, blank=True
    )
    source_kind = models.CharField(_("source"), max_length=60)
    source_id = models.BigIntegerField(_("source's key"))
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("proposed by"), on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    notified_by = person(_("told by"))
    notified_at = models.DateTimeField(_("told at"), null=True)
    appeal_until = models.DateTimeField(_("appeal until"), null=True)
    appealed_by = person(_("appealed by"))
    appealed_at = models.DateTimeField(_("appealed at"), null=True)
    appeal_words = models.TextField(_("appeal"), max_length=4000, blank=True)
    heard_by = person(_("heard by"))
    heard_at = models.DateTimeField(_("heard at"), null=True)
    appeal_answer = models.TextField(_("answer to the appeal"), max_length=4000, blank=True)
    fell_by = models.CharField(_("why it fell"), max_length=12, choices=Fallen, blank=True, default="")
    approved_by = person(_("approved by"))
    approved_at = models.DateTimeField(_("approved at"), null=True)
    posted_at = models.DateTimeField(_("posted at"), null=True)
    journal_id = models.BigIntegerField(_("entry"), null=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("ledger", "proposal")
        verbose_name_plural = pgettext_lazy("ledger", "proposals")
        ordering: ClassVar = ["-pk"]
        triggers = PROPOSAL_MACHINE.triggers()
        indexes: ClassVar = [
            models.Index(fields=["state", "-id"], name="proposal_state"),
            models.Index(fields=["party", "party_id", "-id"], name="proposal_party"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "source_kind", "source_id"], name="proposal_source_once"),
            models.UniqueConstraint(
                fields=["source_kind", "source_id", "party", "party_id"],
                condition=Q(kind__in=sorted(MAIN_KINDS)) & ~Q(state__in=sorted(DEAD)),
                name="proposal_one_consequence",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, measure="")
                | (Q(amount=None, kind=ProposalKind.MEASURE) & ~Q(measure="")),
                name="proposal_amount",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")),
                name="proposal_second_person",
            ),
            models.CheckConstraint(
                condition=Q(heard_by=None) | (~Q(heard_by=F("proposed_by")) & ~Q(heard_by=F("appealed_by"))),
                name="proposal_heard_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(**PROPOSAL_MACHINE.transition("notify"))
    def notify(self, *, actor: Any, now: datetime, until: datetime) -> dict[str, Any]:
        self.notified_by_id, self.notified_at, self.appeal_until = actor.pk, now, until
        return self.told(until=until.isoformat())

    @transition(**PROPOSAL_MACHINE.transition("appeal"))
    def appeal(self, *, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        self.appealed_by_id, self.appealed_at, self.appeal_words = actor.pk, now, words
        return self.told()

    @transition(**PROPOSAL_MACHINE.transition("uphold"))
    def uphold(self, *, actor: Any, now: datetime, answer: str) -> dict[str, Any]:
        return self._heard(actor, now, answer)

    @transition(**PROPOSAL_MACHINE.transition("overturn"))
    def overturn(self, *, actor: Any, now: datetime, answer: str, fell_by: str = "") -> dict[str, Any]:
        return self._heard(actor, now, answer) | self._fell(fell_by)

    @transition(**PROPOSAL_MACHINE.transition("approve"))
    def approve(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.approved_by_id, self.approved_at = actor.pk, now
        return self.told()

    @transition(**PROPOSAL_MACHINE.transition("post"))
    def post(self, *, actor: Any, now: datetime, journal_id: int | None) -> dict[str, Any]:
        self.posted_at, self.journal_id = now, journal_id
        return self.told()

    @transition(**PROPOSAL_MACHINE.transition("reverse"))
    def reverse(self, *, actor: Any, now: datetime, fell_by: str = "") -> dict[str, Any]:
        return self._fell(fell_by)

    @transition(**PROPOSAL_MACHINE.transition("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime, fell_by: str = "") -> dict[str, Any]:
        return self._fell(fell_by)

    @transition(**PROPOSAL_MACHINE.transition("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    def _fell(self, fell_by: str) -> dict[str, Any]:
        self.fell_by = fell_by
        return self.told(**({"fell_by": str(fell_by)} if fell_by else {}))

    def _heard(self, actor: Any, now: datetime, answer: str) -> dict[str, Any]:
        self.heard_by_id, self.heard_at, self.appeal_answer = actor.pk, now, answer
        return self.told()

    @property
    def is_money(self) -> bool:
        return self.amount is not None

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it."""
        what = {"amount": str(self.amount)} if self.amount is not None else {"measure": str(self.measure)}
        return {"proposal": self.number, "unit": self.unit, **what, **more}


class ProposalFile(PublicIdModel):
    """A file of a proposal: proof of a loss, or what the party brings with its appeal. Nobody changes it."""

    proposal = models.ForeignKey(
        Proposal, models.PROTECT, related_name="files", verbose_name=pgettext_lazy("ledger", "proposal")
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=FilePurpose)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("brought by"), on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("at"))
    name = models.CharField(_("stored name"), max_length=200)
    original_name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)

    objects = ProposalFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a proposal")
        verbose_name_plural = _("files of proposals")
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "sha256"], name="proposal_file_once")
        ]

    def __str__(self) -> str:
        return self.original_name
