"""What approving a proposal decides, for whoever keeps certificates and limits (R1.3, R6.8)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aftersales.core.authority import Claim
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import POINTS

PENALTY = "penalty"


def claims(
    rows: Sequence[Proposal], actor: Any, data: Mapping[str, Any], now: datetime
) -> dict[int, list[Claim]]:
    """One claim each; points and measures have no amount of money. Whoever approves is the second person."""
    return {row.pk: [_claim(row)] for row in rows}


def _claim(row: Proposal) -> Claim:
    if row.amount is None or row.unit == POINTS:
        return Claim(kind=PENALTY, confirms=True)
    return Claim(kind=PENALTY, amount=row.amount, currency=row.unit, confirms=True)
