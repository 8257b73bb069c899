"""Tables of the ledger."""

from aftersales.ledger.models.journal import NUMBER, Account, Anchor, Journal, Period, Seal, Transfer
from aftersales.ledger.models.proposals import Proposal

__all__ = ["NUMBER", "Account", "Anchor", "Journal", "Period", "Proposal", "Seal", "Transfer"]
