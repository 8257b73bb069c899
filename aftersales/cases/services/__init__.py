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
from .gateways import money_gateway_create, money_gateway_rotate, money_gateway_switch
from .opening import CaseDraft, case_open
from .paying import (
    PayeeDraft,
    payment_approve,
    payment_ask_payee,
    payment_bounce,
    payment_cancel,
    payment_fail,
    payment_give_in_kind,
    payment_lose_track,
    payment_reject,
    payment_replace,
    payment_retry,
    payment_reverse,
    payment_succeed,
)
from .proposing import payment_propose
from .reconciling import difference_explain, difference_reopen, statement_compare
from .settling import case_settle

__all__ = [
    "CaseDraft",
    "PayeeDraft",
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
    "case_settle",
    "case_withdraw",
    "difference_explain",
    "difference_reopen",
    "money_gateway_create",
    "money_gateway_rotate",
    "money_gateway_switch",
    "payment_approve",
    "payment_ask_payee",
    "payment_bounce",
    "payment_cancel",
    "payment_fail",
    "payment_give_in_kind",
    "payment_lose_track",
    "payment_propose",
    "payment_reject",
    "payment_replace",
    "payment_retry",
    "payment_reverse",
    "payment_succeed",
    "statement_compare",
]
