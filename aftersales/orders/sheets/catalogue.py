"""Categories and products."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.sheets.resource import Column, SheetResource
from aftersales.core.sheets.widgets import (
    BoolWidget,
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    TextWidget,
    WholeWidget,
)

from ..models import Category, Product
from ..states import ReturnRule
from .shared import merchant


def add_categories(plan: Any, rows: str, key: str) -> str:
    """A product may name a category nobody has described yet: it is added with its code only."""
    history = plan.history("made", "+", Category)
    return f"""
        WITH made AS (
            INSERT INTO orders_category (code, name_zh, name_en, return_rule, return_rule_source, version)
            SELECT DISTINCT {key}, '', '', '{ReturnRule.NO_REASON}', '', 1 {rows} WHERE {key} IS NOT NULL ORDER BY 1
            ON CONFLICT (code) DO NOTHING RETURNING *
        ){history} SELECT count(*) FROM made
    """


class CategorySheet(SheetResource):
    """Product categories by code."""

    sheet, title, position = "categories", _("Product categories"), 30
    key = ("code",)
    view_capability = "orders.view_category"

    code = Column("code", KeyWidget(80), _("Category code"), required=True, example="appliances")
    name_zh = Column("name_zh", TextWidget(120), _("Chinese name"), example="家用电器")
    name_en = Column("name_en", TextWidget(120), _("English name"), example="Home appliances")
    parent = Column("parent", LookupWidget("orders.Category", longest=80), _("Parent category"))
    return_rule = Column(
        "return_rule", ChoiceWidget(ReturnRule.choices), _("Return rule"), example="no_reason"
    )
    return_rule_source = Column("return_rule_source", TextWidget(120), _("Ground of the return rule"))

    class Meta:
        model = Category


class ProductSheet(SheetResource):
    """Products by code."""

    sheet, title, position = "products", _("Products"), 40
    key = ("code",)
    view_capability = "orders.view_product"

    code = Column("code", KeyWidget(64), _("Product code"), required=True, example="P30001")
    name = Column("name", TextWidget(200), _("Product name"), example="电饭煲 4 升")
    merchant = merchant()
    category = Column(
        "category",
        LookupWidget("orders.Category", longest=80, makes=add_categories),
        _("Category code"),
        example="appliances",
    )
    brand = Column("brand", TextWidget(80), _("Brand"), example="禾木")
    return_rule = Column("return_rule", ChoiceWidget(ReturnRule.choices), _("Own return rule"))
    has_serial = Column("has_serial", BoolWidget(), _("Has serial numbers"), example="no")
    weight_g = Column("weight_g", WholeWidget(), _("Weight (g)"), example="3200")
    length_cm = Column("length_cm", WholeWidget(), _("Length (cm)"), example="35")
    height_cm = Column("height_cm", WholeWidget(), _("Height (cm)"), example="28")
    width_cm = Column("width_cm", WholeWidget(), _("Width (cm)"), example="30")

    class Meta:
        model = Product
