"""Where the shop takes goods back, as a sheet: its owner takes it out, corrects it and brings it back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.states import GOODS_BACK
from aftersales.core.sheets.resource import Column, RowRule, register
from aftersales.core.sheets.widgets import BoolWidget, LookupWidget, TextWidget, WordsWidget
from aftersales.merchants.models import ReturnAddress
from aftersales.merchants.services.addresses import NOT_A_PHONE, PHONE

from ..sheetacts import addresses_take
from .shared import OfShop

PATTERN = PHONE.pattern.replace("{", "{{").replace("}", "}}")
SAID_YES = "coalesce({given_is_default}, false)"
OF_FILE = "OVER (PARTITION BY {merchant})"
KINDS = [(one.value, one.label) for one in sorted(GOODS_BACK)]


class ShopAddressesSheet(OfShop):
    """Return addresses in use; a name that is not there yet is a new one. Retired is on the page."""

    sheet, title, position = "shop_addresses", pgettext_lazy("portal", "Return addresses"), 215
    key = ("merchant", "name")
    known_by = "k.merchant_id = {merchant} AND k.name = {name} AND k.active_to IS NULL"
    view_capability = "portal.work"
    rules = (
        RowRule(
            "unreachable", ("place", "contact", "phone"),
            "coalesce({place}, '') = '' OR coalesce({contact}, '') = '' OR coalesce({phone}, '') = ''",
            _("A return address has a place, somebody who takes the goods, and a telephone."),
            _("Fill in all three; the customer reads them."),
        ),
        RowRule(
            "phone", ("phone",), f"regexp_replace({{phone}}, '\\s+', ' ', 'g') !~ '^({PATTERN})$'",
            NOT_A_PHONE, _("Correct the number; the customer calls it."),
        ),
        RowRule(
            "two_defaults", ("is_default", "merchant"), "false",
            _("Several rows of this file are the default of the shop."), _("Say yes in one row only."),
            among=f"{SAID_YES} AND count(*) FILTER (WHERE {SAID_YES}) {OF_FILE} > 1",
        ),
        RowRule(
            "no_default", ("is_default", "merchant"), "false",
            _("It is the default, and no other row of this file becomes it."),
            _("Say yes in the row that is to be the default instead."),
            among=f"{{given_is_default}} IS FALSE AND t.is_default AND NOT bool_or({SAID_YES}) {OF_FILE}",
        ),
    )  # fmt: skip
    intake = staticmethod(addresses_take)
    seen, previewed = "seen", "previewed"
    lost = "taken"

    merchant = Column(
        "merchant",
        LookupWidget("merchants.Merchant", "code"),
        _("Merchant code"),
        required=True,
        example="M1001",
    )
    name = Column(
        "name", TextWidget(60), pgettext_lazy("portal sheets", "Short name"), required=True, example="总仓"
    )
    contact = Column("contact", TextWidget(80), _("Who takes them"), example="退货组")
    phone = Column("phone", TextWidget(40), _("Telephone"), example="0571-88880000")
    place = Column(
        "place", TextWidget(300), _("Full address with postcode"), example="浙江省杭州市文三路 1 号 310012"
    )
    categories = Column(
        "categories", WordsWidget(longest=80), _("Preselected for goods of these categories"),
        hint=_("Codes of product categories, divided by commas."),
    )  # fmt: skip
    kinds = Column(
        "kinds", WordsWidget(KINDS), _("Preselected for these requests"), example="exchange,repair",
        hint=_("Codes, divided by commas: exchange, repair, return."),
    )  # fmt: skip
    is_default = Column(
        "is_default", BoolWidget(), pgettext_lazy("return address", "Default"), example="yes",
        hint=_("Exactly one of a shop is the default."),
    )  # fmt: skip

    class Meta:
        model: Any = ReturnAddress


register(ShopAddressesSheet)
