"""What of this room merchants read."""

from aftersales.core.rowpolicies import show

show(
    "core.Event",
    "core_event.merchant_id = %(me)s AND core_event.audience <> 'internal'",
    hidden=("reason", "request_id"),  # what staff typed for itself
)
