"""Every write of the ledger."""

from aftersales.ledger.services.announcing import incentive_announce, incentives_tell
from aftersales.ledger.services.hearing import (
    fell,
    proposal_appeal,
    proposal_approve,
    proposal_cancel,
    proposal_hear,
    proposal_notify,
    proposal_reverse,
    proposal_withdraw,
)
from aftersales.ledger.services.incentives import (
    drafts_take,
    incentive_activate,
    incentive_create,
    incentive_draft,
    incentives_propose,
    incentives_raise,
    incentives_ship,
    scheme_register,
)
from aftersales.ledger.services.looking import file_looked
from aftersales.ledger.services.losses import loss_propose
from aftersales.ledger.services.months import days_keep, months_keep, period_close
from aftersales.ledger.services.paying import export_fetch, export_make, gap_explain, paid_take
from aftersales.ledger.services.posting import Posting, balances_rebuild, post
from aftersales.ledger.services.proposing import propose
from aftersales.ledger.services.sealing import anchor_keep, journal_seal
from aftersales.ledger.services.taking import statement_take
from aftersales.ledger.services.turning import reverse

__all__ = [
    "Posting",
    "anchor_keep",
    "balances_rebuild",
    "days_keep",
    "drafts_take",
    "export_fetch",
    "export_make",
    "file_looked",
    "gap_explain",
    "incentive_activate",
    "incentive_announce",
    "incentive_create",
    "incentive_draft",
    "incentives_propose",
    "incentives_raise",
    "incentives_ship",
    "incentives_tell",
    "journal_seal",
    "loss_propose",
    "months_keep",
    "paid_take",
    "period_close",
    "post",
    "proposal_appeal",
    "proposal_approve",
    "proposal_cancel",
    "fell",
    "proposal_hear",
    "proposal_notify",
    "proposal_reverse",
    "proposal_withdraw",
    "propose",
    "reverse",
    "scheme_register",
    "statement_take",
]
