"""How people call the rows that events are about: each room declares the column and the page of its own.

    subjects.declare("orders.order", "external_no")
    subjects.provide_page("tickets.ticket", "desk:ticket")

A page takes the name itself; without one the row opens in its register.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.apps import apps
from django.urls import NoReverseMatch, reverse

from aftersales.core.querysets import scoped

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
    """The rows among these that the person may see. One statement for each kind."""
    wanted: dict[str, set[int]] = {}
    for kind, pk in keys:
        wanted.setdefault(kind, set()).add(pk)
    return {
        (kind, pk): Subject(f"{_model(kind)._meta.verbose_name} {name}", _address(kind, pk, name))
        for kind, pks in wanted.items()
        if _model(kind) is not None
        for pk, name in _of(kind, pks, user)
    }


def called(words: str, user: Any) -> list[tuple[str, list[int]]]:
    """Rows of each kind that are called exactly this and that the person may see."""
    found = []
    for kind, column in _names.items():
        rows = scoped(_model(kind), user).filter(**{column: words}).order_by()
        if pks := list(rows.values_list("pk", flat=True)[:FOUND]):
            found.append((kind, pks))
    return found


def _of(kind: str, pks: set[int], user: Any) -> Iterable[tuple[int, str]]:
    rows = scoped(_model(kind), user).filter(pk__in=pks).order_by()
    if kind in _names:
        return [(pk, str(name)) for pk, name in rows.values_list("pk", _names[kind])]
    return [(pk, f"#{pk}") for pk in rows.values_list("pk", flat=True)]


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
