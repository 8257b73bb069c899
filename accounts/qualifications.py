"""Who is qualified for a duty: asked of the room that keeps certificates, when there is one (R1.2).

A room above provides the answer in its ``AppConfig.ready()``. While nobody does, no certificate is required yet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Qualification:
    """One person's standing for one duty.

    ``valid``: may take such work. ``certificate`` names what is held or missing, ``until`` when it ends. ``tier`` is
    how far the person has come, from 0 to 1000; None where no tier is kept. ``senior`` likewise.
    """

    valid: bool = True
    certificate: str = ""
    until: datetime | None = None
    tier: int | None = None
    senior: bool | None = None


NOTHING_REQUIRED = Qualification()
Provider = Callable[[Sequence[int], str, datetime], Mapping[int, Qualification]]
_providers: list[Provider] = []


def provide(provider: Provider) -> None:
    """``provider(person_ids, duty, at)`` answers for many people with one query; who is left out needs nothing."""
    if provider not in _providers:
        _providers.append(provider)


def withdraw(provider: Provider) -> None:
    """Take an answer back (tests)."""
    _providers.remove(provider)


def provided() -> list[str]:
    return [f"{one.__module__}.{one.__qualname__}" for one in _providers]


def of(person_ids: Sequence[int], duty: str, at: datetime) -> dict[int, Qualification]:
    """Everybody's standing for this duty; the strictest answer counts where several rooms answer."""
    found = dict.fromkeys(person_ids, NOTHING_REQUIRED)
    for provider in _providers:
        for pk, answer in provider(person_ids, duty, at).items():
            if pk in found and (found[pk].valid or not answer.valid):
                found[pk] = answer
    return found
