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


def public_ids(row: str) -> str:
    """A random public id (22 letters, 132 bits) for each row of a statement; ``row`` is a number that differs.

    One secret a statement, drawn once because the query for it depends on no row, and a digest a row: PostgreSQL asks
    the system for every random number, which costs three times as much.
    """
    drawn = "(SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))"
    return f"translate(left(encode(sha256({drawn} || int8send({row})), 'base64'), 22), '+/', '-_')"
