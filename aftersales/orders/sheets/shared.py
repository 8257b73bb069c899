"""Columns that several trade sheets share."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.sheets.resource import Column, RowRule
from aftersales.core.sheets.widgets import AmountWidget, KeyWidget, LookupWidget, MomentWidget


def source() -> Column:
    """Where the order comes from; with the order number it is the key."""
    return Column(None, KeyWidget(40), _("Source"), required=True, example="tmall", export=ORDER_SOURCE)


def order_no() -> Column:
    widget = LookupWidget("orders.Order", "external_no", also={"source": "source"})
    return Column("order", widget, _("Order number"), required=True, example="3026111788410001")


def merchant(label: Any = None) -> Column:
    return Column(
        "merchant", LookupWidget("merchants.Merchant"), label or _("Merchant code"), example="M1001"
    )


def product() -> Column:
    return Column("product", LookupWidget("orders.Product"), _("Product code"), example="P30001")


def currency() -> Column:
    return Column("currency", KeyWidget(3), _("Currency"), example="CNY")


def amount(attribute: str, label: Any, example: str = "0.00") -> Column:
    return Column(attribute, AmountWidget(), label, example=example)


def moment(attribute: str, label: Any, example: str, *, required: bool = False, grain: bool = True) -> Column:
    """A time told by a source; its grain stands in the column beside it."""
    grain_column = f"{attribute.removesuffix('_at')}_grain" if grain else ""
    widget = MomentWidget(grain_column=grain_column)
    return Column(attribute, widget, label, example=example, required=required)


ORDER_SOURCE = "(SELECT o.source FROM orders_order o WHERE o.id = t.order_id)"


def refund_rule(paid: str) -> RowRule:
    """Never more back than was paid (DESIGN: caps)."""
    return RowRule(
        "refund_over_paid",
        ("refunded", paid),
        f"{{refunded}} > {{{paid}}}",
        _("More is refunded than was paid."),
        _("Check both amounts."),
        check=lambda row: (row.get("refunded") or 0) <= (row.get(paid) or 0),
    )
