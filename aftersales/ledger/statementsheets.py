"""An account's month as a sheet to take out: opening, every entry with what stood then, closing and sums.

Nothing is ever read in. The last line holds the SHA-256 of all lines before it as they stand in the CSV file; the
record of the house keeps it too, so that a file that comes back can be held against it.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets import exporting
from aftersales.core.sheets.resource import Column, SheetResource
from aftersales.core.sheets.told import Told, word_of
from aftersales.core.sheets.widgets import AmountWidget, KeyWidget, MomentWidget, TextWidget, quote
from aftersales.ledger import sheetparts, statements
from aftersales.ledger.models import Account, Transfer
from aftersales.ledger.states import EntryKind

SEAL = pgettext_lazy("statement sheet", "SHA-256 of the CSV lines above")
OPENING, ENTRY, CLOSING = range(3)
_ROWS = """
    (WITH own AS (
        SELECT a.id, a.kind, a.subject_id, a.unit, o.place, o.sign, o.opening
          FROM (VALUES {accounts}) AS o (id, place, sign, opening) JOIN ledger_account a ON a.id = o.id),
     moved AS (
        SELECT own.id AS account, x.id, x.journal_id, x.other, x.booked_at, x.change
          FROM own CROSS JOIN LATERAL (
            SELECT id, journal_id, credit_id AS other, booked_at, own.sign * amount AS change
              FROM ledger_transfer WHERE debit_id = own.id AND month = {month}
             UNION ALL
            SELECT id, journal_id, debit_id, booked_at, -own.sign * amount
              FROM ledger_transfer WHERE credit_id = own.id AND month = {month}) x),
     told AS (
        SELECT own.id AS account, {opening} AS part, NULL::bigint AS id, NULL::bigint AS journal_id,
               NULL::bigint AS other, NULL::timestamptz AS booked_at, NULL::numeric AS came, NULL::numeric AS went,
               own.opening AS balance
          FROM own
         UNION ALL
        SELECT m.account, {entry}, m.id, m.journal_id, m.other, m.booked_at, CASE WHEN m.change > 0 THEN m.change END,
               CASE WHEN m.change < 0 THEN -m.change END,
               own.opening + sum(m.change) OVER (PARTITION BY m.account ORDER BY m.booked_at, m.id)
          FROM moved m JOIN own ON own.id = m.account
         UNION ALL
        SELECT own.id, {closing}, NULL, NULL, NULL, NULL, coalesce(sum(m.change) FILTER (WHERE m.change > 0), 0),
               coalesce(-sum(m.change) FILTER (WHERE m.change < 0), 0), own.opening + coalesce(sum(m.change), 0)
          FROM own LEFT JOIN moved m ON m.account = own.id GROUP BY own.id, own.opening)
    SELECT own.kind, own.subject_id, own.unit, own.place, {month} AS month, j.kind AS why, o.kind AS other_kind,
           o.subject_id AS other_subject, told.*
      FROM told JOIN own ON own.id = told.account
      LEFT JOIN ledger_journal j ON j.id = told.journal_id LEFT JOIN ledger_account o ON o.id = told.other)
