"""What a person may do with a dispute from a dialog: the form of each act and the service behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.selectors import people_who_may
from aftersales.cases import services
from aftersales.cases.models import Dispute
from aftersales.core.files import StoredFile
from aftersales.desk.disputeforms import (
    AppealForm,
    DisputeForm,
    EvidenceForm,
    HandOnForm,
    ProposalForm,
    SuspendForm,
)


@dataclass(frozen=True)
class Given:
    """What a dialog sent."""

    data: Mapping[str, Any]
    files: list[StoredFile]
    form: forms.Form
    actor: Any
    now: datetime
    version: int | None

    @property
    def who(self) -> dict[str, Any]:
        return {"actor": self.actor, "now": self.now}

    @property
    def whole(self) -> dict[str, Any]:
        return {**self.who, "version": self.version}


@dataclass(frozen=True)
class DisputeAct:
    label: Any
    run: Callable[[Dispute, Given], Any]
    form: type[DisputeForm] = DisputeForm
    effect: Any = ""
    is_move: bool = True
    may: str = "cases.dispute"


def _evidence(dispute: Dispute, given: Given) -> Any:
    """Words and each file are pieces of their own."""
    services.evidence_bring(
        dispute=dispute, side=given.data["side"], text=given.data["text"], files=given.files, **given.who
    )
    return dispute


def _propose(dispute: Dispute, given: Given) -> Any:
    data = given.data
    return services.settlement_propose(
        dispute=dispute, by=data["side"], amount=data["amount"], goods_back=data["goods_back"], **given.who
    )


def _hand_on(dispute: Dispute, given: Given) -> Any:
    to = next((one for one in people_who_may("cases.rule") if one.pk == given.data["to"]), given.actor)
    return services.dispute_hand_on(dispute=dispute, to=to, **given.who)


def _suspend(dispute: Dispute, given: Given) -> Any:
    assert isinstance(given.form, SuspendForm)
    until = given.now + given.form.lasts
    return services.dispute_suspend(dispute=dispute, cause=given.data["cause"], until=until, **given.whole)


def _appeal(dispute: Dispute, given: Given) -> Any:
    data = given.data
    return services.dispute_appeal(dispute=dispute, by=data["side"], words=data["words"], **given.whole)


def _review(dispute: Dispute, given: Given) -> Any:
    return services.dispute_review(dispute=dispute, **given.whole)


def _withdraw(dispute: Dispute, given: Given) -> Any:
    return services.dispute_withdraw(dispute=dispute, by=dispute.opened_side, **given.whole)


def _obligation(dispute: Dispute, given: Given) -> Any:
    return services.obligation_keep(dispute=dispute, **given.whole)


ACTS: Mapping[str, DisputeAct] = {
    "evidence": DisputeAct(
        pgettext_lazy("dispute", "Add evidence"), _evidence, EvidenceForm,
        _("Kept with its moment and its fingerprint (SHA-256); both sides see it."), is_move=False,
    ),
    "propose": DisputeAct(
        pgettext_lazy("dispute", "Propose to settle"), _propose, ProposalForm,
        _("The other side may accept; then it binds both, and nothing is ruled."), is_move=False,
    ),
    "obligation": DisputeAct(
        pgettext_lazy("dispute", "The merchant has done it"), _obligation, is_move=False,
    ),
    "hand_on": DisputeAct(
        pgettext_lazy("dispute", "Ask a colleague to rule"), _hand_on, HandOnForm,
        _("Offered are those who may rule on it; whoever you choose is told in the system."), is_move=False,
        may="cases.review_dispute",
    ),
    "review": DisputeAct(pgettext_lazy("dispute move", "Begin the review"), _review),
    "suspend": DisputeAct(pgettext_lazy("dispute move", "Suspend"), _suspend, SuspendForm),
    "appeal": DisputeAct(pgettext_lazy("dispute move", "Appeal"), _appeal, AppealForm),
    "withdraw": DisputeAct(pgettext_lazy("dispute move", "Withdraw the dispute"), _withdraw),
}  # fmt: skip
