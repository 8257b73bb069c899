"""Every write of the ledger."""

from aftersales.ledger.services.months import months_keep, period_close
from aftersales.ledger.services.posting import Posting, balances_rebuild, post, reverse
from aftersales.ledger.services.proposing import proposal_cancel, proposal_withdraw, propose

__all__ = [
    "Posting",
    "balances_rebuild",
    "months_keep",
    "period_close",
    "post",
    "proposal_cancel",
    "proposal_withdraw",
    "propose",
    "reverse",
]
