"""What a column profile leaves to the person who uploads: whose orders a file holds, for example."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aftersales.core.wording import listed

from .models import ColumnProfile
from .resource import Column, SheetResource
from .widgets import LookupWidget

KNOWN = 500  # of the list that one chooses from; a key that is not in it may still be typed


@dataclass(frozen=True)
class Asked:
    """A column to fill at upload: for which profiles, with what to choose from, and what was typed."""

    column: Column
    profiles: tuple[ColumnProfile, ...]
    known: list[tuple[str, str]]
    value: str
    wrong: bool

    @property
    def codes(self) -> str:
        return " ".join(row.code for row in self.profiles)

    @property
    def names(self) -> str:
        return listed(row.name for row in self.profiles)


def asked(
    found: type[SheetResource], rows: Iterable[ColumnProfile], *, user: Any, posted: Mapping[str, Any]
) -> list[Asked]:
    """Every column that some profile of this sheet asks for; ``posted`` is what came with a refused upload."""
    asking: dict[str, list[ColumnProfile]] = {}
    for row in rows:
        for name in row.spec.get("chosen", []):
            asking.setdefault(name, []).append(row)
    return [_asked(found.column(name), tuple(of), user, posted) for name, of in sorted(asking.items())]


def _asked(column: Column, rows: tuple[ColumnProfile, ...], user: Any, posted: Mapping[str, Any]) -> Asked:
    wrong = posted.get("profile", "") in {row.code for row in rows}
    return Asked(column, rows, _known(column, user), str(posted.get(column.name, "")), wrong)


def _known(column: Column, user: Any) -> list[tuple[str, str]]:
    """Keys and names within what the person may see."""
    widget = column.widget
    if not isinstance(widget, LookupWidget):
        return []
    rows = widget.rows(user).order_by(widget.field)[:KNOWN]
    return [(str(getattr(row, widget.field)), str(row)) for row in rows]
