"""What was turned back after a sheet was made: its payments, and the entries that it holds. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from aftersales.ledger.models import Export, ExportLine, Journal
from aftersales.ledger.paidstates import NOT_DUE, ExportKind

_HELD = """
    SELECT l.id, r.id, CASE WHEN t.credit_id = l.account_id THEN -t.amount ELSE t.amount END
      FROM ledger_exportline l JOIN ledger_export e ON e.id = l.export_id
      JOIN ledger_transfer t ON l.account_id IN (t.debit_id, t.credit_id) AND t.month <= e.month
      JOIN ledger_journal j ON j.id = t.journal_id AND NOT j.kind = ANY(%(not_due)s)
      JOIN ledger_journal r ON r.reverses_id = j.id
     WHERE l.export_id = %(export)s AND j.booked_at <= e.made_at AND r.booked_at > e.made_at
       AND NOT EXISTS (
            SELECT FROM ledger_export x
             WHERE x.kind = e.kind AND x.unit = e.unit AND (x.month, x.part) < (e.month, e.part)
               AND x.month >= t.month AND x.made_at >= j.booked_at)
     ORDER BY r.id, t.id
"""


@dataclass(frozen=True)
class Turned:
    """An amount that was turned back by ``entry``; ``sheet``: the later one that reckons with it, if it is made."""

    entry: Journal
    amount: Decimal
    sheet: Export | None


def payments_turned(export: Export, lines: Sequence[ExportLine]) -> dict[int, Turned]:
    """By the key of what was told: payments that were turned back, with the sheet that carries them again."""
    told = {one.pk: one for line in lines for one in line.told.all()}
    paid = Journal.objects.filter(kind="paid", source_kind="ledger.paidline", source_id__in=list(told))
    of = {row.pk: row.source_id for row in paid}
    later = _later(export)
    return {
        of[entry.reverses_id]: Turned(
            entry, told[of[entry.reverses_id]].amount, _next(later, entry.booked_at, export.month)
        )
        for entry in Journal.objects.filter(reverses_id__in=list(of))
    }


def entries_turned(export: Export) -> dict[int, list[Turned]]:
    """By the key of a line: entries that it holds and that were turned back since, with what that changes."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"export": export.pk, "not_due": list(NOT_DUE)})
        rows = cursor.fetchall()
    entries: dict[int, Journal] = Journal.objects.in_bulk({row[1] for row in rows}) if rows else {}
    sign, later = 1 if export.kind == ExportKind.PAYROLL else -1, _later(export)
    found: dict[int, list[Turned]] = {}
    for line, key, amount in rows:
        entry = entries[key]
        sheet = _next(later, entry.booked_at, max(entry.month, export.month))
        found.setdefault(line, []).append(Turned(entry, sign * amount, sheet))
    return found


def _later(export: Export) -> list[Export]:
    """Sheets of the same kind that were made afterwards, for the same month or a later one."""
    rows = Export.objects.filter(
        kind=export.kind, unit=export.unit, month__gte=export.month, pk__gt=export.pk
    )
    return list(rows.order_by("pk"))


def _next(later: Sequence[Export], after: datetime, month: date) -> Export | None:
    return next((one for one in later if one.made_at >= after and one.month >= month), None)
