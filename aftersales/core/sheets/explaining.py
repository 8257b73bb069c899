"""The preview's rows in words: what is new, what changes from what to what, what is refused and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from aftersales.core import wording

from . import staging, standing
from .headers import Binding
from .models import SheetUpload
from .plan import Plan
from .problems import REASONS, RowProblem, Unreadable
from .resource import RowRule
from .sqltext import name_of
from .widgets import ChoiceWidget, LookupWidget, MomentWidget, quote

INVALID = _("The value cannot be read.")
PAGE = 50
CHIPS = 8
SAMPLED = 20_000
VERDICTS = {"new": ("n",), "changed": ("c",), "same": ("s",), "refused": ("r", "x")}
FILTERED = {"changed": "changes", "refused": "problems"}


@dataclass(frozen=True)
class Difference:
    column: str
    old: str
    new: str


@dataclass
class Row:
    """One line of a preview tab."""

    number: int
    key: str
    cells: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    version: str = ""  # the one that stands, where the row is a draft of the next


@dataclass(frozen=True)
class Chip:
    """A filter of a tab: how many rows have this change or this problem."""

    code: str
    label: str
    count: int


def chips(plan: Plan, tab: str) -> list[Chip]:
    """The commonest changed columns or reasons of a tab, counted over at most the first twenty thousand rows."""
    column = FILTERED.get(tab)
    if column is None:
        return []
    sql = f"""
        SELECT part, count(*) FROM (
            SELECT {column} AS parts FROM core_sheetverdict
            WHERE upload_id = %s AND verdict = ANY(%s::"char"[]) ORDER BY verdict, row_no LIMIT {SAMPLED}
        ) AS x, regexp_split_to_table(rtrim(parts, ';'), ';') AS part GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {CHIPS}
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [plan.upload_id, list(VERDICTS[tab])])
        return [Chip(code, _chip_label(plan, code), count) for code, count in cursor.fetchall()]


def _chip_label(plan: Plan, code: str) -> str:
    name, colon, problem = code.partition(":")
    label = _label(plan, name)
    if not problem:
        return label
    reason = _short_reason(plan, problem)
    return reason if name == "~" else f"{label}: {reason}"


def _label(plan: Plan, name: str) -> str:
    return "" if name == "~" else str(plan.resource.column(name).label)


def _short_reason(plan: Plan, code: str) -> str:
    if code == "invalid":
        return str(INVALID)
    return _reason(plan, code)[0]


def page(
    plan: Plan, upload: SheetUpload, tab: str, *, after: int = 0, part: str = ""
) -> tuple[list[Row], int]:
    """At most one page of a tab, and the row number after which the next one starts (0: no more)."""
    found = _numbers(plan, tab, after, part)
    more = found[PAGE - 1][0] if len(found) > PAGE else 0
    found = found[:PAGE]
    width = int(upload.reading["width"])
    texts = staging.cells(upload.pk, [row[0] for row in found], width)
    rows = [Row(number, key_of(plan, texts[number])) for number, problems, changes in found]
    if tab == "refused":
        for row, (number, problems, _unused) in zip(rows, found, strict=True):
            row.problems = explain(plan, problems or "", texts[number])
    elif tab == "changed":
        _add_differences(plan, rows, {number: changes or "" for number, problems, changes in found})
    else:
        for row in rows:
            row.cells = shown(plan, texts[row.number])
        if tab == "new" and plan.resource.drafts_at:
            _compare(plan, rows, texts)
    return rows, more


def _compare(plan: Plan, rows: list[Row], texts: Mapping[int, Sequence[str]]) -> None:
    """What a draft changes of what stands."""
    stands = standing.of(plan, texts)
    for row in rows:
        row.version, differing = stands.get(row.number, ("", []))
        row.differences = [
            Difference(str(one.column.label), _display(one, old), _display(one, new))
            for one, old, new in differing
        ]


