"""Warnings as a sheet to take out: the monthly list to buying and quality; each reader gets the rows of his pages."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    ChoiceWidget,
    KeyWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
)
from aftersales.improvement.models import Warning
from aftersales.improvement.states import Outcome, Surged, WarningState

PRODUCT = "(SELECT coalesce(nullif(p.name, ''), p.code) FROM orders_product p WHERE p.id = t.product_id)"
CODE = "(SELECT p.code FROM orders_product p WHERE p.id = t.product_id)"
SHOP = "(SELECT m.name FROM merchants_merchant m WHERE m.id = t.merchant_id)"
BATCH = (
    "CASE WHEN t.kind = 'batch' THEN substr(split_part(t.key, '|', 2), 2) "
    "WHEN t.kind IN ('carrier', 'cause') THEN t.key END"
)
DUE = (
    "(SELECT min(a.due_at) FROM improvement_warningask a WHERE a.warning_id = t.id AND a.answered_at IS NULL)"
)


class WarningList(SheetResource):
    """What surged, by how much against its own past, how far people are with it, until when an answer is due."""

    sheet, title, position = "warnings", _("Early warnings"), 140
    key = ("number",)
    importable = False
    view_capability = "improvement.open"

    number = Column("number", KeyWidget(24), _("Number"))
    kind = Column("kind", ChoiceWidget(Surged.choices), _("surge of"))
    product_code = Column(None, TextWidget(), _("product code"), export=CODE)
    product = Column(None, TextWidget(), _("product"), export=PRODUCT)
    batch = Column(None, TextWidget(), pgettext_lazy("surge", "batch, carrier or cause"), export=BATCH)
    merchant = Column(None, TextWidget(), _("merchant"), export=SHOP)
    first_day = Column(None, TextWidget(), _("first day"), export="to_char(t.first_day, 'YYYY-MM-DD')")
    last_day = Column(None, TextWidget(), _("last day"), export="to_char(t.last_day, 'YYYY-MM-DD')")
    tickets = Column("tickets", WholeWidget(), _("tickets"))
    observed = Column("observed", WholeWidget(), _("observed"))
    expected = Column("expected", AmountWidget(), _("expected"))
    limit = Column("limit", WholeWidget(), _("limit"))
    state = Column("state", ChoiceWidget(WarningState.choices), _("state"))
    due_at = Column(None, MomentWidget(), _("answer due"), export=DUE)
    outcome = Column("outcome", ChoiceWidget(Outcome.choices), _("outcome"))
    done = Column("done", TextWidget(1000), _("what was done or why it was none"))
    raised_at = Column("raised_at", MomentWidget(), _("raised at"))

    class Meta:
        model: Any = Warning


register(WarningList)
