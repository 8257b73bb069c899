"""What of this room merchants read: the names of staff and of their own people, never of another merchant's."""

from aftersales.core.rowpolicies import show

show(
    "accounts.User",
    "NOT accounts_user.roles && ARRAY['merchant_owner', 'merchant_clerk']::varchar[] OR EXISTS (SELECT FROM "
    "merchants_merchantmember own WHERE own.user_id = accounts_user.id AND own.merchant_id = %(me)s)",
    hidden=("password", "username", "email", "languages", "session_epoch", "capacity"),
)
