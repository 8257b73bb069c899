"""The checklist card of the workbench, and the items as the editor's form writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language

from aftersales.core.posted import whole
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors.checks import read
from aftersales.tickets.services.checks import MOST_ITEMS

Items = list[dict[str, Any]]


def page(row: Ticket, user: Any) -> dict[str, Any]:
    """What the workbench shows of checklists. No query: the row came with them."""
    return {"checklists": read(row), "may_check": row.is_open and user.has_perm("tickets.check")}


def posted(data: QueryDict) -> Items:
    """The items as they stand in the form, unchecked."""
    return [
        {
            "key": data.get(f"key-{at}", ""), "zh": data.get(f"zh-{at}", ""), "en": data.get(f"en-{at}", ""),
            "required": f"req-{at}" in data,
        }
        for at in range(MOST_ITEMS)
        if f"zh-{at}" in data
    ]  # fmt: skip


def pressed(data: QueryDict, items: Items) -> Items | None:
    """The items after one of the list's own buttons (add, remove, up, down); None when it was another one."""
    found = list(items)
    if "add" in data:
        return [*found, {"key": "", "zh": "", "en": "", "required": True}][:MOST_ITEMS]
    for verb in ("remove", "up", "down"):
        at = whole(data.get(verb))
        if verb in data:
            return _moved(found, verb, at) if at is not None and at < len(found) else found
    return None


def _moved(items: Items, verb: str, at: int) -> Items:
    one = items.pop(at)
    if verb != "remove":
        items.insert(max(0, at - 1) if verb == "up" else at + 1, one)
    return items


def shown(items: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Each item with its place, headed by its words in the reader's language."""
    word = "en" if (get_language() or "").startswith("en") else "zh"
    return [(at, {**one, "text": one[word]}) for at, one in enumerate(items)]
