"""What rooms add to the demonstration once its weeks are lived; a room that nobody above imports registers here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Scene = Callable[[datetime, Mapping[str, Any]], None]

_scenes: dict[str, Scene] = {}


def register(name: str, scene: Scene) -> None:
    """``scene(now, people)`` plays through services; ``people``: the cast by sign-in name."""
    if _scenes.get(name, scene) is not scene:
        raise ValueError(f"the scene {name} is registered twice")
    _scenes[name] = scene


def play(now: datetime, people: Mapping[str, Any]) -> None:
    """Every scene, in the order of the rooms."""
    for scene in _scenes.values():
        scene(now, people)
