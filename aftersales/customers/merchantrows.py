"""What of this room merchants read: who bought of them, without what else is known of him; contacts stay closed."""

from aftersales.core.rowpolicies import show

show(
    "customers.Customer",
    "EXISTS (SELECT FROM orders_order bought WHERE bought.customer_id = customers_customer.id)",
    hidden=(
        *("gender", "customer_class", "class_reason", "service_level", "service_score", "city", "postcode"),
        *("preferences", "service_needs", "consent_contact", "consent_marketing", "consent_at", "opt_outs"),
    ),
)
