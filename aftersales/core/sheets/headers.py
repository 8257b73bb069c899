"""The header of a file against the columns of a sheet: strict, and it says what is wrong before anything is written."""

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy

from .problems import FileRefused
from .resource import Column, SheetResource
from .widgets import MomentWidget, SheetWidget, quote

# Nobody imports these: a machine, a lock or a right stands behind each (case I03).
NEVER = {
    "state",
    "version",
    "token",
    "public_id",
    "created_by",
    "is_staff",
    "is_superuser",
    "id",
    "password",
    "created_at",
}
REMEDY = gettext_lazy("Take the template of this sheet and compare the first row.")


@dataclass
class Binding:
    """Where the value of one column comes from: cells (several are added up), a constant, or the first filled cell."""

    column: Column
    cells: list[int] = field(default_factory=list)
    constant: str | None = None
    words: dict[str, str] = field(default_factory=dict)
    first: list[tuple[int, str]] = field(default_factory=list)
    widget: SheetWidget = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.widget = self.widget or self.column.widget

    @property
    def name(self) -> str:
        return self.column.name

    def cell_sql(self) -> str:
        """The text of the cell, or NULL."""
        if self.constant is not None:
            return f"{quote(self.constant)}::text"
        if self.first:
            cases = " ".join(
                f"WHEN s.c{cell} IS NOT NULL THEN {quote(value)}" for cell, value in self.first if cell
            )
            otherwise = next((quote(value) for cell, value in self.first if not cell), "NULL")
            return f"(CASE {cases} ELSE {otherwise} END)"
        cell = f"s.c{self.cells[0]}"
        if not self.words:
            return cell
        cases = " ".join(f"WHEN {quote(theirs)} THEN {quote(ours)}" for theirs, ours in self.words.items())
        return f"(CASE {cell} {cases} ELSE {cell} END)"

    def typed_sql(self, *, trusted: bool = False) -> str:
        read = self.widget.cast if trusted else self.widget.sql
        if len(self.cells) > 1:
            return " + ".join(f"({read(f's.c{cell}')})" for cell in self.cells)
        return read(self.cell_sql())

    def filled_sql(self) -> str:
        if self.constant is not None or self.first:
            return "true"
        return "(" + " OR ".join(f"s.c{cell} IS NOT NULL" for cell in self.cells) + ")"

    def texts(self, row: Sequence[str]) -> list[str]:
        """The same in Python, for explaining one row."""
        if self.constant is not None:
            return [self.constant]
        if self.first:
            filled = (value for cell, value in self.first if not cell or row[cell - 1])
            return [next(filled, "")]
        return [self.words.get(row[cell - 1], row[cell - 1]) for cell in self.cells]


def tidy(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().strip("\ufeff\u200b").strip()


def bind(
    resource: type[SheetResource],
    header: Sequence[str],
    spec: Mapping[str, Any] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> tuple[list[Binding], list[str]]:
    """Bindings of the file's columns, and the headers whose outer blanks were ignored; raises FileRefused.

    Columns named ``#…`` are those our own error file adds: they are skipped, so that a corrected file loads as it is.
    """
    names = [tidy(name) for name in header]
    while names and not names[-1]:
        names.pop()
    notes = [name for name, raw in zip(names, header, strict=False) if name != raw.lstrip("\ufeff")]
    _doubled(names)
    found = _by_profile(resource, names, spec) if spec else _by_name(resource, names)
    for name, value in {**(spec or {}).get("constants", {}), **(chosen or {})}.items():
        found[name] = Binding(resource.column(name), constant=value)
    _complete(resource, found)
    return [_told(binding, spec or {}) for binding in found.values()], notes


def _told(binding: Binding, spec: Mapping[str, Any]) -> Binding:
    if isinstance(binding.widget, MomentWidget):
        grain = spec.get("grains", {}).get(binding.name, "")
        binding.widget = binding.widget.told(zone=spec.get("zone", ""), grain=grain)
    binding.words = dict(spec.get("words", {}).get(binding.name, {}))
    return binding


def _doubled(names: Sequence[str]) -> None:
    for number, name in enumerate(names, start=1):
        if not name:
            raise FileRefused(
                "unnamed_column", gettext_lazy("Column %(number)s has no header."), REMEDY, number=number
            )
        if name in names[: number - 1]:
            raise FileRefused(
                "doubled_column",
                gettext_lazy("The column “%(name)s” stands in the header twice."),
                REMEDY,
                name=name,
            )


def _by_name(resource: type[SheetResource], names: Sequence[str]) -> dict[str, Binding]:
    known = {alias: column for column in resource.columns() for alias in (column.name, *column.labels())}
    found: dict[str, Binding] = {}
    for number, name in enumerate(names, start=1):
        if name.startswith("#"):
            continue
        column = known.get(name)
        if column is None:
            _unknown(name, known)
        elif column.name in found:
            raise FileRefused(
                "doubled_column",
                gettext_lazy("The column “%(name)s” stands in the header twice."),
                REMEDY,
                name=name,
            )
        else:
            found[column.name] = Binding(column, [number])
    return found


def _unknown(name: str, known: Mapping[str, Any]) -> None:
    if name.lower() in NEVER:
        raise FileRefused(
            "forbidden_column",
            gettext_lazy("The column “%(name)s” cannot be imported."),
            gettext_lazy("Delete the column “%(name)s”."),
            name=name,
        )
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    if near:
        raise FileRefused(
            "misspelt_column",
            gettext_lazy("The column “%(name)s” is not known; perhaps “%(near)s” is meant."),
            gettext_lazy("Correct the header, or delete the column."),
            name=name,
            near=near[0],
        )
    raise FileRefused(
        "unknown_column", gettext_lazy("The column “%(name)s” is not known here."), REMEDY, name=name
    )


def _by_profile(
    resource: type[SheetResource], names: Sequence[str], spec: Mapping[str, Any]
) -> dict[str, Binding]:
    """Another platform's header: exactly its columns, none missing, none unknown."""
    columns: Mapping[str, Any] = spec["columns"]
    place = {name: number for number, name in enumerate(names, start=1)}
    for name in names:
        if name not in columns and not name.startswith("#"):
            _unknown(name, columns)
    missing = [name for name in columns if name not in place]
    if missing:
        _missing(missing)
    found: dict[str, Binding] = {}
    for name, ours in columns.items():
        for target in [ours] if isinstance(ours, str) else ours or []:
            found[target] = Binding(resource.column(target), [place[name]])
    for target, parts in spec.get("sums", {}).items():
        found[target] = Binding(resource.column(target), [place[name] for name in parts])
    for target, steps in spec.get("first_filled", {}).items():
        first = [(place[name] if name else 0, value) for name, value in steps]
        found[target] = Binding(resource.column(target), first=first)
    return found


def _missing(names: Sequence[str]) -> None:
    raise FileRefused(
        "missing_column", gettext_lazy("The file lacks: %(names)s."), REMEDY, names=", ".join(names)
    )


def _complete(resource: type[SheetResource], found: Mapping[str, Binding]) -> None:
    missing = [str(c.label) for c in resource.columns() if c.required and c.name not in found]
    if missing:
        _missing(missing)
