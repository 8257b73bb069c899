"""Facts that guards need and that live in other rooms: looked up by name, for many rows at once.

A room above provides a fact in its ``AppConfig.ready()``; the room below names it in a move. Several rooms may
provide the same name: their answers are kept in a list in the order of the rooms.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

Provider = Callable[[Sequence[Any], datetime], Mapping[int, Any]]

_providers: dict[str, list[Provider]] = defaultdict(list)


def provide(name: str, provider: Provider) -> None:
    """``provider(rows, now)`` answers ``{pk: value}`` with one query per kind of fact, never one per row."""
    if provider not in _providers[name]:
        _providers[name].append(provider)


def ask(name: str, rows: Sequence[Any], now: datetime) -> dict[int, list[Any]]:
    """All answers of all providers for each row, in registration order; rows without an answer get ``[]``."""
    answers: dict[int, list[Any]] = {row.pk: [] for row in rows}
    for provider in _providers[name]:
        for pk, value in provider(rows, now).items():
            answers[pk].append(value)
    return answers


def ask_one(name: str, rows: Sequence[Any], now: datetime) -> dict[int, Any]:
    """The answer of the only provider of this name; a second provider is a programming error."""
    if len(_providers[name]) > 1:
        raise LookupError(f"the fact {name!r} has more than one provider")
    return {pk: values[0] for pk, values in ask(name, rows, now).items() if values}


def provided() -> dict[str, list[str]]:
    """Every registered fact with its providers, for the test that lists them."""
    return {
        name: [f"{p.__module__}.{p.__qualname__}" for p in found]
        for name, found in _providers.items()
        if found
    }
