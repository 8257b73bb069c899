"""How much somebody may decide: the door asks the room that keeps certificates and limits (R1.3, R4.8).

A room declares what its decisions claim (``declare``) and names that in ``Move.authority``; the room that knows who is
certified answers (``keep``). While nobody answers, capability alone decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from aftersales.core.errors import Refusal


class Verdict(StrEnum):
    """*second*: the kind is the person's to decide, this one is too much for him alone."""

    ALLOWED = "allowed"
    SECOND = "second"
    REFUSED = "refused"


@dataclass(frozen=True)
class Claim:
    """One decision to be judged.

    ``amount``: None where no money hangs on it or none is known yet. ``confirms``: a second person confirms what
    another one proposed (that it is another person is the machine's own guard).
    """

    kind: str
    amount: Decimal | None = None
    currency: str = ""
    severity: str = ""
    customer_id: int | None = None
    confirms: bool = False

    def __post_init__(self) -> None:
        if self.amount is not None and (self.amount < 0 or not self.currency):
            raise ValueError(f"{self.kind}: an amount is not negative and has its currency")


@dataclass(frozen=True)
class Ruling:
    """What one person may do about one row, why not, and the version of the limit that said so."""

    verdict: Verdict = Verdict.ALLOWED
    refusals: tuple[Refusal, ...] = ()
    rule: str = ""

    @property
    def allowed(self) -> bool:
        return self.verdict == Verdict.ALLOWED


Claims = Mapping[Any, Sequence[Claim]]
Reader = Callable[[Sequence[Any], Any, Mapping[str, Any], datetime], Claims]
Judge = Callable[..., dict[Any, Ruling]]

_readers: dict[str, Reader] = {}
Return = Callable[..., None]
_judges: list[tuple[Judge, Judge, Return]] = []


def declare(name: str, reader: Reader) -> None:
    """``reader(rows, actor, data, now)`` answers ``{pk: claims}``: what a move of this authority decides."""
    if _readers.setdefault(name, reader) is not reader:
        raise ValueError(f"the authority {name} is declared twice")


def keep(*, weigh: Judge, take: Judge, give_back: Return) -> None:
    """The room that judges: ``weigh`` tells, ``take`` tells under lock and counts, ``give_back`` counts no longer."""
    if (weigh, take, give_back) not in _judges:
        _judges.append((weigh, take, give_back))


def declared() -> dict[str, str]:
    """Every authority with its reader, and who judges, for the test that lists them."""
    named = {name: f"{fn.__module__}.{fn.__qualname__}" for name, fn in _readers.items()}
    judges = [f"{take.__module__}.{take.__qualname__}" for _weigh, take, _give_back in _judges]
    return named | ({"(judge)": ", ".join(judges)} if judges else {})


def claims_of(name: str, rows: Sequence[Any], actor: Any, data: Mapping[str, Any], now: datetime) -> Claims:
    return _readers[name](rows, actor, data, now)


def weigh(*, actor: Any, claims: Claims, now: datetime) -> dict[Any, Ruling]:
    """What the person may decide now, in this order, each beside the ones before it. Nothing is locked or counted."""
    return _all(False, actor, claims, now)


def take(*, actor: Any, claims: Claims, now: datetime) -> dict[Any, Ruling]:
    """The same under lock, in the transaction of the decision; what is allowed counts against the limits."""
    return _all(True, actor, claims, now)


def give_back(*, person: Any, claims: Sequence[Claim], decided_at: datetime) -> None:
    """A decision was taken back before it had an effect: it no longer counts. Once, in that transaction."""
    for _weigh, _take, returned in _judges:
        returned(person=person, claims=claims, decided_at=decided_at)


def _all(counting: bool, actor: Any, claims: Claims, now: datetime) -> dict[Any, Ruling]:
    found = {key: Ruling() for key in claims}
    for weighs, takes, _give_back in _judges:
        found |= (takes if counting else weighs)(actor=actor, claims=claims, now=now)
    return found
