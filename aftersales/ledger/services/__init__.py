"""Every write of the ledger."""

from aftersales.ledger.services.months import months_keep, period_close
from aftersales.ledger.services.posting import Posting, balances_rebuild, post, reverse
from aftersales.ledger.services.proposing import proposal_cancel, proposal_withdraw, propose
from aftersales.ledger.services.sealing import anchor_keep, journal_seal

__all__ = [
    "Posting",
    "anchor_keep",
    "balances_rebuild",
    "journal_seal",
    "months_keep",
    "period_close",
    "post",
    "proposal_cancel",
    "proposal_withdraw",
    "propose",
    "reverse",
]
