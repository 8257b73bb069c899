"""Import and export columns of merchants. A merchant's state moves through its machine only, never by a sheet.

Only where a merchant's life begins does a sheet say something: it is a list of those who trade on a platform
already, so a new one starts active. Who wants to join is registered on the page and starts applying.
"""

from django.utils.translation import gettext_lazy as _

from aftersales.core.sheets.resource import Column, SheetResource, ShippedProfile, register, ship
from aftersales.core.sheets.widgets import AmountWidget, BoolWidget, KeyWidget, TextWidget

from .models import Merchant
from .states import MerchantState


class MerchantSheet(SheetResource):
    """Merchants by their code; a new one trades already, and is named by its code until somebody names it."""

    sheet, title, position = "merchants", _("Merchants"), 10
    key = ("code",)
    born = {"name": "{code}", "state": f"'{MerchantState.ACTIVE}'"}
    view_capability = "merchants.view_merchant"

    code = Column("code", KeyWidget(64), _("Merchant code"), required=True, example="M1001")
    name = Column("name", TextWidget(120), _("Merchant name"), example="禾木家电旗舰店")
    self_run = Column("self_run", BoolWidget(), _("Self-run"), example="no")
    main_category = Column("main_category", TextWidget(64), _("Main category"), example="家用电器")
    province = Column("province", TextWidget(60), _("Province"), example="浙江省")
    city = Column("city", TextWidget(80), _("City"), example="杭州市")
    postcode = Column("postcode", KeyWidget(20), _("Postcode"), example="310000")
    currency = Column("currency", KeyWidget(3), _("Currency"), example="CNY")
    deposit_due = Column("deposit_due", AmountWidget(), _("Deposit due"), example="50000.00")
    agreement = Column("agreement", TextWidget(40), _("Agreement version"), example="2026-1")

    class Meta:
        model = Merchant


OLIST = ShippedProfile(
    "olist",
    "merchants",
    _("Olist: sellers"),
    {
        "columns": {
            "seller_id": "code",
            "seller_zip_code_prefix": "postcode",
            "seller_city": "city",
            "seller_state": "province",
        },
        "constants": {"currency": "BRL"},
    },
    source="olist_sellers_dataset.csv",
)

register(MerchantSheet)
ship(OLIST)