def _numbers(plan: Plan, tab: str, after: int, part: str) -> list[tuple[int, str | None, str | None]]:
    where = f" AND {FILTERED[tab]} LIKE %s" if part and tab in FILTERED else ""
    sql = (
        "SELECT row_no, problems, changes FROM core_sheetverdict "
        f'WHERE upload_id = %s AND verdict = ANY(%s::"char"[]) AND row_no > %s{where} ORDER BY row_no LIMIT {PAGE + 1}'
    )
    like = "%" + part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + ";%"
    parameters: list[Any] = [plan.upload_id, list(VERDICTS[tab]), after] + ([like] if where else [])
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def columns_shown(plan: Plan) -> list[Binding]:
    """The first columns of the file that are worth a look."""
    return [b for b in plan.bindings if b.constant is None and b.cells and b.name not in plan.resource.key][
        :7
    ]


def shown(plan: Plan, texts: Sequence[str]) -> list[str]:
    return [_masked(binding, _read(binding, texts)) for binding in columns_shown(plan)]


def _read(binding: Binding, texts: Sequence[str]) -> str:
    """What a column reads from its cells; several are added up, as they are when they are written."""
    parts = [text for text in binding.texts(texts) if text]
    try:
        return str(sum(binding.widget.clean(part) for part in parts)) if len(parts) > 1 else "".join(parts)
    except (Unreadable, TypeError):
        return " + ".join(parts)


def key_of(plan: Plan, texts: Sequence[str]) -> str:
    names = plan.resource.row_key or plan.resource.key
    bound = [plan.by_name[name] for name in (*plan.resource.key, *names) if name in plan.by_name]
    parts = ["".join(binding.texts(texts)) for binding in bound if binding.constant is None]
    return " · ".join(dict.fromkeys(part for part in parts if part))


def _masked(binding: Binding, text: str) -> str:
    if not text or not binding.column.personal:
        return text
    return wording.masked(text, binding.column.personal)


def explain(plan: Plan, problems: str, texts: Sequence[str]) -> list[RowProblem]:
    """Why a row is refused, cell by cell."""
    found = []
    for part in filter(None, problems.split(";")):
        name, colon, code = part.partition(":")
        binding = plan.by_name.get(name)
        value = " + ".join(t for t in binding.texts(texts) if t) if binding else ""
        reason, remedy = _why(plan, binding, code, value)
        shown_value = _masked(binding, value) if binding else ""
        found.append(RowProblem(_label(plan, name), shown_value, code, reason, remedy))
    return found


def _why(plan: Plan, binding: Binding | None, code: str, value: str) -> tuple[str, str]:
    if code == "invalid" and binding is not None:
        for part in value.split(" + "):
            try:
                binding.widget.clean(part)
            except Unreadable as error:
                return str(error.reason), str(error.remedy)
        return str(INVALID), ""
    reason, remedy = _reason(plan, code)
    rule = _rule(plan, code)
    return (rule.told(value, plan.memory) if rule and rule.told and value else "") or reason, remedy


def _rule(plan: Plan, code: str) -> RowRule | None:
    return next((rule for rule in plan.resource.rules if f"rule_{rule.code}" == code), None)


def _reason(plan: Plan, code: str) -> tuple[str, str]:
    if rule := _rule(plan, code):
        return str(rule.reason), str(rule.remedy)
    name, colon, detail = code.partition(":")
    reason, remedy = REASONS.get(name, (INVALID, ""))
    filled = {"twice": {"row": detail or "…"}, "service": {"why": detail}}.get(name)
    return str(reason) % filled if filled else str(reason), str(remedy)


def _add_differences(plan: Plan, rows: list[Row], changes: dict[int, str]) -> None:
    wanted = {number: [name for name in text.split(";") if name] for number, text in changes.items()}
    names = sorted({name for found in wanted.values() for name in found})
    stored = _stored(plan, names, list(wanted))
    for row in rows:
        old_new = stored.get(row.number, {})
        row.differences = [
            Difference(
                _label(plan, name),
                *(_display(plan.by_name[name], text) for text in old_new.get(name, ("", ""))),
            )
            for name in dict.fromkeys(wanted[row.number])
        ]


