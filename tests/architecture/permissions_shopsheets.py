"""Sheets of the portal."""

from tests.architecture.rows import MERCHANTS, Page

SHOP_SHEETS = {
    "portal:sheets": Page(MERCHANTS),
    "portal:take_out": Page(MERCHANTS, sample={"sheet": "shop_cases", "fmt": "csv"}),
}
