"""Tables of the ledger."""

from aftersales.ledger.models.closing import DayBalance
from aftersales.ledger.models.exports import Export, ExportGap, ExportLine, PaidLine
from aftersales.ledger.models.incentives import IncentiveRule, IncentiveVersion, Raised, Scheme
from aftersales.ledger.models.journal import NUMBER, Account, Anchor, Journal, Period, Seal, Transfer
from aftersales.ledger.models.proposals import Proposal, ProposalFile

__all__ = [
    "NUMBER",
    "Account",
    "Anchor",
    "DayBalance",
    "Export",
    "ExportGap",
    "ExportLine",
    "IncentiveRule",
    "IncentiveVersion",
    "Journal",
    "PaidLine",
    "Period",
    "Proposal",
    "ProposalFile",
    "Raised",
    "Scheme",
    "Seal",
    "Transfer",
]
