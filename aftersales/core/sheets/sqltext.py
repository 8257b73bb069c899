"""Pieces of SQL as text: names, keys, whole querysets."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import connection, models


def queryset_sql(queryset: models.QuerySet[Any]) -> str:
    """A queryset as one text with its values inside; a queryset that can have no rows becomes an impossible one."""
    try:
        text, parameters = queryset.query.sql_with_params()
    except EmptyResultSet:
        names = ", ".join(f"NULL::bigint AS {name_of(str(name))}" for name in queryset.query.values_select)
        return f"SELECT {names} WHERE false"
    connection.ensure_connection()
    return psycopg.ClientCursor(connection.connection).mogrify(text, parameters)


def name_of(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quote_ids(ids: Sequence[int]) -> str:
    return f"'{{{','.join(map(str, ids))}}}'::bigint[]"
