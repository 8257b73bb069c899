"""Last week again, in memory: the same tickets and people under other weights or with people missing. Writes nothing.

Every record keeps what was known of each candidate. Where a choice differs, the loads that follow differ by exactly
that ticket until it was finished; under the weights that chose, nothing differs and every choice comes out again.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aftersales.tickets.dispatch_rules import (
    HUNDREDTHS,
    Asked,
    Candidate,
    Terms,
    Weights,
    choose,
    minutes_between,
)

HOUR = timedelta(hours=1)
DIFFS = 200  # tickets listed that would go elsewhere
PLAIN = (
    *("tickets", "moved", "unserved", "wait_real", "wait_played", "known_real", "known_played", "caused"),
    "avoided",
)


@dataclass(frozen=True)
class Past:
    """One dispatch as it was: the ticket, the people as they were judged, and what became of it."""

    number: str
    duty: str
    at: datetime
    opened_at: datetime
    chosen: int
    asked: Asked
    people: Sequence[Candidate]
    ended_at: datetime | None = None
    replied_at: datetime | None = None
    due_at: datetime | None = None
    ticket_id: int = 0


@dataclass
class Person:
    """How many tickets somebody got, and how many he would get."""

    name: str
    real: int = 0
    played: int = 0
    weight_real: int = 0
    weight_played: int = 0


@dataclass(frozen=True)
class Diff:
    """A ticket that would go to somebody else, or to nobody within the week (``to`` empty)."""

    number: str
    at: str
    was: str
    to: str
    total_was: int
    total_to: int
    breach: str = ""


@dataclass
class Result:
    """What the week looks like both ways. Waits in seconds, all tickets together."""

    tickets: int = 0
    moved: int = 0
    unserved: int = 0
    wait_real: float = 0
    wait_played: float = 0
    known_real: int = 0
    known_played: int = 0
    caused: int = 0
    avoided: int = 0
    people: dict[int, Person] = field(default_factory=dict)
    diffs: list[Diff] = field(default_factory=list)
    choices: dict[str, int | None] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """As a job keeps it."""
        people = sorted(self.people.values(), key=lambda one: (-one.real, one.name))
        plain = {name: getattr(self, name) for name in PLAIN}
        return plain | {
            "people": [asdict(one) for one in people],
            "diffs": [asdict(one) for one in self.diffs],
        }


class _Ledger:
    """By how much the played week differs from the real one at a moment: loads, new tickets, last assignments."""

    def __init__(self) -> None:
        self.count: dict[int, int] = defaultdict(int)
        self.weight: dict[int, int] = defaultdict(int)
        self.fresh: dict[int, int] = defaultdict(int)
        self.last: dict[int, datetime] = {}
        self.lost: set[tuple[int, datetime]] = set()
        self._ends: list[tuple[datetime, int, int, int]] = []
        self._hour: list[tuple[datetime, int, int]] = []

    def until(self, now: datetime) -> None:
        """Tickets that were finished burden nobody any more; what was new an hour ago is not new."""
        while self._ends and self._ends[0][0] <= now:
            _at, person, sign, weight = heapq.heappop(self._ends)
            self.count[person] -= sign
            self.weight[person] -= sign * weight
        while self._hour and self._hour[0][0] <= now:
            _at, person, sign = heapq.heappop(self._hour)
            self.fresh[person] -= sign

    def note(self, person: int, sign: int, weight: int, at: datetime, ended: datetime | None) -> None:
        self.count[person] += sign
        self.weight[person] += sign * weight
        self.fresh[person] += sign
        heapq.heappush(self._hour, (at + HOUR, person, sign))
        if ended is not None:
            heapq.heappush(self._ends, (max(ended, at), person, sign, weight))

    def gave(self, person: int, at: datetime) -> None:
        self.last[person] = at

    def seen(self, one: Candidate, at: datetime) -> Candidate:
        """The person as he would stand here."""
        key = one.person_id
        last = one.last_assigned_at
        if last is not None and (key, last) in self.lost:
            last = self.last.get(key)
        elif key in self.last and (last is None or self.last[key] > last):
            last = self.last[key]
        idle = one.idle if last == one.last_assigned_at else minutes_between(last, at)
        return replace(
            one, load=max(one.load + self.count[key], 0), weight=max(one.carried + self.weight[key], 0),
            fresh=max(one.fresh + self.fresh[key], 0), last_assigned_at=last, idle=idle,
        )  # fmt: skip


def play(
    week: Sequence[Past], weights: Weights, terms: Terms, *, without: Iterable[int] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Result:  # fmt: skip
    """The week under these weights, with the people of ``without`` away. Dispatches in the order in which they were."""
    return _Player(weights, terms, frozenset(without)).play(week, progress)


class _Player:
    def __init__(self, weights: Weights, terms: Terms, without: frozenset[int]) -> None:
        self.weights, self.terms, self.without = weights, terms, without
        self.ledger = _Ledger()
        self.result = Result()
        self.waiting: dict[str, list[Past]] = defaultdict(list)

    def play(self, week: Sequence[Past], progress: Callable[[int, int], None] | None) -> Result:
        for place, past in enumerate(week):
            self.ledger.until(past.at)
            self._serve_waiting(past)
            self._one(past, past.people, past.at)
            if progress and place % 200 == 0:
                progress(place, len(week))
        self.result.unserved = sum(map(len, self.waiting.values()))
        for left in self.waiting.values():
            for past in left:
                self._diff(past, None, week[-1].at)
        return self.result

    def _serve_waiting(self, now: Past) -> None:
        """Who waits for this duty is looked at before the next one, with the people as they are now."""
        for past in list(self.waiting[now.duty]):
            own = {one.person_id: one for one in past.people}
            people = [
                replace(one, known=mine.known, known_by=mine.known_by, own=mine.own, returned=mine.returned)
                for one in now.people
                if (mine := own.get(one.person_id))
            ]
            self.waiting[now.duty].remove(past)
            self._give(past, people, now.at)

    def _one(self, past: Past, people: Sequence[Candidate], at: datetime) -> None:
        real = next(one for one in past.people if one.person_id == past.chosen)
        person = self.result.people.setdefault(past.chosen, Person(real.name))
        weight = self.weights.weight_of(past.asked.severity)
        person.real += 1
        person.weight_real += weight
        self.result.tickets += 1
        self.result.wait_real += max((past.at - past.opened_at).total_seconds(), 0)
        self.result.known_real += bool(real.known)
        self._give(past, people, at)

    def _give(self, past: Past, people: Sequence[Candidate], at: datetime) -> None:
        stand = [
            replace(one, away=True, away_reason="") if one.person_id in self.without else one
            for one in (self.ledger.seen(person, at) for person in people)
        ]
        chosen = choose(stand, past.asked, self.weights, self.terms).chosen
        self._book(past, chosen, at)
        self.result.choices[past.number] = chosen.person_id if chosen else None
        if chosen is None:
            self.waiting[past.duty].append(past)
            return
        person = self.result.people.setdefault(chosen.person_id, Person(chosen.name))
        person.played += 1
        person.weight_played += self.weights.weight_of(past.asked.severity)
        self.result.wait_played += max((at - past.opened_at).total_seconds(), 0)
        self.result.known_played += bool(chosen.known)
        if chosen.person_id != past.chosen:
            self._diff(past, chosen, at)

    def _book(self, past: Past, chosen: Candidate | None, at: datetime) -> None:
        weight = self.weights.weight_of(past.asked.severity)
        new = at == past.at  # a ticket that waited was taken off its real person then
        if chosen is not None and chosen.person_id == past.chosen and new:
            return
        if new:
            self.ledger.note(past.chosen, -1, weight, at, past.ended_at)
            self.ledger.lost.add((past.chosen, past.at))
        if chosen is not None:
            self.ledger.note(chosen.person_id, 1, weight, at, past.ended_at)
            self.ledger.gave(chosen.person_id, at)

    def _diff(self, past: Past, chosen: Candidate | None, at: datetime) -> None:
        real = next(one for one in past.people if one.person_id == past.chosen)
        breach = self._breach(past, real, chosen, at)
        self.result.moved += 1
        self.result.caused += breach == "caused"
        self.result.avoided += breach == "avoided"
        if len(self.result.diffs) < DIFFS:
            self.result.diffs.append(
                Diff(past.number, past.at.isoformat(), real.name, chosen.name if chosen else "", real.total,
                     chosen.total if chosen else 0, breach)
            )  # fmt: skip

    def _breach(self, past: Past, real: Candidate, chosen: Candidate | None, at: datetime) -> str:
        """Whether the first answer would be late now and was not, or the other way: an estimate.

        The answer moves by the later assignment, and by the work that lies before it on the other desk.
        """
        if past.due_at is None or past.replied_at is None:
            return ""
        late = past.replied_at > past.due_at
        if chosen is None:
            return "" if late else "caused"
        ahead = (chosen.carried - real.carried) / HUNDREDTHS * self.terms.work_minutes.get("minor", 0)
        moved = past.replied_at + (at - past.at) + timedelta(minutes=ahead)
        then = moved > past.due_at
        return "" if then == late else "caused" if then else "avoided"


def weights_from(asked: Mapping[str, int], base: Weights) -> Weights:
    """The weights in force with some of them replaced."""
    parts = {name: asked.get(name, number) for name, number in base.parts.items()}
    factors = {name: asked.get(f"load_{name}", number) for name, number in base.factors.items()}
    return Weights(base.number, parts, factors)
