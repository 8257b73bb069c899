"""Proof by replay: the same times come out of the event rows alone (recomputed, never counted up)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aftersales.clocks.models import Clock
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.services.bench import Bench
from aftersales.clocks.states import ClockState
from aftersales.core.models import Event
from aftersales.standards import selectors as rule_book
from aftersales.standards.states import Promise

COMPARED = (
    "started_at",
    "counted_from",
    "due_at",
    "warn_at",
    "pauses",
    "met_at",
    "ended_at",
    "breached_at",
    "state",
)


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
    bench = Bench(book=rule_book.book())
    for event in Event.objects.filter(subject_kind=subject_kind, subject_id__in=list(ids)).order_by("id"):
        _replay(bench, event)
    stored = {_name(clock): clock for clock in Clock.objects.of(subject_kind, *ids)}
    again = {_name(clock): clock for clocks in bench.clocks.values() for clock in clocks}
    differences = {
        name: found
        for name in stored.keys() | again.keys()
        if (found := _compare(stored.get(name), again.get(name), now))
    }
    return Rebuilt(len(again), differences)


def _name(clock: Clock) -> tuple[int, str, int]:
    return clock.subject_id, clock.promise, clock.round


def _replay(bench: Bench, event: Any) -> None:
    """Starts and tightenings are told by the clock's own events; all else follows from the subject's."""
    if not event.kind.startswith("clock."):
        bench.hear(event, None)
    elif event.kind in {"clock.started", "clock.retargeted"}:
        _begin(bench, event)
    elif event.payload["promise"] == Promise.KEPT_WORD and event.kind in {"clock.met", "clock.met_late"}:
        _settle(bench, event, "keep")
    elif event.payload["promise"] == Promise.KEPT_WORD and event.kind == "clock.cancelled":
        _settle(bench, event, "drop")


def _begin(bench: Bench, event: Any) -> None:
    version = bench.book.by_id.get(event.payload["version"])
    key = (event.subject_kind, event.subject_id)
    if event.kind == "clock.retargeted":
        live = _find(bench, event)
        if live is not None and version is not None:
            bench.retarget(live, version, datetime.fromisoformat(event.payload["counted_from"]))
    elif version is not None:
        bench.start(key, version, event, ClockSubject(), round_=event.payload["round"])
    else:
        due, warn = (datetime.fromisoformat(event.payload[name]) for name in ("due_at", "warn_at"))
        bench.add(
            Clock(
                subject_kind=key[0],
                subject_id=key[1],
                promise=Promise.KEPT_WORD,
                round=event.payload["round"],
                started_at=event.at,
                counted_from=event.at,
                due_at=due,
                warn_at=warn,
            )  # fmt: skip
        )


def _find(bench: Bench, event: Any) -> Clock | None:
    clocks = bench.clocks.get((event.subject_kind, event.subject_id), [])
    wanted = (event.payload["promise"], event.payload["round"])
    return next((clock for clock in clocks if (clock.promise, clock.round) == wanted), None)


def _settle(bench: Bench, event: Any, act: str) -> None:
    clock = _find(bench, event)
    if clock is not None and clock.is_open:
        bench._hear(clock, event)
        getattr(bench, act)(clock, event)


def _compare(stored: Clock | None, again: Clock | None, now: datetime) -> dict[str, tuple[Any, Any]]:
    if stored is None or again is None:
        return {"exists": (stored is not None, again is not None)}
    pairs = {name: (_seen(stored, name, now), _seen(again, name, now)) for name in COMPARED}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _seen(clock: Clock, name: str, now: datetime) -> Any:
    """Whether a sweep has already noticed a breach makes no difference."""
    overdue = clock.state == ClockState.RUNNING and clock.due_at < now
    if name == "state" and overdue:
        return ClockState.BREACHED
    if name == "breached_at" and overdue:
        return clock.due_at
    return getattr(clock, name)
