"""The accounts as a sheet to take out, each with what stands on it now. Nothing is read in: only postings write."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.told import Told
from aftersales.core.sheets.widgets import AmountWidget, KeyWidget, TextWidget, WholeWidget, quote
from aftersales.ledger import sheetparts
from aftersales.ledger.models import Account
from aftersales.ledger.states import DEBIT_SIDE

_SIDE = ", ".join(quote(kind) for kind in sorted(DEBIT_SIDE))
BALANCE = f"(CASE WHEN t.kind IN ({_SIDE}) THEN t.debits - t.credits ELSE t.credits - t.debits END)"


def _sum(value: str, label: Any) -> Column:
    return Column(None, AmountWidget(signed=True), label, export=sheetparts.amount(value, "t.unit"))


class AccountList(SheetResource):
    """Every account with its sums and its balance as its own side sees it: money with cents, whole points without."""

    sheet, title, position = "ledger_accounts", pgettext_lazy("ledger", "Accounts"), 114
    key = ("account_code", "code", "unit")
    importable = False
    view_capability = "ledger.view"

    account = Told(pgettext_lazy("ledger", "Account"), lambda: sheetparts.account("t"))
    account_code = Column("kind", KeyWidget(24), _("Account (code)"))
    code = Column(None, TextWidget(), _("Party (code)"), export=sheetparts.code("t"))
    party = Column(None, TextWidget(), pgettext_lazy("ledger", "Whose"), export=sheetparts.whose("t"))
    unit = Column("unit", KeyWidget(8), pgettext_lazy("ledger", "Unit"))
    transfers = Column("transfers", WholeWidget(), pgettext_lazy("ledger", "Transfers"))
    debits = _sum("t.debits", pgettext_lazy("account", "Debits"))
    credits = _sum("t.credits", pgettext_lazy("account", "Credits"))
    balance = _sum(BALANCE, pgettext_lazy("ledger", "Balance"))

    class Meta:
        model: Any = Account


register(AccountList)
