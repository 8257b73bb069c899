"""Every write about cases. Lock order: order → ticket → case → payment."""

from .deciding import (
    case_accept,
    case_amend,
    case_approve,
    case_close,
    case_counter,
    case_offer,
    case_preview,
    case_reject,
    case_rule,
    case_withdraw,
)
from .opening import CaseDraft, case_open

__all__ = [
    "CaseDraft",
    "case_accept",
    "case_amend",
    "case_approve",
    "case_close",
    "case_counter",
    "case_offer",
    "case_open",
    "case_preview",
    "case_reject",
    "case_rule",
    "case_withdraw",
]
