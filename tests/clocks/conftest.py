"""Plain things with clocks: the shipped standards on subjects that are no tickets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.clocks import services
from aftersales.clocks.models import Clock
from aftersales.clocks.rules import ClockSubject
from aftersales.core import events, facts
from aftersales.core.events import Draft, Kind
from tests.standards.conftest import rule_book, system

__all__ = ["rule_book", "system"]

KIND = "tickets.ticket"
_ids = count(900_000)


@dataclass
class Thing:
    """What the engine sees of a ticket."""

    subject: ClockSubject
    pk: int = field(default_factory=lambda: next(_ids))
    merchant_id: int | None = None
    told: dict[str, Any] = field(default_factory=dict)
    _meta: Any = field(default_factory=lambda: SimpleNamespace(label_lower=KIND))

    def take_clocks(self, **nearest: Any) -> None:
        self.told = nearest


@pytest.fixture(autouse=True)
def own_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the engine listens; every event kind a standard names exists and says nothing."""
    kinds = {code: one for code, one in events.registered().items() if not code.startswith("ticket.")}
    monkeypatch.setattr(events, "_kinds", kinds)
    monkeypatch.setattr(events, "_listeners", [])
    monkeypatch.setattr(facts, "_providers", {**facts._providers, f"clock_subject:{KIND}": []})
    monkeypatch.setattr("aftersales.core.deliveries._consumers", {})
    monkeypatch.setattr("aftersales.core.deliveries._names", {})
    monkeypatch.setattr("aftersales.clocks.services.engine._followed", {})
    services.follow(
        KIND,
        "ticket.*",
        lambda rows, now: {row.pk: row.subject for row in rows},
        handovers=["ticket.assigned"],
        births=["ticket.opened"],
        held_after=lambda event, held: (event.payload.get("to_id"), event.payload.get("team_id")),
    )


class Desk:
    """Tells events of things the way the door does."""

    def __init__(self, actor: Any, now: datetime) -> None:
        self.actor, self.now = actor, now

    def tell(self, kind: str, *things: Thing, at: datetime | None = None, **payload: Any) -> list[Draft]:
        code = f"ticket.{kind}"
        if code not in events.registered():
            events.register(
                Kind(
                    code,
                    "It happened",
                    {"for": "code", "then": "code", "told": "code", "to_id": "id", "team_id": "id"},
                )
            )
        drafts = [
            Draft(kind=code, row=thing, actor=self.actor, at=at or self.now, payload=payload)
            for thing in things
        ]
        return events.record_many(drafts, now=at or self.now)

    def open(self, at: datetime | None = None, **known: Any) -> Thing:
        return self.open_many(1, at=at, **known)[0]

    def open_many(self, number: int, at: datetime | None = None, **known: Any) -> list[Thing]:
        known = {"severity": "minor", "nature": "operation", "channel": "email"} | known
        things = [
            Thing(ClockSubject(**known), merchant_id=known.get("merchant_id")) for _one in range(number)
        ]
        self.tell("opened", *things, at=at)
        return things

    def become(self, thing: Thing, kind: str, at: datetime | None = None, **known: Any) -> None:
        thing.subject = replace(thing.subject, **known)
        self.tell(kind, thing, at=at, to_id=thing.subject.assignee_id, team_id=thing.subject.team_id)


@pytest.fixture
def desk(rule_book: Any, cast: Any, now: datetime) -> Iterator[Desk]:
    return Desk(cast.agent, now)


@pytest.fixture
def clock() -> Callable[..., Clock]:
    """The newest clock of a promise on a thing."""

    def find(thing: Thing, promise: str) -> Clock:
        return Clock.objects.of(KIND, thing.pk).filter(promise=promise).order_by("-round")[0]

    return find


@pytest.fixture
def machine_user(db: None, now: datetime) -> Any:
    return system_user(now)
