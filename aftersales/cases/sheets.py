"""The bank's result as a sheet: each row is one answer to one payment, found by its key."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import BankAnswer, StatementLine
from aftersales.cases.services.answers import answers_take
from aftersales.cases.states import BankOutcome, StatementSide
from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
)

PAYMENT = "(SELECT p.{column} FROM cases_casepayment p WHERE p.id = {{payment}})"


def _of_payment(column: str) -> str:
    return PAYMENT.format(column=column)


RULES = (
    RowRule(
        "amount_differs",
        ("payment", "amount", "currency"),
        f"{{amount}} <> {_of_payment('amount')} OR {{currency}} <> {_of_payment('currency')}",
        _("The bank names another amount or currency than the payment."),
        _("Ask the bank; nothing is booked for this payment."),
    ),
    RowRule(
        "never_sent",
        ("payment",),
        f"{_of_payment('attempts')} = 0",
        _("This payment was never handed to the bank."),
        _("Ask the bank where the line comes from."),
    ),
    RowRule(
        "future",
        ("happened_at",),
        "{happened_at} > {now}",
        _("This has not happened yet."),
        _("Correct the time."),
    ),
)


class PaymentResultSheet(SheetResource):
    """What the bank did with a run. Read twice, a file changes nothing."""

    sheet, title, position = "payment_results", _("Bank results"), 110
    key = ("payment", "outcome", "bank_ref")
    view_capability = "cases.view_casepayment"
    intake = staticmethod(answers_take)
    chunk_rows = 100
    rules = RULES
    lost = "not_taken_in"

    payment = Column(
        "payment", LookupWidget("cases.CasePayment", "key"), _("Payment key"), required=True,
        example="FK2611-00001-3f9a2c1b",
    )  # fmt: skip
    outcome = Column(
        "outcome", ChoiceWidget(BankOutcome.choices), _("Outcome"), required=True, example="paid",
        hint=_(
            "Paid (paid): it is done, the order counts it and the customer is told.\n"
            "Failed (failed): nothing went out; it is let out again under the same key, or to another account.\n"
            "Returned (returned): it came back; the order counts it no longer and the customer is asked for an account."
        ),
    )  # fmt: skip
    bank_ref = Column("bank_ref", KeyWidget(64), _("Bank's reference"), required=True, example="B20261126001")
    amount = Column(None, AmountWidget(), _("Amount"), required=True, example="46.68", export="t.amount")
    currency = Column(None, KeyWidget(3), _("Currency"), required=True, example="CNY", export="t.currency")
    happened_at = Column(None, MomentWidget(), _("Happened at"), example="2026-11-26 10:15")
    reason = Column(None, TextWidget(120), _("Bank's reason"), example="", export="t.reason")

    class Meta:
        model: Any = BankAnswer


TOLD = "e.key, e.side, e.amount, e.currency, e.happened_at, e.words"
SAID = "coalesce({payment}, ''), {side}, {amount}, {currency}, {happened_at}, coalesce({words}, '')"
TOLD_OTHERWISE = RowRule(
    "told_otherwise",
    ("line_ref",),
    f"EXISTS (SELECT FROM cases_statementline e WHERE e.id = {{target}} AND ({TOLD}) IS DISTINCT FROM ({SAID}))",  # noqa: S608
    _("This line was told otherwise before."),
    _("Ask the bank: a line that was taken in stays as it is."),
)


class StatementSheet(SheetResource):
    """What a bank or channel booked; afterwards it is compared with our payments. A line that was told stays."""

    sheet, title, position = "statements", _("Bank statements"), 111
    key = ("source", "line_ref")
    view_capability = "cases.view_reconciliation"
    rules = (TOLD_OTHERWISE,)

    source = Column("source", KeyWidget(40), _("Source"), required=True, example="icbc")
    line_ref = Column("line_ref", KeyWidget(64), _("Line"), required=True, example="2026112600017")
    payment = Column("key", KeyWidget(40), _("Payment key"), example="FK2611-00001-3f9a2c1b")
    side = Column("side", ChoiceWidget(StatementSide.choices), _("Side"), required=True, example="out")
    amount = Column("amount", AmountWidget(), _("Amount"), required=True, example="46.68")
    currency = Column("currency", KeyWidget(3), _("Currency"), required=True, example="CNY")
    happened_at = Column(
        "happened_at", MomentWidget(), _("Happened at"), required=True, example="2026-11-26 10:15"
    )
    words = Column("words", TextWidget(120), _("Bank's words"), example="")

    class Meta:
        model = StatementLine


register(PaymentResultSheet, StatementSheet)
