"""How the door writes: one UPDATE for many rows, their history by INSERT … SELECT. Private to the door."""

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, models
from psycopg.adapt import PyFormat, Transformer


def snapshot(row: models.Model) -> dict[str, Any]:
    """The stored columns of a freshly locked row, to find afterwards what a body or a listener set."""
    return {field.attname: _kept(row.__dict__[field.attname]) for field in row._meta.concrete_fields}


def _kept(value: Any) -> Any:
    """A body may append to a list in place: the snapshot must not grow with it."""
    return deepcopy(value) if isinstance(value, list | dict) else value


def changed(row: models.Model, before: dict[str, Any]) -> set[str]:
    return {name for name, value in before.items() if row.__dict__[name] != value}


def update(rows: Sequence[models.Model], columns: Iterable[str], *, move: str = "") -> None:
    """Write ``columns`` of all ``rows`` in one statement, opening the state guard for exactly this move.

    A column with the same value everywhere travels once; the others travel as arrays.
    """
    model = type(rows[0])
    fields = [field for field in model._meta.concrete_fields if field.attname in set(columns)]
    if not fields:
        return
    parts, params, arrays = _assignments(fields, rows)
    table = connection.ops.quote_name(model._meta.db_table)
    ids = [row.pk for row in rows]
    names = ", ".join(["id", *(column for column, _values, _type in arrays)])
    unnest = ", ".join(["%s::bigint[]", *(f"%s::{sql_type}[]" for _column, _values, sql_type in arrays)])
    sql = (
        f"UPDATE {table} AS t SET {', '.join(parts)} FROM unnest({unnest}) AS v({names}), "
        f"(SELECT set_config('aftersales.move', %s, true)) AS door WHERE t.id = v.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, ids, *(values for _column, values, _type in arrays), move])
        if cursor.rowcount != len(rows):
            raise RuntimeError(
                f"{model._meta.label}: {cursor.rowcount} of {len(rows)} locked rows were written"
            )


def _assignments(
    fields: Sequence[Any], rows: Sequence[models.Model]
) -> tuple[list[str], list[Any], list[tuple[str, list[Any], str]]]:
    parts: list[str] = []
    params: list[Any] = []
    arrays: list[tuple[str, list[Any], str]] = []
    for field in fields:
        values = [field.get_db_prep_save(row.__dict__[field.attname], connection) for row in rows]
        column = connection.ops.quote_name(field.column)
        if all(row.__dict__[field.attname] == rows[0].__dict__[field.attname] for row in rows):
            parts.append(f"{column} = %s")
            params.append(values[0])
        else:
            sql_type = _LENGTH.sub("", str(field.db_type(connection)))
            cast = ""
            if sql_type.endswith("[]"):  # unnest flattens arrays of arrays: they travel as text
                values, cast, sql_type = [_array_text(value) for value in values], f"::{sql_type}", "text"
            parts.append(f"{column} = v.{column}{cast}")
            arrays.append((column, values, sql_type))
    return parts, params, arrays


# A cast to varchar(20) would cut a longer text without a word; the column itself refuses it.
_LENGTH = re.compile(r"\([0-9, ]+\)")


def _array_text(value: list[Any] | None) -> str | None:
    """``{a,b}``: one array the way PostgreSQL reads it."""
    if value is None:
        return None
    written = Transformer(connection.connection).get_dumper(value, PyFormat.TEXT).dump(value)
    return bytes(written or b"").decode()  # the connection's encoding, which Django sets to UTF-8


def write_history(
    rows: Sequence[models.Model], *, actor: Any, now: datetime, reason: str, kind: str = "~"
) -> None:
    """The rows as they now stand go to their history table in one statement; the state guard is shut with it."""
    model = type(rows[0])
    sql = _history_sql(model)
    if not sql:
        shut_guard()
        return
    with connection.cursor() as cursor:
        cursor.execute(sql, [now, kind, actor.pk, reason or None, [row.pk for row in rows]])


def shut_guard() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('aftersales.move', '', true)")


@cache
def _history_sql(model: type[models.Model]) -> str:
    """``""`` for a model without history (its events are its history)."""
    manager_name = getattr(model._meta, "simple_history_manager_attribute", None)
    if manager_name is None:
        return ""
    history = getattr(model, manager_name).model
    kept = {field.attname for field in history._meta.concrete_fields}
    columns = [field.column for field in model._meta.concrete_fields if field.attname in kept]
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    return (
        f"INSERT INTO {connection.ops.quote_name(history._meta.db_table)} ({quoted}, "
        "history_date, history_type, history_user_id, history_change_reason) "
        f"SELECT {', '.join('t.' + connection.ops.quote_name(column) for column in columns)}, %s, %s, %s, %s "
        f"FROM {table} AS t, (SELECT set_config('aftersales.move', '', true)) AS door WHERE t.id = ANY(%s)"
    )