"""
OTHER = "(SELECT {value} FROM (SELECT t.other_kind AS kind, t.other_subject AS subject_id) a)"


def _parts() -> Iterable[tuple[str, Any]]:
    yield str(OPENING), pgettext_lazy("statement", "Opening")
    yield str(ENTRY), pgettext_lazy("ledger", "Entry")
    yield str(CLOSING), pgettext_lazy("statement", "Closing")


def _other(value: str) -> str:
    return OTHER.format(value=value)


def _amount(column: str, label: Any) -> Column:
    return Column(None, AmountWidget(signed=True), label, export=sheetparts.amount(f"t.{column}", "t.unit"))


class StatementSheet(SheetResource):
    """The lines of a statement. It is not one of the lists that anybody takes out whole: it asks for account and month.

    The line of the closing holds what came and what went in the month, and what is left.
    """

    sheet, title = "statement", pgettext_lazy("ledger", "Statement")
    key = ("account", "entry")
    importable = False

    account = Told(pgettext_lazy("ledger", "Account"), lambda: sheetparts.account("t"))
    account_code = Column(None, KeyWidget(24), _("Account (code)"), export="t.kind")
    code = Column(None, TextWidget(), _("Party (code)"), export=sheetparts.code("t"))
    party = Column(None, TextWidget(), pgettext_lazy("ledger", "Whose"), export=sheetparts.whose("t"))
    month = Column(None, KeyWidget(7), pgettext_lazy("ledger", "Month"), export="to_char(t.month, 'YYYY-MM')")
    row = Told(pgettext_lazy("statement", "Row"), word_of("t.part::text", _parts))
    entry = Column(
        None, KeyWidget(64), pgettext_lazy("ledger", "Entry number"), export=sheetparts.number("t.journal_id")
    )
    booked_at = Column(
        None,
        MomentWidget(),
        pgettext_lazy("ledger", "Booked"),
        export=MomentWidget().export_sql("t.booked_at"),
    )
    kind = Told(pgettext_lazy("ledger", "Kind"), word_of("t.why", lambda: EntryKind.choices))
    other = Told(pgettext_lazy("ledger", "With"), lambda: _other(sheetparts.account("a")))
    other_party = Column(None, TextWidget(), _("Other party"), export=_other(sheetparts.whose("a")))
    came = _amount("came", pgettext_lazy("ledger", "Came"))
    went = _amount("went", pgettext_lazy("ledger", "Went"))
    balance = _amount("balance", pgettext_lazy("ledger", "Balance"))
    unit = Column(None, KeyWidget(8), pgettext_lazy("ledger", "Unit"), export="t.unit")

    class Meta:
        model: Any = Transfer


def source(accounts: Sequence[Account], month: date) -> str:
    """The rows of these accounts' months as SQL, in the order of the accounts."""
    opening = statements.balances_before(accounts, statements.month_begin(month))
    values = ", ".join(
        f"({row.pk}::bigint, {place}, {row.sign}, {opening[row.pk]}::numeric)"
        for place, row in enumerate(accounts)
    )
    rows = _ROWS.format(
        accounts=values,
        month=f"{quote(month.isoformat())}::date",
        opening=OPENING,
        entry=ENTRY,
        closing=CLOSING,
    )
    return f"FROM {rows} t {exporting.JOINS} ORDER BY t.place, t.part, t.booked_at, t.id"


def length(accounts: Sequence[Account], month: date) -> int:
    """How many lines these accounts' months have, without the header and the line of the hash."""
    moved, keys = Transfer.objects.filter(month=month), [row.pk for row in accounts]
    sides = [moved.filter(debit_id__in=keys), moved.filter(credit_id__in=keys)]
    return 2 * len(accounts) + sum(side.count() for side in sides)


def cells(accounts: Sequence[Account], month: date) -> list[list[str]]:
    """The lines of these accounts' months, read once."""
    return list(exporting.texts(StatementSheet, source(accounts, month), masked=False))


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with mark and header; the same lines are the same bytes."""
    text, columns = io.StringIO(), StatementSheet.columns()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(exporting.headers(StatementSheet))
    writer.writerows(exporting.guarded(columns, row) for row in rows)
    return exporting.BOM + text.getvalue().encode()


def as_xlsx(rows: Sequence[list[str]]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "statement.xlsx"
        exporting.fill_xlsx(str(StatementSheet.title), StatementSheet.columns(), rows, path)
        return path.read_bytes()


def last_line(digest: str) -> list[str]:
    """The line with the hash of all lines before it."""
    empty = dict.fromkeys((column.name for column in StatementSheet.columns()), "")
    return list((empty | {"account": str(SEAL), "entry": digest}).values())
