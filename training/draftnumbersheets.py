"""The numbers that training works by as a sheet, out and in: each row is one version, what is read in is a draft."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import AmountWidget, KeyWidget, TextWidget
from training import draftrows
from training.draftrows import NEW, Alone, same
from training.models import Number
from training.services import drafting

NUMBERS = Alone("training_number", "training_number", "code")
FIXED = ("name_zh", "name_en")
RULES = [
    *(rule for rule in NUMBERS.rules(FIXED) if not rule.code.endswith("_missing")),
    RowRule(
        "unknown", ("code",), f"{NEW} AND {NUMBERS.row} IS NULL", drafting.NO_NUMBER,
        _("Write the code with which the sheet came out."),
    ),
    RowRule(
        "value", ("value",), f"{NEW} AND {{value}} > 9999999.99",
        _("A number of training is at most 9,999,999.99."), _("Correct the number."),
    ),
]  # fmt: skip


class NumberSheet(SheetResource):
    """Every version of every number. Which numbers there are is part of the system: a sheet opens none."""

    sheet, title, position = "training_numbers", _("Numbers of training"), 129
    key = ("code", "number")
    view_capability = "training.view_rules"
    intake = staticmethod(drafting.numbers_take)
    drafts_at = "training:numbers"
    previewed = drafting.PREVIEWED
    chunk_rows = 200
    lost = "taken"
    known_by = NUMBERS.known_by([same("value", "numeric")])
    rules = RULES

    code = Column(
        None, KeyWidget(60), _("code"), required=True, example="code_minutes", export="t.code",
        hint=_("Which number it is, as the sheet came out."),
    )  # fmt: skip
    number = NUMBERS.number("1")
    name_zh = Column(None, TextWidget(80), _("Chinese name"), export="t.name_zh")
    name_en = Column(None, TextWidget(80), _("English name"), export="t.name_en")
    value = Column(
        None, AmountWidget(), pgettext_lazy("number of training", "value"), required=True, example="7.5",
        export="t.value",
    )  # fmt: skip
    change_reason = draftrows.reason()
    state = draftrows.state()
    valid_from = draftrows.since()
    valid_to = draftrows.until()

    class Meta:
        model: Any = Number


register(NumberSheet)
