"""What a pay or settlement sheet holds: amounts due by account, and the file that is written from its frozen lines."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from aftersales.core.sheets.safe import safe
from aftersales.ledger.models import Export, ExportGap, ExportLine
from aftersales.ledger.paidstates import ACCOUNTS, NOT_DUE, ExportKind, GapState

NOTHING = Decimal(0)
HEADS = ("line", "code", "name", "account", "amount", "currency", "month", "sheet")
_DUE = """
    SELECT x.account, sum(x.due) FROM (
        SELECT t.debit_id AS account, t.journal_id, -t.amount AS due FROM ledger_transfer t
          JOIN ledger_account a ON a.id = t.debit_id
         WHERE a.kind = ANY(%(kinds)s) AND a.unit = %(unit)s AND t.month <= %(month)s
         UNION ALL
        SELECT t.credit_id, t.journal_id, t.amount FROM ledger_transfer t
          JOIN ledger_account a ON a.id = t.credit_id
         WHERE a.kind = ANY(%(kinds)s) AND a.unit = %(unit)s AND t.month <= %(month)s) AS x
      JOIN ledger_journal j ON j.id = x.journal_id LEFT JOIN ledger_journal r ON r.id = j.reverses_id
     WHERE NOT coalesce(r.kind, j.kind) = ANY(%(not_due)s)
     GROUP BY 1
"""


_PAID = """
    SELECT p.line_id, coalesce(sum(p.amount) FILTER (WHERE r.id IS NULL), 0) AS stands,
           coalesce(sum(p.amount) FILTER (WHERE r.id IS NOT NULL), 0) AS turned
      FROM ledger_paidline p
      JOIN ledger_journal j ON j.kind = 'paid' AND j.source_kind = 'ledger.paidline' AND j.source_id = p.id
      LEFT JOIN ledger_journal r ON r.reverses_id = j.id
     WHERE p.line_id = ANY(%(lines)s) GROUP BY 1
"""
_TURNED = """
    SELECT DISTINCT p.line_id FROM ledger_journal r JOIN ledger_journal j ON j.id = r.reverses_id
      JOIN ledger_paidline p ON p.id = j.source_id
      JOIN ledger_exportline l ON l.id = p.line_id JOIN ledger_export e ON e.id = l.export_id
     WHERE r.reverses_id IS NOT NULL AND j.kind = 'paid' AND j.source_kind = 'ledger.paidline'
       AND e.kind = %(kind)s AND e.unit = %(unit)s
"""


@dataclass(frozen=True)
class LinePaid:
    """What was paid of a line: what stands of it, and what was booked and turned back again."""

    line: ExportLine
    paid: Decimal
    turned: Decimal

    @property
    def again(self) -> Decimal:
        """How much of the line the next sheet carries: turned back, and not paid otherwise. With the line's sign."""
        left = self.line.amount - self.paid
        if self.line.amount > 0:
            return max(min(self.turned, left), NOTHING)
        return min(max(self.turned, left), NOTHING)


def paid_of(lines: Sequence[ExportLine]) -> list[LinePaid]:
    """The same lines with what was paid of them; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_PAID, {"lines": [line.pk for line in lines]})
        found = {key: (stands, turned) for key, stands, turned in cursor.fetchall()}
    return [LinePaid(line, *found.get(line.pk, (NOTHING, NOTHING))) for line in lines]


def due_again(kind: str, unit: str) -> list[LinePaid]:
    """Lines of any sheet whose payment was turned back."""
    with connection.cursor() as cursor:
        cursor.execute(_TURNED, {"kind": kind, "unit": unit})
        keys = [row[0] for row in cursor.fetchall()]
    return paid_of(list(ExportLine.objects.filter(pk__in=keys).select_related("export"))) if keys else []


def due(kind: str, month: date, unit: str) -> dict[int, Decimal]:
    """By account's key: what the sheets up to this month owe in all. For merchants: what they owe."""
    given: dict[str, Any] = {
        "kinds": list(ACCOUNTS[kind]),
        "unit": unit,
        "month": month,
        "not_due": list(NOT_DUE),
    }
    sign = 1 if kind == ExportKind.PAYROLL else -1
    with connection.cursor() as cursor:
        cursor.execute(_DUE, given)
        return {key: sign * amount for key, amount in cursor.fetchall()}


def differences(kind: str, month: date, unit: str) -> dict[int, Decimal]:
    """By account's key: what a sheet of this month made now would hold.

    A month never owes less than nothing: what somebody is behind is set off against later months. What earlier sheets
    of the same month hold is taken off, so that a second one holds the difference alone. What a sheet held and whose
    payment was turned back counts as never handed out: the next sheet carries it, once.
    """
    lines = ExportLine.objects.filter(export__kind=kind, export__unit=unit)
    before, within = (
        dict(rows.values_list("account_id").annotate(sum=Sum("amount")).order_by())
        for rows in (lines.filter(export__month__lt=month), lines.filter(export__month=month))
    )
    for one in due_again(kind, unit):
        sums, key = (before if one.line.export.month < month else within), one.line.account_id
        if one.line.export.month <= month:
            sums[key] = sums.get(key, NOTHING) - one.again
    found = {}
    for key, amount in due(kind, month, unit).items():
        wanted = max(amount - before.get(key, NOTHING), NOTHING)
        if left := wanted - within.get(key, NOTHING):
            found[key] = left
    return found


def units(kind: str) -> list[str]:
    """Currencies in which accounts of this kind are kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT unit FROM ledger_account WHERE kind = ANY(%s) ORDER BY 1", [list(ACCOUNTS[kind])]
        )
        return [row[0] for row in cursor.fetchall()]


def content(export: Export, lines: Sequence[ExportLine]) -> bytes:
    """The file (CSV, UTF-8 with BOM) of frozen lines with count and total at the end: the same bytes each time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADS)
    month = f"{export.month:%Y-%m}"
    for row in lines:
        writer.writerow([
            row.key, safe(row.code), safe(row.name), row.account.kind, f"{row.amount:.2f}", export.unit, month,
            export.number,
        ])  # fmt: skip
    writer.writerow(
        [
            "TOTAL",
            export.count,
            "",
            "",
            f"{export.total:.2f}",
            export.unit,
            month,
            f"{export.number}/{export.part}",
        ]
    )
    return b"\xef\xbb\xbf" + text.getvalue().encode()


@dataclass(frozen=True)
class Standing:
    """How far a sheet is paid."""

    export: Export
    paid: Decimal
    open_lines: int
    gaps: int


def standings(exports: Sequence[Export]) -> list[Standing]:
    """Sheets with what was told as paid, lines of which nothing was said, and differences that are open."""
    keys = [row.pk for row in exports]
    lines = ExportLine.objects.filter(export__in=keys)
    paid: dict[int, Decimal] = {}
    for one in paid_of(list(lines)):
        paid[one.line.export_id] = paid.get(one.line.export_id, NOTHING) + one.paid
    silent = dict(lines.filter(told=None).values_list("export_id").annotate(n=Count("pk")).order_by())
    gaps = dict(
        ExportGap.objects.filter(line__export__in=keys, state=GapState.OPEN)
        .values_list("line__export_id").annotate(n=Count("pk")).order_by()
    )  # fmt: skip
    return [
        Standing(row, paid.get(row.pk, NOTHING), silent.get(row.pk, 0), gaps.get(row.pk, 0))
        for row in exports
    ]
