"""Columns of sheets that only go out: a code of ours as the word that pages show for it, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .resource import Column
from .widgets import ChoiceWidget, TextWidget, quote

Words = Callable[[], Iterable[tuple[str, Any]]]


class Told(Column):
    """A column whose SQL follows the language of whoever takes the list out. ``free``: it may hold any text."""

    def __init__(self, label: Any, sql: Callable[[], str], *, free: bool = False) -> None:
        self.sql = sql
        super().__init__(None, TextWidget() if free else ChoiceWidget(()), label)

    @property
    def export_as(self) -> str:
        return self.sql()

    @export_as.setter
    def export_as(self, _value: str) -> None:
        """It is made anew each time."""


def word_of(code: str, words: Words) -> Callable[[], str]:
    """SQL of a code as its word; codes without a word are left empty. ``code`` is SQL, ``words`` are (code, word)."""

    def sql() -> str:
        cases = " ".join(f"WHEN {quote(known)} THEN {quote(word)}" for known, word in words())
        return f"CASE {code} {cases} END"

    return sql
