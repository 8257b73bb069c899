"""What the product ships as rows: every room registers its loader; ``manage.py load_standards`` runs them all.

A loader is idempotent, creates what is missing, and leaves alone what people changed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Loader = Callable[..., Mapping[str, int]]

_loaders: dict[str, Loader] = {}


def register(name: str, loader: Loader) -> None:
    """``loader(actor=, now=)`` answers how many rows of each kind it created."""
    if _loaders.get(name, loader) is not loader:
        raise ValueError(f"the loader {name} is registered twice")
    _loaders[name] = loader


def load(*, actor: Any, now: datetime) -> dict[str, dict[str, int]]:
    """Run every loader in the order of the rooms."""
    return {name: dict(loader(actor=actor, now=now)) for name, loader in _loaders.items()}


def registered() -> list[str]:
    return list(_loaders)
