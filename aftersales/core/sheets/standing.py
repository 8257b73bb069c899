"""What a row of a sheet of drafts would change: the newest version that stands, beside what the row says."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import exporting
from .headers import Binding
from .plan import Plan
from .problems import Unreadable
from .sqltext import name_of
from .widgets import LookupWidget, quote

TOLD = frozenset({"state", "valid_from", "valid_to"})  # not said by a row, only told


def of(
    plan: Plan, texts: Mapping[int, Sequence[str]]
) -> dict[int, tuple[str, list[tuple[Binding, str, str]]]]:
    """By row: the number of the version that stands, and of each column that differs the old and the new text.

    A row that opens something new is not in it.
    """
    code, number = plan.resource.key
    if code not in plan.by_name:
        return {}
    compared = [
        one for one in plan.bindings if one.name not in (code, number, *TOLD) and one.constant is None
    ]
    codes = {row: _text(plan.by_name[code], cells) for row, cells in texts.items()}
    stands = {cells[0]: cells[1:] for cells in _versions(plan, code, number, compared, set(codes.values()))}
    found = {}
    for row, cells in texts.items():
        if (old := stands.get(codes[row])) is None:
            continue
        pairs = [(one, was, _text(one, cells)) for one, was in zip(compared, old[1:], strict=True)]
        found[row] = (old[0], [pair for pair in pairs if _differs(*pair)])
    return found


def _versions(
    plan: Plan, code: str, number: str, compared: Sequence[Binding], codes: set[str]
) -> Iterator[list[str]]:
    """Code, number and compared columns of every version that was not returned; the newest comes last."""
    found = plan.resource
    columns = {column.name: column for column in found.columns()}
    asked = exporting.text_of(found, columns[code])
    table = name_of(found.model()._meta.db_table)
    wanted = quote(sorted(code for code in codes if code))
    where = f"t.state <> 'rejected' AND {asked} = ANY({wanted})"
    source = f"FROM {table} t {exporting.JOINS} WHERE {where} ORDER BY t.number"
    names = [code, number, *(one.name for one in compared)]
    return exporting.texts(found, source, masked=False, names=names)


def _text(binding: Binding, cells: Sequence[str]) -> str:
    return "".join(text for text in binding.texts(cells) if text)


def _differs(binding: Binding, old: str, new: str) -> bool:
    return bool(_meant(binding, old) != _meant(binding, new))


def _meant(binding: Binding, text: str) -> Any:
    plain = text.replace("\r", "").strip()
    if not plain or isinstance(binding.widget, LookupWidget):
        return plain
    try:
        return binding.widget.clean(plain)
    except Unreadable:
        return plain
