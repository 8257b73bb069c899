"""Erasure of somebody's data: what rooms above hold of a row below goes with it, in the same transaction (R2.2).

A room above says in its ``AppConfig.ready()`` what it forgets; the room below spreads the word and knows nothing of it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import models

Forget = Callable[..., None]

BEFORE = " before"
_forgetting: dict[str, list[Forget]] = defaultdict(list)


def listen(label: str, forget: Forget, *, before: bool = False) -> None:
    """``forget(row, actor=, reason=, now=)`` blanks what this room holds; twice is harmless. ``label``: app.model.

    ``before``: asked before the row is blanked, because it looks for what names the row's contacts and no key.
    """
    place = label + BEFORE if before else label
    if forget not in _forgetting[place]:
        _forgetting[place].append(forget)


def spread(row: models.Model, *, actor: Any, reason: str, now: datetime, before: bool = False) -> None:
    """Every room forgets what it holds of ``row``, in the order of the rooms: once ``before`` the row itself is
    erased, for who asked for that, and once after it."""
    place = row._meta.label_lower + (BEFORE if before else "")
    for forget in _forgetting.get(place, ()):
        forget(row, actor=actor, reason=reason, now=now)


def listeners() -> Mapping[str, list[str]]:
    """Who forgets what, for the test that lists them."""
    return {
        label: [f"{f.__module__}.{f.__qualname__}" for f in found] for label, found in _forgetting.items()
    }
