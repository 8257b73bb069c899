"""What pages of statements and sheets show, in words and pictures. Reads only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from aftersales.core.components.charts import Column, bars_line, data_table
from aftersales.ledger import exportrows, exportturned, selectors, statements
from aftersales.ledger.exportturned import Turned
from aftersales.ledger.models import Account, Export, ExportGap, ExportLine, Journal, PaidLine
from aftersales.ledger.paidstates import ExportKind
from aftersales.ledger.rules import amount_words
from aftersales.ledger.states import POINTS, STAFF_ACCOUNTS, AccountKind, Party

SHOWN_MONTHS = 12
Urls = Callable[[Sequence[Journal]], Mapping[int, str]]


@dataclass(frozen=True)
class Booked:
    """One line of a statement in words; ``url``: of the decision that it was posted for."""

    line: selectors.StatementLine
    other: str
    amount: str
    balance: str
    is_less: bool
    url: str = ""


@dataclass(frozen=True)
class Part:
    """One account of a statement in words."""

    month: statements.Month
    lines: Sequence[Booked]
    opening: str
    more: str
    less: str
    closing: str
    name: str

    @property
    def account(self) -> Account:
        return self.month.account

    @property
    def hidden(self) -> int:
        """Entries that the page does not list; the sums hold them."""
        return self.month.count - len(self.lines)


# How a merchant's accounts are called where his own people read them.
TO_MERCHANTS = {
    AccountKind.MERCHANT_DEPOSIT: pgettext_lazy("account, to the merchant", "Your deposit with us"),
    AccountKind.MERCHANT_PAYABLE: pgettext_lazy("account, to the merchant", "We owe you"),
    AccountKind.MERCHANT_RECEIVABLE: pgettext_lazy("account, to the merchant", "You owe us"),
    AccountKind.MERCHANT_POINTS: pgettext_lazy("account, to the merchant", "Your points"),
}


def told(
    accounts: Sequence[Account], month: date, *, to_merchant: bool = False, urls: Urls | None = None
) -> list[Part]:
    """The accounts of a statement, those that hold or moved something first; ``to_merchant``: in words to him.

    ``urls``: the pages of the decisions that entries were posted for, by the entry's key.
    """
    months = statements.months_of(accounts, month) if accounts else []
    lines = [line for one in months for line in one.lines]
    others = selectors.subject_names([line.other for line in lines])
    pages = urls([line.journal for line in lines]) if urls and lines else {}
    parts = [_part(one, others, to_merchant, pages) for one in months]
    return sorted(parts, key=lambda one: one.month.is_empty)


def _part(one: statements.Month, others: dict[int, str], to_merchant: bool, pages: Mapping[int, str]) -> Part:
    unit = one.account.unit
    lines = [
        Booked(
            line, _other(line.other, others, to_merchant), amount_words(line.amount, unit),
            amount_words(line.balance, unit), line.amount < 0, pages.get(line.journal.pk, ""),
        )
        for line in one.lines
    ]  # fmt: skip
    opening, more, less, closing = (
        amount_words(value, unit) for value in (one.opening, one.more, one.less, one.closing)
    )
    return Part(one, lines, opening, more, less, closing, _called(one.account, to_merchant))


def _called(account: Account, to_merchant: bool) -> str:
    kind = AccountKind(account.kind)
    return str(TO_MERCHANTS[kind] if to_merchant and kind in TO_MERCHANTS else kind.label)


def _other(account: Account, names: dict[int, str], to_merchant: bool) -> str:
    if to_merchant and account.kind in TO_MERCHANTS:
        return _called(account, to_merchant)
    return f"{account.get_kind_display()} {names.get(account.pk, '')}".strip()


_YEAR = """
    SELECT x.account, x.month, sum(x.debit), sum(x.credit) FROM (
        SELECT debit_id AS account, month, amount AS debit, 0 AS credit FROM ledger_transfer
         WHERE debit_id = ANY(%(keys)s) AND month = ANY(%(months)s::date[])
         UNION ALL
        SELECT credit_id, month, 0, amount FROM ledger_transfer
         WHERE credit_id = ANY(%(keys)s) AND month = ANY(%(months)s::date[])) AS x
     GROUP BY 1, 2
