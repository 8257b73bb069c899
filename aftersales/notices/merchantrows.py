"""What of this room a merchant reads: what was written to him and to his people."""

from aftersales.core.rowpolicies import show

show(
    "notices.Notice",
    "notices_notice.recipient_kind = 'merchant' AND notices_notice.merchant_id = %(me)s "
    "OR notices_notice.recipient_kind = 'user' AND EXISTS (SELECT FROM merchants_merchantmember own "
    "WHERE own.user_id = notices_notice.user_id AND own.merchant_id = %(me)s AND own.active_to IS NULL)",
    hidden=("error",),
)
