"""Sheets and return addresses of the portal."""

from accounts.states import Role
from tests.architecture.rows import MERCHANTS, Page

OWNERS = frozenset({Role.MERCHANT_OWNER})
NOTHING = {"public_id": "x"}

SHOP_SHEETS = {
    "portal:sheets": Page(MERCHANTS),
    "portal:address_add": Page(OWNERS),
    "portal:address": Page(OWNERS, sample=NOTHING),
    "portal:address_retire": Page(OWNERS, "POST", sample=NOTHING),
    "portal:take_out": Page(MERCHANTS, sample={"sheet": "shop_cases", "fmt": "csv"}),
}