"""


def charts(parts: Sequence[Part], month: date) -> dict[int, tuple[SafeString, SafeString, str]]:
    """What came to and left each account in twelve months up to this one: picture, table, words, by account's key."""
    shown = [part.account for part in parts if not part.month.is_empty]
    if not shown:
        return {}
    months = months_up_to(month)
    signs = {row.pk: row.sign for row in shown}
    moved: dict[tuple[int, date], tuple[Decimal, Decimal]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_YEAR, {"keys": list(signs), "months": months})
        for key, of, debits, credits in cursor.fetchall():
            moved[key, of] = (debits, credits) if signs[key] > 0 else (credits, debits)
    return {row.pk: _chart(row, months, moved) for row in shown}


def months_up_to(month: date) -> list[date]:
    number = month.year * 12 + month.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(number - SHOWN_MONTHS + 1, number + 1)]


def _chart(
    account: Account, months: Sequence[date], moved: dict[tuple[int, date], tuple[Decimal, Decimal]]
) -> tuple[SafeString, SafeString, str]:
    figures = [moved.get((account.pk, one), (Decimal(0), Decimal(0))) for one in months]
    columns = [
        Column(f"{one:%m}", float(more), float(less))
        for one, (more, less) in zip(months, figures, strict=True)
    ]
    message = _("What came (columns) and went (line) by month: %(account)s") % {
        "account": account.get_kind_display()
    }
    rows = [
        [f"{one:%Y-%m}", amount_words(more, account.unit), amount_words(less, account.unit)]
        for one, (more, less) in zip(months, figures, strict=True)
    ]
    head = [pgettext("ledger", "Month"), pgettext("ledger", "Came"), pgettext("ledger", "Went")]
    picture = bars_line(columns, message=message, every=1, width=640, height=180)
    return picture, data_table(head, rows, caption=message), message


@dataclass(frozen=True)
class Row:
    """Somebody whose accounts moved, with the page of his statement."""

    moved: statements.Moved
    party: str
    url: str


def moved_in(month: date, user: Any) -> list[Row]:
    return [
        Row(
            one, str(Party(one.party).label),
            f"{reverse('ledger:statement', args=[one.party, one.key])}?month={month:%Y-%m}",
        )
        for one in statements.moved_in(month, user)
    ]  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """A pay or settlement sheet in words."""

    row: Export
    sort: str
    total: str
    paid: str
    standing: exportrows.Standing


def sheets(user: Any, *, before: int | None = None) -> tuple[list[Sheet], int | None]:
    """A page of sheets, newest first."""
    rows = Export.objects.visible_to(user)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: selectors.PAGE + 1])
    shown = found[: selectors.PAGE]
    return [sheet(one) for one in exportrows.standings(shown)], shown[-1].pk if len(found) > len(
        shown
    ) else None


def sheet(standing: exportrows.Standing) -> Sheet:
    row = standing.export
    return Sheet(
        row, str(ExportKind(row.kind).label), amount_words(row.total, row.unit), amount_words(standing.paid, row.unit),
        standing,
    )  # fmt: skip


def choices() -> list[tuple[str, str, str]]:
    """Kinds of sheets and the currencies they can be made in."""
    return [
        (str(kind), str(kind.label), unit)
        for kind in ExportKind
        for unit in exportrows.units(kind)
        if unit != POINTS
    ]


@dataclass(frozen=True)
class Told:
    """What was said of a line, in words; ``turned``: the payment was turned back afterwards."""

    row: PaidLine
    amount: str
    turned: Turned | None


@dataclass(frozen=True)
class SheetLine:
    """A line of a sheet with all that was said and done about it since."""

    row: ExportLine
    amount: str
    told: Sequence[Told]
    gap: ExportGap | None
    again: str
    turned: Sequence[tuple[Turned, str]]
    is_own_of: int


def sheet_lines(export: Export, lines: Sequence[ExportLine]) -> list[SheetLine]:
    """Lines of one sheet; a handful of statements, whatever their number."""
    payments = exportturned.payments_turned(export, lines)
    entries = exportturned.entries_turned(export)
    return [_sheet_line(one, export.unit, payments, entries) for one in exportrows.paid_of(lines)]


def _sheet_line(
    one: exportrows.LinePaid, unit: str, payments: dict[int, Turned], entries: dict[int, list[Turned]]
) -> SheetLine:
    line = one.line
    told = [Told(said, amount_words(said.amount, unit), payments.get(said.pk)) for said in line.told.all()]
    turned = [(found, amount_words(found.amount, unit)) for found in entries.get(line.pk, ())]
    owner = line.account.subject_id if line.account.kind in STAFF_ACCOUNTS else 0
    return SheetLine(
        line, amount_words(line.amount, unit), told, getattr(line, "gap", None),
        amount_words(one.again, unit) if one.again else "", turned, owner,
    )  # fmt: skip