def _display(binding: Binding, text: str) -> str:
    if isinstance(binding.widget, ChoiceWidget):
        return str(dict(binding.widget.choices).get(text, text))
    return _masked(binding, text)


def _stored(
    plan: Plan, names: Sequence[str], numbers: Sequence[int]
) -> dict[int, dict[str, tuple[str, str]]]:
    """Old and new text of the changed columns of some rows; the old one as it stood when they were compared."""
    if not names or not numbers:
        return {}
    texts = [f"d.old ->> {quote(name)}, {_new(plan, plan.by_name[name])}" for name in names]
    rows = f"core_sheetrow s WHERE s.upload_id = {plan.upload_id} AND s.row_no IN ({', '.join(map(str, numbers))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT n.row_no, {', '.join(texts)} FROM {plan.typed(rows)} {plan.joins()} "
            f"JOIN core_sheetverdict d ON d.upload_id = {plan.upload_id} AND d.row_no = n.row_no"
        )
        found = cursor.fetchall()
    return {
        row[0]: {name: (row[1 + 2 * i] or "", row[2 + 2 * i] or "") for i, name in enumerate(names)}
        for row in found
    }


NOTHING = "NULL::text"
PAIRS = 40  # of one jsonb_build_object, which takes a hundred arguments


def remembering(plan: Plan, low: int, high: int) -> str:
    """SQL: keep what changed columns held, so that the result still says from what to what after it is written.

    One pass over the verdicts and one look at each stored row, whatever PostgreSQL believes of tables that nobody has
    analysed yet: a subquery in SET leaves it no order of joins to choose.
    """
    pairs = []
    for name in dict.fromkeys(setting.binding for setting in plan.settings if setting.binding):
        old = _old(plan, plan.by_name[name])
        if name not in plan.resource.key and old != NOTHING:
            changed = f"';' || d.changes LIKE {quote(f'%;{name};%')}"
            pairs.append(f"{quote(name)}, CASE WHEN {changed} THEN {old} END")
    parts = [f"jsonb_build_object({', '.join(pairs[at : at + PAIRS])})" for at in range(0, len(pairs), PAIRS)]
    return f"""
        UPDATE core_sheetverdict d SET old = (
            SELECT jsonb_strip_nulls({" || ".join(parts) or "NULL::jsonb"}) FROM {plan.table} t WHERE t.id = d.target_id
        ) WHERE d.upload_id = {plan.upload_id} AND d.verdict = 'c' AND d.row_no BETWEEN {low} AND {high}
    """


def _old(plan: Plan, binding: Binding) -> str:
    if not binding.column.attribute:
        return NOTHING
    return stored_text(plan.model, binding.column, "t", binding.widget)


def stored_text(model: Any, column: Any, alias: str, widget: Any) -> str:
    """SQL: a stored column as an export writes it."""
    field = model._meta.get_field(column.attribute)
    stored = f"{alias}.{name_of(field.column)}"
    if isinstance(widget, LookupWidget):
        other = widget.model._meta
        key = name_of(other.get_field(widget.field).column)
        return f"(SELECT k.{key}::text FROM {name_of(other.db_table)} k WHERE k.id = {stored})"
    if isinstance(widget, MomentWidget):
        grain = (
            f"{alias}.{name_of(model._meta.get_field(widget.grain_column).column)}"
            if widget.grain_column
            else ""
        )
        return widget.export_with_grain(stored, grain)
    return str(widget.export_sql(stored))


def _new(plan: Plan, binding: Binding) -> str:
    value = f"n.v_{binding.name}"
    if isinstance(binding.widget, LookupWidget):
        return f"{value}::text"
    if isinstance(binding.widget, MomentWidget):
        return binding.widget.export_with_grain(
            value, f"n.g_{binding.name}" if binding.widget.grain_column else ""
        )
    return binding.widget.export_sql(value)
