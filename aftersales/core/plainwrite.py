"""Columns of many rows in one statement, for rows that have neither a state nor a history."""

from collections.abc import Sequence
from typing import Any

from django.db import connection


def write_columns(rows: Sequence[Any], columns: Sequence[str]) -> None:
    """Columns of rows without a state, in one UPDATE."""
    if not rows:
        return
    meta = rows[0]._meta
    fields = [meta.get_field(name) for name in columns]
    arrays = [[row.pk for row in rows], *([getattr(row, field.attname) for row in rows] for field in fields)]
    names = [f"v{number}" for number in range(len(fields))]
    types = ["bigint", *(str(field.db_type(connection)) for field in fields)]
    quote = connection.ops.quote_name
    told = ", ".join(f"{quote(field.column)} = v.{name}" for field, name in zip(fields, names, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(meta.db_table)} AS t SET {told} "
            f"FROM unnest({', '.join(f'%s::{one}[]' for one in types)}) AS v(pk, {', '.join(names)}) "
            f"WHERE t.{quote(meta.pk.column)} = v.pk",
            arrays,
        )
