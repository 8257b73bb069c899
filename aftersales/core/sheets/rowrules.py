"""The rules of a row as SQL: against what is stored, among the rows of one file, and again when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .resource import RowRule
from .sqltext import name_of

if TYPE_CHECKING:
    from .plan import Plan


def asked(plan: Plan) -> list[RowRule]:
    """The rules that this person's rows must keep, as far as the file or the stored row has their columns."""
    return [
        rule
        for rule in plan.resource.rules
        if not (rule.spares and plan.user.has_perm(rule.spares))
        and all(name in plan.by_name or plan.resource.column(name).attribute for name in rule.columns)
    ]


def broken(plan: Plan, rules: list[RowRule] | None = None) -> list[str]:
    """One text per rule: the problem of a row that breaks it, else NULL."""
    finals = {**plan.finals(), **plan.resource.measures(plan.now)}
    return [
        f"CASE WHEN {rule.broken.format_map(finals)} THEN '{_mark(rule)};' END"
        for rule in (asked(plan) if rules is None else rules)
    ]


def _mark(rule: RowRule) -> str:
    return f"{rule.columns[0]}:rule_{rule.code}"


def among(plan: Plan) -> list[str]:
    """Queries for the rows that break a rule together with an earlier row of their file: (row number, mark)."""
    rows = f"core_sheetrow s WHERE s.upload_id = {plan.upload_id} AND s.bad IS NULL"
    finals = plan.finals()
    given = plan.names()
    finals |= {f"given_{column.name}": given[column.name] for column in plan.resource.columns()}
    found = []
    for rule in asked(plan):
        if not rule.among:
            continue
        filled = " AND ".join(f"{finals[name]} IS NOT NULL" for name in rule.columns)
        judged = f"SELECT n.row_no, {rule.among.format_map(finals)} AS breaks"
        source = f"FROM {plan.typed(rows)} {plan.joins()} {plan.target()} WHERE {filled}"
        found.append(f"SELECT row_no, '{_mark(rule)}' FROM ({judged} {source}) AS x WHERE x.breaks")
    return found


def again(plan: Plan, low: int, high: int) -> list[str]:
    """Statements before a chunk is written: lock what its rules look at, then judge once more.

    Only for rules that look beyond the row: other rows and rights may have changed since the preview.
    """
    lasting = [rule for rule in asked(plan) if rule.again]
    if not lasting:
        return []
    typed = f"FROM {plan.typed(plan.rows_with('nc', low, high), trusted=True)} {plan.joins()}"
    judged = f"SELECT n.row_no, concat({', '.join(broken(plan, lasting))}) AS problems {typed} {plan.target()} OFFSET 0"
    verdict = f"""
        UPDATE core_sheetverdict d SET verdict = 'x', problems = x.problems FROM ({judged}) AS x
        WHERE d.upload_id = {plan.upload_id} AND d.verdict IN ('n', 'c') AND d.row_no = x.row_no AND x.problems <> ''
    """
    return [
        *(_hold(plan.by_name[name], typed) for name in plan.resource.holds if name in plan.by_name),
        verdict,
    ]


def _hold(binding: Any, typed: str) -> str:
    """Lock the rows that a column looks up, by key, as the room's services do."""
    table = name_of(binding.widget.model._meta.db_table)
    wanted = f"SELECT l_{binding.name}.id {typed}"
    return f"SELECT q.id FROM {table} q WHERE q.id IN ({wanted}) ORDER BY q.id FOR NO KEY UPDATE"
