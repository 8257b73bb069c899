"""Tables of the ledger."""

from aftersales.ledger.models.incentives import IncentiveRule, IncentiveVersion, Raised, Scheme
from aftersales.ledger.models.journal import NUMBER, Account, Anchor, Journal, Period, Seal, Transfer
from aftersales.ledger.models.proposals import Proposal, ProposalFile

__all__ = [
    "NUMBER",
    "Account",
    "Anchor",
    "IncentiveRule",
    "IncentiveVersion",
    "Journal",
    "Period",
    "Proposal",
    "ProposalFile",
    "Raised",
    "Scheme",
    "Seal",
    "Transfer",
]
