"""Filters of lists that grow: their choices are declared, or read along an index, never counted out of the rows."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db import connection, models
from django.http import HttpRequest

MOST = 50  # choices of one filter that a person still reads

Choices = Callable[[], Iterable[tuple[Any, Any]]]


class ColumnFilter(admin.SimpleListFilter):
    """Rows whose column has exactly the chosen value; called like the column unless it has a title."""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[models.Model], model_admin: Any
    ) -> None:
        field: Any = model._meta.get_field(str(self.parameter_name))
        self.title = self.title or field.verbose_name
        super().__init__(request, params, model, model_admin)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """What is not offered is not looked for: no address asks a number column for a word."""
        if self.value() is None:
            return queryset
        offered = {str(value) for value, _words in self.lookup_choices}
        name, value = str(self.parameter_name), self.value()
        return queryset.filter(**{name: value}) if value in offered else queryset.none()


def declared(column: str, choices: Choices, title: Any = None) -> type[ColumnFilter]:
    """A filter whose choices (value, words) stand in a registry or an enumeration."""

    def lookups(_self: Any, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(value), words) for value, words in choices()]

    about = {"parameter_name": column, "lookups": lookups, "title": title}
    return type("DeclaredFilter", (ColumnFilter,), about)


def walked(column: str) -> type[ColumnFilter]:
    """A filter whose choices are read along the index that begins with the column: one step for each value."""

    def lookups(_self: Any, _request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in walk(model_admin.model, column)]

    return type("WalkedFilter", (ColumnFilter,), {"parameter_name": column, "lookups": lookups})


def walk(model: type[models.Model], column: str) -> list[str]:
    """The first different values of a text column in their order; however many rows, each costs one look-up."""
    field: Any = model._meta.get_field(column)
    name, table = (connection.ops.quote_name(part) for part in (field.column, model._meta.db_table))
    sql = f"""
        WITH RECURSIVE step (value) AS (
            (SELECT {name} FROM {table} WHERE {name} > '' ORDER BY {name} LIMIT 1)
            UNION ALL
            SELECT (SELECT {name} FROM {table} WHERE {name} > step.value ORDER BY {name} LIMIT 1)
            FROM step WHERE step.value IS NOT NULL
        )
        SELECT value FROM step WHERE value IS NOT NULL LIMIT {MOST}
    """
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()]
