"""Toys and the people who play with them. Imported by the conftest of each folder that needs them."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from accounts import capabilities
from accounts.models import User
from accounts.states import Role
from aftersales.core import deliveries, events, facts, jobs, moves
from tests.toy.models import Lamp, Parcel

CAPABILITIES = {
    "toy.move": frozenset({Role.AGENT, Role.LEAD}),
    "toy.write_off": frozenset({Role.LEAD}),
    "toy.run": frozenset({Role.SYSTEM}),
}


@pytest.fixture
def toy_capabilities(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for code, roles in CAPABILITIES.items():
        monkeypatch.setitem(capabilities.TABLE, code, roles)
    capabilities._codes.cache_clear()
    yield
    capabilities._codes.cache_clear()


@pytest.fixture
def own_registries(toy_capabilities: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it; real rooms' listeners and consumers do not take part."""
    monkeypatch.setattr(events, "_listeners", [])
    monkeypatch.setattr(deliveries, "_consumers", {})
    monkeypatch.setattr(deliveries, "_names", {**deliveries._names})
    monkeypatch.setattr(deliveries, "_alone", set())
    monkeypatch.setattr(jobs, "_handlers", {})
    monkeypatch.setattr(facts, "_providers", defaultdict(list))
    monkeypatch.setattr(moves, "_guards", defaultdict(list))


@pytest.fixture
def agent(cast: Any) -> User:
    return cast.agent


@pytest.fixture
def make_parcels(agent: User, now: Any) -> Callable[..., list[Parcel]]:
    def make(count: int = 1, **columns: Any) -> list[Parcel]:
        rows = [Parcel(**columns) for _ in range(count)]
        return moves.create_many(rows, actor=agent, now=now, event="parcel.packed", payloads=[{}] * count)

    return make


@pytest.fixture
def parcel(make_parcels: Callable[..., list[Parcel]]) -> Parcel:
    return make_parcels(1, merchant_id=7)[0]


@pytest.fixture
def lamp(agent: User, now: Any) -> Lamp:
    return moves.create(Lamp(), actor=agent, now=now, event="lamp.hung")


def in_thread(work: Callable[[], Any]) -> Any:
    """``work`` on a connection of its own; its answer, or its exception raised here."""
    return at_once([work])[0]


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """All at the same moment, each on a connection of its own; answers (or exceptions) in order."""
    answers: list[Any] = [None] * len(works)
    gate = threading.Barrier(len(works))

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            gate.wait(10)
            answers[index] = works[index]()
        except Exception as error:  # noqa: BLE001 - handed back to the test
            answers[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if len(answers) == 1 and isinstance(answers[0], Exception):
        raise answers[0]
    return answers
