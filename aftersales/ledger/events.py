"""What can happen to the ledger, in sentences."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.events import Kind
from aftersales.ledger.states import EntryKind, Party, ProposalKind

PROPOSAL = {"proposal": "code", "amount": "amount", "unit": "code"}


def _money(payload: Mapping[str, Any], key: str) -> str:
    from aftersales.ledger.rules import amount_words

    return amount_words(Decimal(str(payload[key])), str(payload.get("unit") or "CNY"))


def _entry(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"total": _money(payload, "total"), "sort": EntryKind(payload["sort"]).label}


def _proposal(payload: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"amount": _money(payload, "amount")}
    if "sort" in payload:
        shown |= {"sort": ProposalKind(payload["sort"]).label, "party": Party(payload["party"]).label}
    return shown


KINDS = (
    Kind(
        "journal.posted",
        _("%(actor)s posted %(entry)s: %(sort)s, %(total)s."),
        {
            "entry": "code",
            "sort": "code",
            "total": "amount",
            "unit": "code",
            "source_kind": "code",
            "source_id": "id",
        },
        show=_entry,
    ),
    Kind(
        "journal.anchored",
        _("The ledger stood at %(transfers)s transfers at the end of %(day)s; its hash is %(digest)s."),
        {"day": "code", "transfers": "number", "digest": "code"},
    ),
    Kind("period.closed", _("%(actor)s closed the month %(month)s of the ledger."), {"month": "code"}),
    Kind(
        "proposal.made",
        _("%(actor)s proposed %(proposal)s: %(sort)s of %(amount)s (%(party)s)."),
        PROPOSAL | {"sort": "code", "party": "code", "party_id": "id"},
        show=_proposal,
    ),
    Kind(
        "proposal.withdrawn",
        _("%(actor)s withdrew the proposal %(proposal)s of %(amount)s: %(reason)s"),
        PROPOSAL,
        show=_proposal,
    ),
    Kind(
        "proposal.cancelled",
        _("The proposal %(proposal)s of %(amount)s fell with what it rested on."),
        PROPOSAL,
        show=_proposal,
    ),
)


def register() -> None:
    events.register(*KINDS)
