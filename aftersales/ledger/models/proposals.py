"""Proposals: what a party shall pay or get."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.ledger.machine import PROPOSAL_MACHINE
from aftersales.ledger.querysets import ProposalQuerySet
from aftersales.ledger.states import AccountKind, Party, ProposalKind, ProposalState


class Proposal(PublicIdModel, StateModel, VersionedModel):
    """Something a party shall pay or get: fact, clause, amount and evidence. Posts nothing by itself.

    Unique by kind and source: the same fact proposes the same consequence once.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=ProposalKind)
    state = StateField(_("state"), choices=ProposalState, default=ProposalState.PROPOSED, max_length=12)
    party = models.CharField(_("party"), max_length=10, choices=Party)
    party_id = models.BigIntegerField(_("party's key"))
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    unit = models.CharField(_("unit"), max_length=8)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
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
            models.CheckConstraint(condition=Q(amount__gt=0), name="proposal_amount"),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(**PROPOSAL_MACHINE.transition("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**PROPOSAL_MACHINE.transition("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    def _payload(self) -> dict[str, Any]:
        return {"proposal": self.number, "amount": str(self.amount), "unit": self.unit}
