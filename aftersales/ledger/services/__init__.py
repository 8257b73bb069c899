"""Every write of the ledger."""

from aftersales.ledger.services.hearing import (
    proposal_appeal,
    proposal_approve,
    proposal_cancel,
    proposal_hear,
    proposal_notify,
    proposal_reverse,
    proposal_withdraw,
)
from aftersales.ledger.services.months import months_keep, period_close
from aftersales.ledger.services.posting import Posting, balances_rebuild, post, reverse
from aftersales.ledger.services.proposing import propose
from aftersales.ledger.services.sealing import anchor_keep, journal_seal

__all__ = [
    "Posting",
    "anchor_keep",
    "balances_rebuild",
    "journal_seal",
    "months_keep",
    "period_close",
    "post",
    "proposal_appeal",
    "proposal_approve",
    "proposal_cancel",
    "proposal_hear",
    "proposal_notify",
    "proposal_reverse",
    "proposal_withdraw",
    "propose",
    "reverse",
]
