"""What of this room merchants read."""

from aftersales.core.rowpolicies import show

show(
    "core.Event",
    "core_event.merchant_id = %(me)s AND core_event.audience <> 'internal'",
    hidden=("request_id",),  # a reason is told with what it is the reason of
)
