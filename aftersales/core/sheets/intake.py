"""Rows of an intake sheet on their way to the room's service."""

from typing import Any

from .checking import by_index
from .models import SheetUpload
from .plan import Plan


def take_in(upload: SheetUpload, plan: Plan, low: int, high: int) -> list[int] | None:
    """New rows of an intake sheet go to the room's service, changed ones too where it takes them. Answers the numbers
    of the rows that it took; None for the sheet of a register.

    The service has its own short transaction before the chunk's, and knows what it took in before: a chunk that is
    begun anew gives it the same rows again.
    """
    found: Any = plan.resource
    if found.intake is None:
        return None
    names = [*plan.by_name, *([found.seen] if found.seen else [])]
    with by_index() as cursor:
        cursor.execute(_typed_rows(plan, low, high))
        given = cursor.fetchall()
    rows = [dict(zip(names, row[1:], strict=True)) for row in given]
    if found.previewed:
        rows = [row | {found.previewed: upload.checked_at} for row in rows]
    belong = found.intake(rows, plan.user, plan.now) if rows else []
    return [row[0] for row, key in zip(given, belong, strict=True) if key is not None]


def _typed_rows(plan: Plan, low: int, high: int) -> str:
    """Number and typed values of the rows of a chunk that are to be taken in, in the order of the file."""
    values = [plan.value(name) for name in plan.by_name]
    rows = plan.rows_with("nc" if plan.resource.seen else "n", low, high) + " AND s.bad IS NULL"
    typed = plan.typed(rows, trusted=True)
    if plan.resource.seen:
        typed = typed.replace("SELECT s.row_no,", "SELECT s.row_no, d.target_version,", 1)
        values.append("n.target_version")
    return f"SELECT {', '.join(['n.row_no', *values])} FROM {typed} {plan.joins()} {plan.present()} ORDER BY n.row_no"
