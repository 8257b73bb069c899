"""Who is qualified for a duty: asked of the room that keeps certificates, when there is one (R1.2).

A room above provides the answer in its ``AppConfig.ready()``. While nobody does, no certificate is required yet.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

ANY_WORK = ""
"""In place of a duty: work that no duty takes, which only those may get who may get any at all."""


@dataclass(frozen=True)
class Newcomer:
    """Somebody without the hours that come before the first ticket (R1.2), and the next run that gives some."""

    done: Decimal
    needed: Decimal
    run: str = ""
    starts_at: datetime | None = None


@dataclass(frozen=True)
class Qualification:
    """One person's standing for one duty.

    ``valid``: may take such work. ``certificate`` names what is held or missing, ``until`` when it ends. ``tier`` is
    how far the person has come, from 0 to 1000; None where no tier is kept. ``senior`` likewise. ``newcomer``: is
    not through the onboarding, which keeps from all work alike until the first ticket was given.
    """

    valid: bool = True
    certificate: str = ""
    until: datetime | None = None
    tier: int | None = None
    senior: bool | None = None
    newcomer: Newcomer | None = None


NOTHING_REQUIRED = Qualification()
Provider = Callable[[Sequence[int], Sequence[str], datetime], Mapping[tuple[int, str], Qualification]]
_providers: list[Provider] = []
Experience = Callable[[Collection[int], datetime], Collection[int]]
_experience: list[Experience] = []


def provide(provider: Provider) -> None:
    """``provider(person_ids, duties, at)`` answers for many people and duties with one query, by person and duty.

    What is left out needs nothing.
    """
    if provider not in _providers:
        _providers.append(provider)


def withdraw(provider: Provider) -> None:
    """Take an answer back (tests)."""
    _providers.remove(provider)


def tell_experience(known: Experience) -> None:
    """``known(person_ids, at)`` says who of these got work before: asked only about newcomers, with one query."""
    if known not in _experience:
        _experience.append(known)


def provided() -> list[str]:
    return [f"{one.__module__}.{one.__qualname__}" for one in (*_providers, *_experience)]


def of(person_ids: Sequence[int], duty: str, at: datetime) -> dict[int, Qualification]:
    """Everybody's standing for this duty; the strictest answer counts where several rooms answer."""
    return {pk: one for (pk, _duty), one in _asked(person_ids, [duty], at).items()}


def lacking(person_id: int, duties: Sequence[str], at: datetime) -> dict[str, Qualification]:
    """The duties for which this person holds no valid certificate, with what is missing: one query for all of them."""
    return lacking_of([person_id], duties, at).get(person_id, {})


def lacking_of(
    person_ids: Sequence[int], duties: Sequence[str], at: datetime
) -> dict[int, dict[str, Qualification]]:
    """The same of many people; who lacks nothing is left out. One query."""
    found: dict[int, dict[str, Qualification]] = {}
    for (pk, duty), one in (_asked(person_ids, duties, at) if person_ids and duties else {}).items():
        if not one.valid:
            found.setdefault(pk, {})[duty] = one
    return found


def _asked(
    person_ids: Sequence[int], duties: Sequence[str], at: datetime
) -> dict[tuple[int, str], Qualification]:
    found = {(pk, duty): NOTHING_REQUIRED for pk in person_ids for duty in duties}
    for provider in _providers:
        for key, answer in provider(person_ids, duties, at).items():
            if key in found and (found[key].valid or not answer.valid):
                found[key] = answer
    return _gated(found, at)


def _gated(found: dict[tuple[int, str], Qualification], at: datetime) -> dict[tuple[int, str], Qualification]:
    """Newcomers get no work, whatever certificates they hold; who worked here before is none any more."""
    asked = {pk for (pk, _duty), one in found.items() if one.newcomer}
    if not asked:
        return found
    worked = {pk for known in _experience for pk in known(asked, at)}
    return {key: _judged(one, is_new=key[0] in asked - worked) for key, one in found.items()}


def _judged(one: Qualification, *, is_new: bool) -> Qualification:
    if one.newcomer is None:
        return one
    return replace(one, valid=False) if is_new else replace(one, newcomer=None)
