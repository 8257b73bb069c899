"""Clocks out of their events alone: compared with the stored ones, or written again where they are gone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aftersales.clocks.models import Clock
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.services.bench import Bench, Key, by_subject
from aftersales.clocks.services.deadlines import TERMS, audience_of
from aftersales.clocks.services.engine import Following, Held, followed, tell
from aftersales.clocks.states import ClockState
from aftersales.core.models import Event
from aftersales.standards import selectors as rule_book
from aftersales.standards.states import OWN_TERMS, Promise

COMPARED = tuple(column.attname for column in Clock._meta.concrete_fields if column.attname != "id")
NOBODY: Held = (None, None)
RECOUNT = "rule.activated"


@dataclass(frozen=True)
class Rebuilt:
    """What a replay found: how many clocks came out, and where they differ from the stored ones."""

    clocks: int
    differences: dict[tuple[int, str, int], dict[str, tuple[Any, Any]]]

    @property
    def is_same(self) -> bool:
        return not self.differences


def rebuild(subject_kind: str, ids: Sequence[int], now: datetime) -> Rebuilt:
    """Replay the events of these subjects and compare with the stored clocks. Writes nothing."""
    stored = {_name(clock): clock for clock in Clock.objects.of(subject_kind, *ids)}
    again = {_name(clock): clock for clock in _again(subject_kind, ids)}
    differences = {
        name: found
        for name in stored.keys() | again.keys()
        if (found := _compare(stored.get(name), again.get(name), now))
    }
    return Rebuilt(len(again), differences)


def restore(subject_kind: str, rows: Sequence[Any], *, now: datetime) -> int:
    """Write the clocks of these rows that are missing, keys and all, as their events tell them; answers how many.

    The rows in memory learn their nearest clock; the room they belong to writes them. The caller has locked them.
    """
    ids = [row.pk for row in rows]
    stored = list(Clock.objects.of(subject_kind, *ids))
    known = {_name(clock) for clock in stored}
    missing = [clock for clock in _again(subject_kind, ids) if _name(clock) not in known]
    Clock.objects.bulk_create(missing, batch_size=500)
    clocks = by_subject([*stored, *missing])
    for row in rows:
        tell(row, clocks.get((subject_kind, row.pk), []))
    return len(missing)


def _name(clock: Clock) -> tuple[int, str, int]:
    return clock.subject_id, clock.promise, clock.round


def _again(subject_kind: str, ids: Sequence[int]) -> Iterable[Clock]:
    replay = _Replay(Bench(book=rule_book.book()), followed()[subject_kind])
    for event in Event.objects.filter(subject_kind=subject_kind, subject_id__in=list(ids)).order_by("id"):
        replay.hear(event)
    return [clock for clocks in replay.bench.clocks.values() for clock in clocks]


@dataclass
class _Replay:
    """The bench as it once was, and who held what."""

    bench: Bench
    following: Following
    held: dict[Key, Held] = field(default_factory=dict)

    def hear(self, event: Any) -> None:
        """Beginnings, warnings and breaches are told by the clock's own events; all else follows from the subject's."""
        if not event.kind.startswith("clock."):
            self._subject_told(event)
        elif event.kind in {"clock.started", "clock.retargeted", "clock.restored"}:
            self._begin(event)
        else:
            self._told(event)

    def _subject_told(self, event: Any) -> None:
        self.bench.hear(event, None)
        if event.kind in self.following.handovers:
            key = (event.subject_kind, event.subject_id)
            person, team = self.held[key] = self.following.held_after(event, self.held.get(key, NOBODY))
            self.bench._hand_over(key, event, ClockSubject(assignee_id=person, team_id=team))

    def _begin(self, event: Any) -> None:
        version = self.bench.book.by_id.get(event.payload["version"])
        if event.kind != "clock.started":
            live, since = self._find(event), datetime.fromisoformat(event.payload["counted_from"])
            if live is not None and version is not None and event.payload.get("why") == RECOUNT:
                self.bench.recount(live, version, event.at)
            elif live is not None and version is not None:
                self.bench.retarget(live, version, since, pauses=event.payload.get("pauses"))
            return
        if version is not None:
            clock = self._by_rule(version, event)
        else:
            clock = _given_word(event)
            self.bench.add(clock)
        clock.pk = event.payload["clock"]

    def _by_rule(self, version: Any, event: Any) -> Clock:
        key = (event.subject_kind, event.subject_id)
        person, team = self.held.get(key, NOBODY)
        subject = ClockSubject(
            merchant_id=event.merchant_id, assignee_id=person, team_id=team,
            historic=bool(event.payload.get("historic")),
        )  # fmt: skip
        return self.bench.start(
            key, version, event, subject, round_=event.payload["round"],
            counted_from=datetime.fromisoformat(event.payload["counted_from"]),
            pauses=event.payload.get("pauses", ()),
        )  # fmt: skip

    def _told(self, event: Any) -> None:
        clock = self._find(event)
        if clock is not None and event.kind == "clock.revived":
            clock.ended_at = None
        if clock is None or not clock.is_open:
            return
        if event.kind == "clock.cancelled" and event.payload.get("why") in JOININGS:
            self.bench.drop(clock, event)
        elif event.kind == "clock.warned":
            clock.warned_at = event.at
        elif event.kind == "clock.breached" and clock.state == ClockState.RUNNING:
            clock.breach(actor=event, now=event.at)
        elif clock.promise in OWN_TERMS and event.kind in WORD_ENDS:
            self.bench._hear(clock, event)
            getattr(self.bench, WORD_ENDS[event.kind])(clock, event)

    def _find(self, event: Any) -> Clock | None:
        clocks = self.bench.clocks.get((event.subject_kind, event.subject_id), [])
        wanted = (event.payload["promise"], event.payload["round"])
        return next((clock for clock in clocks if (clock.promise, clock.round) == wanted), None)


JOININGS = ("ticket.merged", "ticket.unmerged", "ticket.split_off")  # end clocks whatever their rule says
WORD_ENDS = {"clock.met": "keep", "clock.met_late": "keep", "clock.cancelled": "drop"}


def _given_word(event: Any) -> Clock:
    """A word has no rule: its terms stand in its event."""
    due, warn = (datetime.fromisoformat(event.payload[name]) for name in ("due_at", "warn_at"))
    promise = Promise(event.payload["promise"])
    kind, owed_by = TERMS[promise]
    return Clock(
        subject_kind=event.subject_kind, subject_id=event.subject_id, merchant_id=event.merchant_id,
        promise=promise, round=event.payload["round"], kind=kind, owed_by=owed_by, audience=audience_of(owed_by),
        holder_team_id=event.payload.get("team"),
        holder_id=event.payload.get("holder"), started_at=event.at, counted_from=event.at, due_at=due, warn_at=warn,
    )  # fmt: skip


def _compare(stored: Clock | None, again: Clock | None, now: datetime) -> dict[str, tuple[Any, Any]]:
    if stored is None or again is None:
        return {"exists": (stored is not None, again is not None)}
    pairs = {name: (_seen(stored, name, now), _seen(again, name, now)) for name in COMPARED}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _seen(clock: Clock, name: str, now: datetime) -> Any:
    """Whether a sweep has already noticed a breach makes no difference."""
    overdue = clock.state == ClockState.RUNNING and clock.due_at < now
    noticed = {
        "state": ClockState.BREACHED,
        "breached_at": clock.due_at,
        "breach_holder_id": clock.holder_id,
        "breach_team_id": clock.holder_team_id,
    }
    return noticed[name] if overdue and name in noticed else getattr(clock, name)
