"""Which sheets come in and go out, and by whose hands."""

from accounts.capabilities.groups import LEADS, MERCHANTS, OPERATIONS, VENDORS, R, register, roles

# Sheets: one code per sheet and direction; whole lists leave the house only by these hands.
TRADE_SHEETS = (
    *("merchants", "customers", "categories", "products", "orders", "order_lines"),
    *("payments", "shipments", "reviews", "tickets"),
)
SHEETS = {
    **{f"core.import_{sheet}": OPERATIONS for sheet in TRADE_SHEETS},
    **{f"core.export_{sheet}": roles(R.OPERATIONS, R.SUPERVISOR, R.AUDITOR) for sheet in TRADE_SHEETS},
    # By this sheet operations sets capacities; accounts are created and renamed by administrators (accounts.sheets).
    "core.import_staff": roles(R.OPERATIONS, R.ADMINISTRATOR),
    "core.export_staff": roles(R.OPERATIONS, R.ADMINISTRATOR, R.AUDITOR),
    "core.import_shifts": roles(LEADS - {R.VENDOR_LEAD}, R.PLANNER),
    "core.export_shifts": roles(LEADS - {R.VENDOR_LEAD}, R.PLANNER, R.AUDITOR),
    # Of the merchant one acts for, on a page of the portal.
    **{f"core.import_{sheet}": MERCHANTS for sheet in ("shop_answers", "shop_waybills", "shop_receipts")},
    **{
        f"core.export_{sheet}": MERCHANTS
        for sheet in ("shop_cases", "shop_duties", "shop_answers", "shop_waybills", "shop_receipts")
    },
    "core.import_shop_addresses": roles(R.MERCHANT_OWNER),
    "core.export_shop_addresses": MERCHANTS,
    "sheets.upload": roles(
        LEADS - VENDORS, R.FINANCE, R.AUDITOR, R.ADMINISTRATOR, R.PLANNER, R.TRAINER, R.PAYROLL_READER
    ),
    "core.export_personal": roles(R.PRIVACY_OFFICER, R.OPERATIONS),
    **register(
        "core.columnprofile",
        view=roles(R.OPERATIONS, R.ADMINISTRATOR, LEADS - {R.VENDOR_LEAD}, R.PLANNER),
        change=OPERATIONS,
        add=OPERATIONS,
    ),
}
