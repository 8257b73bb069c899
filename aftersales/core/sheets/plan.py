"""The SQL of one upload: cells to typed values, keys to rows, rows to verdicts. Text in, text out; nothing is run here.

Every statement reads staged rows ``s`` through ``n`` (typed values ``v_…``, whether filled ``f_…``), looks keys up in
``l_…`` and the stored row in ``t``.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection, models

from aftersales.core.models import new_public_id

from . import rowrules
from .headers import Binding
from .masks import mask_sql
from .resource import SheetResource
from .sqltext import name_of, public_ids, queryset_sql, quote_ids
from .widgets import LookupWidget, MomentWidget, quote


@dataclass(frozen=True)
class Setting:
    """One stored column: what is written for a new row and for a known one, and when it differs."""

    binding: str
    column: str
    new: str
    update: str
    differs: str


@dataclass
class Plan:
    """One upload of one sheet by one person; ``user`` decides which rows exist for it."""

    resource: type[SheetResource]
    bindings: Sequence[Binding]
    upload_id: int
    user: Any
    now: datetime
    reason: str = ""
    # What the words of refused cells looked up.
    memory: dict[str, Any] = dataclasses.field(default_factory=dict)

    @cached_property
    def model(self) -> type[models.Model]:
        return self.resource.model()

    @cached_property
    def table(self) -> str:
        return name_of(self.model._meta.db_table)

    @cached_property
    def by_name(self) -> dict[str, Binding]:
        return {binding.name: binding for binding in self.bindings}

    @cached_property
    def lookups(self) -> list[Binding]:
        return [binding for binding in self.bindings if isinstance(binding.widget, LookupWidget)]

    def field(self, attribute: str) -> Any:
        return self.model._meta.get_field(attribute)

    def value(self, name: str) -> str:
        """The typed value of a column in the outer query; a lookup gives the id."""
        binding = self.by_name[name]
        return f"l_{name}.id" if isinstance(binding.widget, LookupWidget) else f"n.v_{name}"

    # -- rows of the file -------------------------------------------------------------------------------------------

    def typed(self, rows: str, *, trusted: bool = False) -> str:
        """``n``: typed cells of the rows chosen by ``rows``; OFFSET 0 keeps PostgreSQL from computing them twice."""
        cells = [f"{b.typed_sql(trusted=trusted)} AS v_{b.name}" for b in self.bindings]
        cells += [f"{b.filled_sql()} AS f_{b.name}" for b in self.bindings]
        cells += [f"{b.widget.grain_sql(b.cell_sql())} AS g_{b.name}" for b in self._grained()]
        return f"(SELECT s.row_no, s.bad, {', '.join(cells)} FROM {rows} OFFSET 0) AS n"

    def _grained(self) -> list[Any]:
        return [b for b in self.bindings if isinstance(b.widget, MomentWidget) and b.widget.grain_column]

    def all_rows(self, low: int, high: int) -> str:
        return f"core_sheetrow s WHERE s.upload_id = {self.upload_id} AND s.row_no BETWEEN {low} AND {high}"

    def rows_with(self, verdicts: str, low: int, high: int) -> str:
        """Staged rows of a range by verdict. LATERAL fixes the way: one index lookup per row.

        PostgreSQL knows nothing about a fresh upload and might otherwise scan all its rows once per row.
        """
        wanted = ", ".join(quote(verdict) for verdict in verdicts)
        return (
            "core_sheetverdict d CROSS JOIN LATERAL (SELECT * FROM core_sheetrow r "
            f"WHERE r.upload_id = {self.upload_id} AND r.row_no = d.row_no OFFSET 0) s "
            f"WHERE d.upload_id = {self.upload_id} AND d.verdict IN ({wanted}) AND d.row_no BETWEEN {low} AND {high}"
        )

    # -- other rows -------------------------------------------------------------------------------------------------

    def joins(self) -> str:
        return " ".join(self._lookup(binding) for binding in self.lookups)

    def _lookup(self, binding: Binding) -> str:
        widget: Any = binding.widget
        names = ["pk", widget.field, *widget.also, *widget.carries.values()]
        meta = widget.model._meta
        rows = queryset_sql(widget.rows(self.user).order_by().values_list(*dict.fromkeys(names)))
        columns = [
            name_of(meta.get_field(name).column) if name != "pk" else "id" for name in dict.fromkeys(names)
        ]
        match = [f"q.{name_of(meta.get_field(widget.field).column)} = n.v_{binding.name}"]
        match += [
            f"q.{name_of(meta.get_field(f).column)} = {self.value(column)}"
            for f, column in widget.also.items()
        ]
        found = f"SELECT * FROM ({rows}) AS q ({', '.join(columns)}) WHERE {' AND '.join(match)} OFFSET 0"
        return f"LEFT JOIN LATERAL ({found}) AS l_{binding.name} ON true"

    def target_match(self) -> str:
        parts = [self.resource.known_by.format_map(self.names())] if self.resource.known_by else []
        for name in () if parts else self.resource.key:
            column = self.field(str(self.resource.column(name).attribute)).column
            parts.append(f"k.{name_of(column)} = {self.value(name)}")
        return " AND ".join(parts)

    def target(self, kind: str = "LEFT JOIN") -> str:
        """The stored row of the same key as ``t``."""
        return f"{kind} LATERAL (SELECT * FROM {self.table} k WHERE {self.target_match()} OFFSET 0) t ON true"

    @cached_property
    def scope(self) -> str:
        """Empty when the person sees all rows; else a join that finds the ones he sees."""
        rows = self.model._default_manager.all()
        seen = rows.visible_to(self.user)  # type: ignore[attr-defined]
        if not seen.query.where and not seen.query.is_sliced and not seen.query.distinct:
            return ""
        return f"LEFT JOIN ({queryset_sql(seen.order_by().values_list('pk'))}) AS seen (id) ON seen.id = t.id"

    # -- what is stored ---------------------------------------------------------------------------------------------

    @cached_property
    def settings(self) -> list[Setting]:
        found: list[Setting] = []
        explicit = {str(b.column.attribute) for b in self.bindings if b.column.attribute}
        for binding in self.bindings:
            if binding.column.attribute:
                found += self._setting(binding)
            if isinstance(binding.widget, LookupWidget):
                found += self._carried(binding, explicit)
        return found

    def _setting(self, binding: Binding) -> list[Setting]:
        field = self.field(str(binding.column.attribute))
        new = self._or_default(field, self.value(binding.name))
        stored = f"t.{name_of(field.column)}"
        if isinstance(binding.widget, MomentWidget) and binding.widget.grain_column:
            return self._moment(binding, field, new)
        differs = binding.widget.differs(stored, new)
        if isinstance(binding.widget, LookupWidget):
            differs = f"{stored} IS DISTINCT FROM {new}"
            if binding.widget.makes:
                differs = f"({differs} OR (l_{binding.name}.id IS NULL AND n.f_{binding.name}))"
        update = new
        if binding.column.personal:
            differs = f"({differs} AND {new} NOT LIKE '%*%')"
            update = f"CASE WHEN {new} LIKE '%*%' THEN {stored} ELSE {new} END"
        return [Setting(binding.name, field.column, new, update, differs)]

    def _moment(self, binding: Binding, field: Any, new: str) -> list[Setting]:
        """A coarser time never overwrites an equal finer one."""
        widget: Any = binding.widget
        grain = self.field(widget.grain_column)
        zone, stored, stored_grain = (
            quote(widget.zone),
            f"t.{name_of(field.column)}",
            f"t.{name_of(grain.column)}",
        )
        told = f"n.g_{binding.name}"
        keep = (
            f"CASE {told} WHEN 'exact' THEN {stored} = {new} AND {stored_grain} = 'exact' "
            f"WHEN 'minute' THEN {stored_grain} <> 'day' AND date_trunc('minute', {stored}) = {new} "
            f"ELSE date_trunc('day', {stored} AT TIME ZONE {zone}) = date_trunc('day', {new} AT TIME ZONE {zone}) END"
        )
        differs = f"(CASE WHEN {new} IS NULL THEN {stored} IS NOT NULL ELSE ({keep}) IS NOT TRUE END)"
        fresh_grain = f"CASE WHEN {new} IS NULL THEN 'exact' ELSE {told} END"
        return [
            Setting(
                binding.name, field.column, new, f"CASE WHEN {differs} THEN {new} ELSE {stored} END", differs
            ),
            Setting(
                "",
                grain.column,
                fresh_grain,
                f"CASE WHEN {differs} THEN {fresh_grain} ELSE {stored_grain} END",
                "",
            ),
        ]

    def _carried(self, binding: Binding, explicit: Iterable[str]) -> list[Setting]:
        found = []
        for ours, theirs in binding.widget.carries.items():  # type: ignore[attr-defined]
            if ours in explicit:
                continue
            column = self.field(ours).column
            value = f"l_{binding.name}.{name_of(binding.widget.model._meta.get_field(theirs).column)}"  # type: ignore[attr-defined]
            update = f"CASE WHEN n.f_{binding.name} THEN {value} ELSE t.{name_of(column)} END"
            differs = f"(n.f_{binding.name} AND t.{name_of(column)} IS DISTINCT FROM {value})"
            found.append(Setting(binding.name, column, value, update, differs))
        return found

    def _or_default(self, field: Any, value: str) -> str:
        if field.null:
            return value
        default = self.default(field)
        return value if default == "NULL" else f"COALESCE({value}, {default})"

    def default(self, field: Any) -> str:
        """What a row without this column gets."""
        if field.name in self.resource.born:
            return self.resource.born[field.name].format_map(self.names())
        if field.has_default() and field.default is new_public_id:
            return public_ids("n.row_no")
        if field.has_default():
            value = field.get_db_prep_save(field.get_default(), connection)
            return quote(value)
        if field.null:
            return "NULL"
        return "''" if isinstance(field, models.CharField | models.TextField) else "NULL"

    def final(self, attribute: str) -> str:
        """The value of an attribute after the load, for row rules."""
        column = self.field(attribute).column
        for setting in self.settings:
            if setting.column == column:
                return f"CASE WHEN t.id IS NULL THEN {setting.new} ELSE {setting.update} END"
        return (
            f"CASE WHEN t.id IS NULL THEN {self.default(self.field(attribute))} ELSE t.{name_of(column)} END"
        )

    def names(self) -> dict[str, str]:
        """Placeholders of a room's own SQL: ``{column}`` typed values (NULL when absent) and ``{target}``."""
        known = {c.name: "NULL" for c in self.resource.columns()}
        known |= {name: self.value(name) for name in self.by_name}
        return known | {
            "target": "t.id",
            "now": quote(self.now),
            "actor": str(self.user.pk),
            "reason": quote(self.reason),
        }

    def finals(self) -> dict[str, str]:
        """Placeholders of row rules: final values where a column is stored, else the typed one."""
        known = self.names()
        for column in self.resource.columns():
            if column.attribute:
                known[column.name] = f"({self.final(str(column.attribute))})"
        return known

    # -- verdicts ---------------------------------------------------------------------------------------------------

    def problems(self) -> list[str]:
        found = [
            "CASE WHEN n.bad IS NULL OR n.bad = 'again' THEN NULL WHEN n.bad LIKE '%:rule\\_%' THEN n.bad || ';' "
            "ELSE '~:' || n.bad || ';' END"
        ]
        for binding in self.bindings:
            found += self._cell_problems(binding)
        found += rowrules.broken(self)
        for attached in self.resource.attached:
            for condition, code in attached.wrong:
                if attached.columns[0] in self.by_name:
                    text = condition.format_map(self.names())
                    found.append(f"CASE WHEN {text} THEN '{attached.columns[0]}:{code};' END")
        if self.scope:
            found.append("CASE WHEN t.id IS NOT NULL AND seen.id IS NULL THEN '~:foreign;' END")
        return found

    def _cell_problems(self, binding: Binding) -> list[str]:
        name, found = binding.name, []
        if binding.constant is None and not binding.first:
            found.append(f"CASE WHEN n.f_{name} AND n.v_{name} IS NULL THEN '{name}:invalid;' END")
        if binding.column.required:
            found.append(f"CASE WHEN NOT n.f_{name} THEN '{name}:required;' END")
        widget = binding.widget
        if isinstance(widget, LookupWidget) and not widget.makes:
            found.append(
                f"CASE WHEN n.v_{name} IS NOT NULL AND l_{name}.id IS NULL THEN '{name}:unknown;' END"
            )
        if binding.column.personal:
            stored = (
                mask_sql(binding.column.export_as, binding.column.personal)
                if binding.column.export_as
                else "NULL"
            )
            if binding.column.attribute:
                column = name_of(self.field(str(binding.column.attribute)).column)
                stored = mask_sql(f"t.{column}", binding.column.personal)
            found.append(
                f"CASE WHEN n.v_{name} LIKE '%*%' AND ({stored} = n.v_{name}) IS NOT TRUE THEN '{name}:masked;' END"
            )
        return found

    def changes(self) -> list[str]:
        found = [
            f"CASE WHEN n.bad IS NULL AND {setting.differs} THEN '{setting.binding};' END"
            for setting in self.settings
            if setting.differs and not self._is_key(setting.binding)
        ]
        for attached in self.resource.attached:
            if attached.columns[0] in self.by_name:
                text = attached.missing.format_map(self.names())
                found.append(f"CASE WHEN {text} THEN '{attached.columns[0]};' END")
        return found

    def _is_key(self, name: str) -> bool:
        return name in self.resource.key

    def verdicts(self, low: int, high: int) -> str:
        """One INSERT that says of each row what would happen to it."""
        version = "t.version" if any(f.name == "version" for f in self.model._meta.concrete_fields) else "1"
        changes = f"concat({', '.join(self.changes() or [quote('')])})"
        return f"""
            INSERT INTO core_sheetverdict (upload_id, row_no, verdict, target_id, target_version, problems, changes)
            SELECT {self.upload_id}, row_no,
                (CASE WHEN problems <> '' THEN 'r' WHEN id IS NULL THEN 'n' WHEN changes <> '' THEN 'c' ELSE 's' END)
                ::"char", id, version, nullif(problems, ''), nullif(changes, '')
            FROM (
                SELECT n.row_no, t.id, {version} AS version, concat({", ".join(self.problems())}) AS problems,
                    CASE WHEN t.id IS NOT NULL THEN {changes} END AS changes
                FROM {self.typed(self.all_rows(low, high))} {self.joins()} {self.target()} {self.scope}
                OFFSET 0
            ) AS x
        """

    def repeated(self) -> list[tuple[str, str]]:
        """A key that stands in the file twice: the first row counts. A repeated main row may still add attached rows.

        Pairs of (is there any?, mark them): the question is a hash aggregate, the answer a sort seldom needed. Of a key
        the parts count that the file has.
        """
        twice = "'twice:' || d.first"
        if self.resource.row_key and set(self.resource.row_key) <= set(self.by_name):
            return [self._mark(twice, self.resource.row_key), self._mark("'again'", self.resource.key)]
        there = [name for name in self.resource.key if name in self.by_name]
        return [self._mark(twice, there)] if there else []

    def _mark(self, mark: str, names: Sequence[str]) -> tuple[str, str]:
        keys = {
            f"k{number}": self.by_name[name].typed_sql()
            for number, name in enumerate(names)
            if self.by_name[name].constant is None
        }
        rows = f"core_sheetrow s WHERE s.upload_id = {self.upload_id} AND s.bad IS NULL"
        typed = f"SELECT s.row_no, {', '.join(f'{sql} AS {key}' for key, sql in keys.items())} FROM {rows} OFFSET 0"
        filled, columns = " AND ".join(f"{key} IS NOT NULL" for key in keys), ", ".join(keys)
        question = (
            f"SELECT 1 FROM ({typed}) AS a WHERE {filled} GROUP BY {columns} HAVING count(*) > 1 LIMIT 1"
        )
        answer = f"""
            SELECT row_no, {mark} FROM (
                SELECT a.row_no, min(row_no) OVER (PARTITION BY {columns}) AS first FROM ({typed}) AS a WHERE {filled}
            ) AS d WHERE d.row_no > d.first
        """
        return question, answer

    def marked(self, marks: Mapping[int, str]) -> str:
        """Write the marks of repeated rows."""
        words = quote(json.dumps({str(number): mark for number, mark in marks.items()}))
        return (
            f"UPDATE core_sheetrow SET bad = {words}::jsonb ->> row_no::text "
            f"WHERE upload_id = {self.upload_id} AND row_no = ANY({quote_ids(list(marks))})"
        )

    # -- writing ----------------------------------------------------------------------------------------------------

    def insert(self, low: int, high: int, *, every: bool = False, careful: bool = True) -> str:
        """New rows of a chunk in the order of their key, with history; answers their ids.

        ``every``: all rows of the range are new, so nobody need look at each verdict. ``careful`` passes over keys
        that somebody else took meanwhile, at the price of one more search for each row.
        """
        columns = {setting.column: setting.new for setting in self.settings}
        for field in self.model._meta.concrete_fields:
            if field.primary_key or field.generated or field.column in columns:
                continue
            columns[field.column] = self.default(field)
        key = [name_of(self.field(str(self.resource.column(n).attribute)).column) for n in self.resource.key]
        pass_over = f"ON CONFLICT ({', '.join(key)}) DO NOTHING" if careful else ""
        order = ", ".join(self.value(name) for name in self.resource.key)
        rows = self.all_rows(low, high) if every else self.rows_with("n", low, high)
        insert = f"""
            INSERT INTO {self.table} ({", ".join(map(name_of, columns))})
            SELECT {", ".join(columns.values())}
            FROM {self.typed(rows + " AND s.bad IS NULL", trusted=True)} {self.joins()}
            {self.present()} ORDER BY {order} {pass_over} RETURNING"""
        history = self.history("made", "+")
        return f"WITH made AS ({insert} *){history} SELECT id FROM made" if history else f"{insert} id"

    def present(self) -> str:
        """Rows whose looked-up keys are still there (case I08)."""
        needed = [
            f"(n.v_{b.name} IS NULL OR l_{b.name}.id IS NOT NULL)"
            for b in self.lookups
            if not b.widget.makes  # type: ignore[attr-defined]
        ]
        return f"WHERE {' AND '.join(needed)}" if needed else ""

    def lock(self, low: int, high: int) -> str:
        return f"""
            SELECT t.id FROM {self.table} t WHERE t.id IN (
                SELECT d.target_id FROM core_sheetverdict d WHERE d.upload_id = {self.upload_id}
                AND d.verdict = 'c' AND d.row_no BETWEEN {low} AND {high})
            ORDER BY t.id FOR NO KEY UPDATE
        """

    def update(self, low: int, high: int) -> str:
        """Changed rows of a chunk, still of the preview's version, by their place: they are locked by now."""
        parts = [
            f"{name_of(setting.column)} = z.{name_of('z_' + setting.column)}" for setting in self.settings
        ]
        values = [f"{setting.update} AS {name_of('z_' + setting.column)}" for setting in self.settings]
        rows = self.rows_with("c", low, high) + " AND s.bad IS NULL"
        typed = self.typed(rows, trusted=True).replace(
            "SELECT s.row_no,", "SELECT s.row_no, d.target_id, d.target_version,", 1
        )
        return f"""
            WITH z AS MATERIALIZED (
                SELECT t.z_place, {", ".join(values)} FROM {typed} {self.joins()}
                JOIN LATERAL (SELECT k.*, k.ctid AS z_place FROM {self.table} k
                    WHERE k.id = n.target_id AND k.version = n.target_version
                    OFFSET 0) t ON true {self.present()}
            ), made AS (
                UPDATE {self.table} u SET {", ".join(parts)}, version = u.version + 1 FROM z
                WHERE u.ctid = z.z_place
                RETURNING u.*
            ){self.history("made", "~")} SELECT id FROM made
        """

    def history(self, source: str, kind: str, model: type[models.Model] | None = None) -> str:
        """A further CTE that writes the history rows, or nothing for a model without history."""
        model = model or self.model
        manager = getattr(model._meta, "simple_history_manager_attribute", None)
        if manager is None:
            return ""
        history = getattr(model, manager).model
        kept = {field.attname for field in history._meta.concrete_fields}
        columns = [name_of(f.column) for f in model._meta.concrete_fields if f.attname in kept]
        return f""", written_{source} AS (
            INSERT INTO {name_of(history._meta.db_table)} ({", ".join(columns)},
                history_date, history_type, history_user_id, history_change_reason)
            SELECT {", ".join(columns)}, {quote(self.now)}, {quote(kind)}, {self.user.pk}, {quote(self.reason)}
            FROM {source})"""

    def mark_lost(self, low: int, high: int, done: str) -> str:
        """Rows of a chunk that could not be written: taken, changed or without their reference by now.

        ``done`` is the condition on a row that it was written.
        """
        typed = self.typed(self.rows_with("nc", low, high) + " AND s.bad IS NULL", trusted=True)
        gone = " OR ".join(
            f"(n.v_{b.name} IS NOT NULL AND l_{b.name}.id IS NULL)"
            for b in self.lookups
            if not b.widget.makes  # type: ignore[attr-defined]
        )
        return f"""
            WITH x AS (
                SELECT n.row_no, ({gone or "false"}) AS gone
                FROM {typed} {self.joins()} {self.target()} WHERE ({done}) IS NOT TRUE
            )
            UPDATE core_sheetverdict d SET verdict = 'x', problems =
                CASE WHEN d.row_no = ANY(ARRAY(SELECT row_no FROM x WHERE gone)) THEN '~:gone;'
                WHEN d.verdict = 'c' THEN '~:conflict;' ELSE '~:{self.resource.lost};' END
            WHERE d.upload_id = {self.upload_id} AND d.verdict IN ('n', 'c')
                AND d.row_no = ANY(ARRAY(SELECT row_no FROM x))
        """

    def attach(self, low: int, high: int) -> list[str]:
        """Attached rows of the chunk's new and changed rows; the main rows are there by now."""
        rows = f"FROM {self.typed(self.rows_with('nc', low, high), trusted=True)} {self.joins()} {self.target('JOIN')}"
        names: Mapping[str, str] = {**self.names(), "rows": rows}
        return [a.insert.format_map(names) for a in self.resource.attached if a.columns[0] in self.by_name]

    def prepare(self, low: int, high: int) -> list[str]:
        """Rows that a lookup may add (categories)."""
        rows = f"FROM {self.typed(self.rows_with('nc', low, high), trusted=True)}"
        return [
            binding.widget.makes(self, rows, f"n.v_{binding.name}")  # type: ignore[attr-defined]
            for binding in self.lookups
            if binding.widget.makes  # type: ignore[attr-defined]
        ]

    def written(self, low: int, high: int) -> str:
        """Keys of the rows that a chunk wrote, for what follows from them in other tables."""
        rows = self.typed(self.rows_with("nc", low, high), trusted=True)
        return f"SELECT t.id FROM {rows} {self.joins()} {self.target('JOIN')}"
