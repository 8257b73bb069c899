"""How people call the rows that events are about: each room declares the column and the page of its own.

    subjects.declare("orders.order", "external_no")
    subjects.provide_page("tickets.ticket", "desk:ticket")

A page takes the name itself; without one the row opens in its register.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models.expressions import RawSQL
from django.urls import NoReverseMatch, reverse

from aftersales.core.querysets import scoped
from aftersales.core.sheets.sqltext import queryset_sql
from aftersales.core.sheets.widgets import quote

_names: dict[str, str] = {}
_pages: dict[str, str] = {}
FOUND = 50


class Subject(NamedTuple):
    """A row in words, and where it is looked at (empty: nowhere)."""

    words: str
    url: str


def declare(kind: str, column: str) -> None:
    """People name rows of this kind by this column, which is unique or indexed."""
    if _names.setdefault(kind, column) != column:
        raise ValueError(f"{kind} is named by two columns")


def provide_page(kind: str, page: str) -> None:
    """The named page that opens a row of this kind by its name."""
    if _pages.setdefault(kind, page) != page:
        raise ValueError(f"{kind} has two pages")


def named(keys: Iterable[tuple[str, int]], user: Any) -> Mapping[tuple[str, int], Subject]:
    """What these rows are called, with an address where the person may see them. Two statements for each kind.

    A number says nothing of a row; what it opens is shown only to whom the row is.
    """
    wanted: dict[str, set[int]] = {}
    for kind, pk in keys:
        wanted.setdefault(kind, set()).add(pk)
    return {
        (kind, pk): Subject(
            f"{_model(kind)._meta.verbose_name} {name}", _address(kind, pk, name) if seen else ""
        )
        for kind, pks in wanted.items()
        if _model(kind) is not None
        for pk, name, seen in _of(kind, pks, user)
    }


def called(words: str) -> list[tuple[str, list[int]]]:
    """Keys of the rows of each kind that are called exactly this. One statement for each kind that is declared."""
    found = []
    for kind, column in _names.items():
        rows = _model(kind)._default_manager.filter(**{column: words}).order_by()
        if pks := list(rows.values_list("pk", flat=True)[:FOUND]):
            found.append((kind, pks))
    return found


def words_sql(kind: str, key: str) -> str:
    """The words of ``named`` as SQL of a sheet, in the reader's language; empty for what is no row of ours.

    ``kind`` and ``key`` are SQL: the columns that name the row.
    """
    cases = " ".join(
        f"WHEN {quote(model._meta.label_lower)} THEN {quote(f'{model._meta.verbose_name} ')} || "
        f"{_name_sql(model._meta.label_lower, key)}"
        for model in apps.get_models()
    )
    return f"CASE {kind} {cases} END"


def _name_sql(kind: str, key: str) -> str:
    if kind not in _names:
        return f"'#' || {key}"
    rows = _model(kind)._default_manager.filter(pk=RawSQL(key, [])).order_by()  # noqa: S611 - our own column
    return f"coalesce(({queryset_sql(rows.values_list(_names[kind]))})::text, '#' || {key})"


def _of(kind: str, pks: set[int], user: Any) -> Iterable[tuple[int, str, bool]]:
    model = _model(kind)
    seen = set(scoped(model, user).filter(pk__in=pks).order_by().values_list("pk", flat=True))
    if kind not in _names:
        return [(pk, f"#{pk}", pk in seen) for pk in pks]
    rows = model._default_manager.filter(pk__in=pks).order_by().values_list("pk", _names[kind])
    return [(pk, str(name), pk in seen) for pk, name in rows]


def _model(kind: str) -> Any:
    try:
        return apps.get_model(kind)
    except (LookupError, ValueError):
        return None


def _address(kind: str, pk: int, name: str) -> str:
    try:
        if kind in _pages:
            return reverse(_pages[kind], args=[name])
        return reverse(f"admin:{kind.replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return ""
