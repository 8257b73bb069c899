"""Who keeps accounts and who sees and changes registers: merchants, customers, orders; the desk's own pages."""

from accounts.capabilities.groups import (
    ADMINISTRATORS,
    DESK,
    LEADS,
    MERCHANTS,
    OPERATIONS,
    OWN_STAFF,
    READERS,
    STAFF,
    VENDORS,
    R,
    register,
    roles,
)

TEAM_KEEPERS = roles(R.OPERATIONS, R.ADMINISTRATOR)
SHIFT_KEEPERS = roles(LEADS, R.PLANNER, R.ADMINISTRATOR)
ACCOUNTS = {
    "accounts.create_user": ADMINISTRATORS,
    "accounts.set_roles": ADMINISTRATORS,
    "accounts.set_capacity": roles(R.OPERATIONS, R.ADMINISTRATOR),  # of everybody but administrators
    "accounts.set_active": ADMINISTRATORS,
    "accounts.set_own_away": STAFF - {R.AUDITOR},
    "accounts.plan": roles(R.LEAD, R.SUPERVISOR, R.PLANNER, R.OPERATIONS, R.VENDOR_LEAD, R.ADMINISTRATOR),
    "accounts.manage_teams": TEAM_KEEPERS,
    **register("accounts.user", view=STAFF - {R.VENDOR_AGENT}, change=ADMINISTRATORS, add=ADMINISTRATORS),
    **register("accounts.team", view=STAFF, change=TEAM_KEEPERS, add=TEAM_KEEPERS),
    **register("accounts.teammember", view=STAFF, add=TEAM_KEEPERS),
    **register("accounts.shift", view=STAFF, change=SHIFT_KEEPERS, add=SHIFT_KEEPERS),
    **register("accounts.away", view=STAFF, add=STAFF - {R.AUDITOR}),
}

PORTAL_PAGES = {"portal.work": MERCHANTS}  # their own merchants' cases, day by day
DESK_PAGES = {
    "desk.my_shops": roles(R.MERCHANT_MANAGER, R.OPERATIONS, R.SUPERVISOR, R.AUDITOR),
    "desk.view": READERS,
    "desk.archive": READERS,
    "desk.export": roles(LEADS, R.INSPECTOR, R.AUDITOR),
    "desk.registers": roles(LEADS, R.ADMINISTRATOR, R.AUDITOR, R.MERCHANT_MANAGER, R.PLANNER),
    "desk.roster": roles(LEADS, R.PLANNER, R.ADMINISTRATOR, R.AUDITOR),
    "desk.simulate": roles(LEADS - VENDORS, R.PLANNER, R.AUDITOR),
    "desk.styleguide": roles(R.OPERATIONS, R.ADMINISTRATOR),
    "desk.share_view": LEADS,  # with one of one's own teams
    "desk.share_view_widely": LEADS - VENDORS,
    "desk.keep_views": OPERATIONS,  # shared ones whose owner is gone
}

# Trade data. Outsourced people see customers and orders only through their own tickets, never as lists.
TRADE_READERS = roles(READERS - VENDORS, R.FINANCE, R.RETURNS_RECEIVER)
KEEPERS = roles(R.MERCHANT_MANAGER, R.OPERATIONS)
DEPOSIT_READERS = roles(KEEPERS, R.FINANCE, R.LEAD, R.SUPERVISOR, R.AUDITOR)
TALK_KEEPERS = roles(R.MERCHANT_MANAGER, R.OPERATIONS, R.SUPERVISOR)
TALK_READERS = roles(TALK_KEEPERS, R.AUDITOR)
LESSON_BOOK = roles(KEEPERS, R.SUPERVISOR, R.TRAINER, R.AUDITOR)
MERCHANT_REGISTER = {
    **dict.fromkeys(("merchants.admit", "merchants.restrict", "merchants.close"), KEEPERS),
    **register("merchants.merchant", view=OWN_STAFF, change=KEEPERS, add=KEEPERS),
    "merchants.move_deposit": roles(R.FINANCE),
    "merchants.set_deposit": roles(R.OPERATIONS),
    "merchants.view_training": roles(LESSON_BOOK, R.PLANNER),
    "merchants.learn": MERCHANTS,  # their own courses in the portal
    "merchants.keep_people": roles(R.MERCHANT_OWNER),  # who else acts for the merchant that one owns
    "merchants.view_agreements": roles(KEEPERS, R.LEAD, R.SUPERVISOR, R.ADJUDICATOR, R.AUDITOR),
    "merchants.accept_agreement": roles(R.MERCHANT_OWNER),  # of the merchant that one owns
    "merchants.keep_returns_address": roles(R.MERCHANT_OWNER),  # of the merchant that one owns
    **{f"core.export_{sheet}": LESSON_BOOK for sheet in ("merchant_lessons", "training_terms")},
    "merchants.view_talk": TALK_READERS,  # the contact log; never a merchant's to read
    "merchants.keep_talks": TALK_KEEPERS,  # of shops that one looks after
    "merchants.keep_any_talks": roles(R.OPERATIONS, R.SUPERVISOR),
    "core.export_merchant_talks": TALK_READERS,
    "core.export_rule_comments": TALK_READERS,
    "core.export_return_addresses": roles(R.OPERATIONS, R.SUPERVISOR, R.AUDITOR),
    "merchants.view_deposits": DEPOSIT_READERS,
    **{f"core.export_{sheet}": DEPOSIT_READERS for sheet in ("deposit_calls", "deposit_moves")},
    **register("merchants.merchantmember", view=KEEPERS | {R.AUDITOR}, change=KEEPERS, add=KEEPERS),
    **register("merchants.merchantcontact", view=TRADE_READERS, change=KEEPERS, add=KEEPERS),
    **register("merchants.returnaddress", view=TRADE_READERS | KEEPERS),
}
CUSTOMER_REGISTER = {
    "customers.reveal": roles(DESK, R.PRIVACY_OFFICER, R.RISK, R.RETURNS_RECEIVER),
    "customers.reveal_addressee": MERCHANTS,  # of a parcel that they are about to send
    "customers.classify": roles(R.LEAD, R.SUPERVISOR, R.OPERATIONS),
    "customers.erase": roles(R.PRIVACY_OFFICER),
    **register(
        "customers.customer",
        view=TRADE_READERS,
        change=roles(DESK - VENDORS, R.PRIVACY_OFFICER),
        add=OPERATIONS,
    ),
    **register(
        "customers.contact", view=TRADE_READERS, change=roles(DESK - VENDORS), add=roles(DESK - VENDORS)
    ),
    **register("customers.customeraccount", view=TRADE_READERS),
    **register("customers.staffcontact", view=ADMINISTRATORS, add=ADMINISTRATORS),
}
ORDER_REGISTER = {
    **register("orders.order", view=TRADE_READERS, change=OPERATIONS, add=OPERATIONS),
    **register("orders.orderline", view=TRADE_READERS, change=OPERATIONS),
    **register("orders.payment", view=TRADE_READERS),
    **register("orders.shipment", view=TRADE_READERS, change=OPERATIONS),
    **register("orders.trackingevent", view=TRADE_READERS),
    **register("orders.review", view=TRADE_READERS),
    **register("orders.product", view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("orders.category", view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
}
