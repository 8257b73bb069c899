"""What a pay or settlement sheet holds: amounts due by account, and the file that is written from its frozen lines."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum

from aftersales.core.sheets.safe import safe
from aftersales.ledger.models import Export, ExportGap, ExportLine
from aftersales.ledger.paidstates import ACCOUNTS, NOT_DUE, ExportKind, GapState, PaidOutcome

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
    of the same month hold is taken off, so that a second one holds the difference alone.
    """
    lines = ExportLine.objects.filter(export__kind=kind, export__unit=unit)
    before, within = (
        dict(rows.values_list("account_id").annotate(sum=Sum("amount")).order_by())
        for rows in (lines.filter(export__month__lt=month), lines.filter(export__month=month))
    )
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
    told = Sum("told__amount", filter=Q(told__outcome=PaidOutcome.PAID))
    paid = dict(lines.values_list("export_id").annotate(sum=told).order_by())
    silent = dict(lines.filter(told=None).values_list("export_id").annotate(n=Count("pk")).order_by())
    gaps = dict(
        ExportGap.objects.filter(line__export__in=keys, state=GapState.OPEN)
        .values_list("line__export_id").annotate(n=Count("pk")).order_by()
    )  # fmt: skip
    return [
        Standing(row, paid.get(row.pk) or NOTHING, silent.get(row.pk, 0), gaps.get(row.pk, 0))
        for row in exports
    ]
