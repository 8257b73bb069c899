"""Panels: what a room above shows on the page of a row below, for example the tickets of an order.

The room above offers them in its ``AppConfig.ready()``; the page asks the registry and knows nothing of the room.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from django.db import models
from django.http import HttpRequest

Panel = Callable[[Any, HttpRequest], str]

_panels: dict[str, list[Panel]] = defaultdict(list)


def offer(label: str, panel: Panel) -> None:
    """``panel(row, request)`` answers safe HTML, or "" when this reader has nothing to see. ``label``: app.model."""
    if panel not in _panels[label]:
        _panels[label].append(panel)


def of(row: models.Model, request: HttpRequest) -> list[str]:
    """The panels of one row for this reader, in the order of the rooms."""
    return [html for panel in _panels.get(row._meta.label_lower, ()) if (html := panel(row, request))]


def offered() -> Mapping[str, list[str]]:
    """Every panel, for the test that lists them."""
    return {label: [f"{p.__module__}.{p.__qualname__}" for p in found] for label, found in _panels.items()}
