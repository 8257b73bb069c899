"""Sections of performance files: each room above adds its own, and the page knows nothing of them.

sections.add("person", scorecard_section)  # (subject, reader, now) → Section, or None when there is nothing to show
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from aftersales.core.errors import Text
from aftersales.ledger.states import Party


@dataclass(frozen=True)
class Figure:
    """One number with its name."""

    label: Text
    value: str


@dataclass(frozen=True)
class Section:
    """A part of a file: figures on top, a table below. ``empty``: what is said when there is no row.

    ``charts``: pictures, each with the table of its figures and what it shows.
    """

    title: Text
    head: Sequence[Text] = ()
    rows: Sequence[Sequence[str]] = ()
    empty: Text = ""
    figures: Sequence[Figure] = field(default_factory=tuple)
    charts: Sequence[tuple[SafeString, SafeString, str]] = ()

    @property
    def named_rows(self) -> list[list[tuple[Text, str]]]:
        """Rows whose cells bring the name of their column: on a phone a table is shown as cards."""
        return [list(zip(self.head, row, strict=True)) for row in self.rows]


Maker = Callable[[Any, Any, datetime], Section | None]
_sections: dict[str, list[Maker]] = {str(Party.PERSON): [], str(Party.MERCHANT): []}


def add(party: str, maker: Maker) -> None:
    """In the order of the rooms; called in ``AppConfig.ready()``."""
    if maker not in _sections[party]:
        _sections[party].append(maker)


def of(party: str, subject: Any, reader: Any, now: datetime) -> list[Section]:
    """All parts of one file for this reader."""
    return [found for maker in _sections[party] if (found := maker(subject, reader, now))]


def added() -> dict[str, list[str]]:
    """Every part, for the test that lists them."""
    return {
        party: [f"{maker.__module__}.{maker.__qualname__}" for maker in makers]
        for party, makers in _sections.items()
    }
