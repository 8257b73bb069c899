"""Paid status as a sheet: each row says of one line of a pay or settlement sheet what became of it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
)
from aftersales.ledger.models import PaidLine
from aftersales.ledger.paidstates import PaidOutcome
from aftersales.ledger.services.paying import paid_take

LINE = "(SELECT l.amount FROM ledger_exportline l WHERE l.id = {line})"
SAID = "(SELECT p.amount FROM ledger_paidline p WHERE p.id = {target})"
OWN = (
    "EXISTS (SELECT FROM ledger_exportline l JOIN ledger_account a ON a.id = l.account_id "
    "WHERE l.id = {line} AND a.subject_id = {actor} AND a.kind IN ('staff_bonus', 'staff_points'))"
)
RULES = (
    RowRule(
        "nothing", ("amount",), "{amount} = 0", _("An amount of nothing says nothing."), _("Leave the row out."),
    ),
    RowRule(
        "other_sign", ("line", "amount"), f"sign({{amount}}) <> sign({LINE})",
        _("The line pays and this takes back, or the other way round."),
        _("Write the amount with the sign that it has in the exported sheet."),
    ),
    RowRule(
        "told_otherwise", ("ref", "amount"), f"{{target}} IS NOT NULL AND {{amount}} <> {SAID}",
        _("This reference was told with another amount before."),
        _("What was taken in stays; ask payroll or the bank, and give a new payment a reference of its own."),
    ),
    RowRule(
        "own_line", ("line",), OWN, _("This line pays yourself."), _("Let another person read it in."),
    ),
    RowRule(
        "future", ("happened_at",), "{happened_at} > {now}", _("This has not happened yet."), _("Correct the time."),
    ),
)  # fmt: skip


class PaidSheet(SheetResource):
    """What payroll or the bank did with a sheet. Read twice, it changes nothing."""

    sheet, title, position = "paid_lines", _("Paid status of pay and settlement sheets"), 112
    key = ("line", "outcome", "ref")
    view_capability = "ledger.view_export"
    intake = staticmethod(paid_take)
    chunk_rows = 100
    lost = "not_taken_in"
    rules = RULES

    line = Column(
        "line", LookupWidget("ledger.ExportLine", "key"), pgettext_lazy("export", "Line"), required=True,
        example="DZ2611-0001-0001",
    )  # fmt: skip
    outcome = Column(
        "outcome", ChoiceWidget(PaidOutcome.choices), _("Outcome"), required=True, example="paid",
        hint=_(
            "Paid (paid): it is posted with the amount that stands here; another amount than exported is kept as a "
            "difference.\nNot paid (refused): nothing is posted, and somebody looks into it."
        ),
    )  # fmt: skip
    ref = Column("ref", KeyWidget(64), _("Reference"), required=True, example="B20261126001")
    amount = Column(
        "amount", AmountWidget(signed=True), _("Amount"), required=True, example="320.00", export="t.amount"
    )
    happened_at = Column("happened_at", MomentWidget(), _("Happened at"), example="2026-11-26 10:15")
    reason = Column("reason", TextWidget(120), _("Reason"), example="")

    class Meta:
        model: Any = PaidLine


register(PaidSheet)
