"""Who has a ticket open and who writes in it, for some seconds: kept in memory beside the work, never in the database.

Where the broker is Redis or Valkey (the embedded one is), its memory holds it, so that all web processes know the same.
With another broker, or while it does not answer, each web process knows only of its own readers: nobody waits for it
and nothing else depends on it. The page carries a signed mark of the ticket, so that a beat asks the database nothing.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core import signing

logger = logging.getLogger(__name__)

SALT = "desk.presence"
MARK_LIVES = 12 * 3600  # a session's longest life
HERE = 25.0  # seconds after the last beat
TYPING = 8.0
QUIET = 30.0  # seconds without asking a memory that did not answer
PATIENCE = 0.2
ROOM = 2000  # tickets that one process remembers on its own


@dataclass(frozen=True)
class Seen:
    """Somebody at the ticket."""

    person_id: int
    name: str
    typing: bool


class Memory(Protocol):
    def put(self, ticket: int, person: int, what: str) -> dict[str, str]: ...
    def drop(self, ticket: int, person: int) -> None: ...


def mark(ticket_id: int, person_id: int) -> str:
    """What the page of a ticket carries: proof that this person could see it when it was opened."""
    return signing.dumps([ticket_id, person_id], salt=SALT, compress=False)


def ticket_of(text: str, person_id: int) -> int | None:
    """The ticket of a mark, when it is this person's and not too old."""
    try:
        ticket_id, owner = signing.loads(text, salt=SALT, max_age=MARK_LIVES)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(ticket_id) if owner == person_id else None


def beat(ticket_id: int, person_id: int, name: str, *, typing: bool, now: float) -> list[Seen]:
    """I am here, and write or not; answers who else is."""
    known = _ask(
        lambda memory: memory.put(ticket_id, person_id, json.dumps([name, now, now if typing else 0]))
    )
    found = [(int(key), *json.loads(value)) for key, value in known.items()]
    return sorted(
        (
            Seen(key, who, now - typed < TYPING)
            for key, who, at, typed in found
            if key != person_id and now - at < HERE
        ),
        key=lambda one: (not one.typing, one.name),
    )


def leave(ticket_id: int, person_id: int) -> None:
    """I am gone."""
    _ask(lambda memory: memory.drop(ticket_id, person_id))


_quiet_until = 0.0


def _ask(question: Any) -> Any:
    """Ask the shared memory; the process's own where there is none or it does not answer."""
    global _quiet_until
    shared = _shared()
    if shared is not None and time.monotonic() >= _quiet_until:
        try:
            return question(shared)
        except (redis.RedisError, OSError) as error:
            _quiet_until = time.monotonic() + QUIET
            logger.warning(
                "the broker's memory does not answer (%s); presence is told within a process only", error
            )
    return question(OWN)


@cache
def _shared() -> Shared | None:
    client = _client(settings.CELERY_BROKER_URL)
    return Shared(client) if client is not None else None


def _client(url: str) -> Any:
    """A connection to the broker's own memory; None for a broker that has none."""
    scheme = url.partition("://")[0]
    limits: dict[str, Any] = {
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": PATIENCE,
        "decode_responses": True,
    }
    if scheme == "redis+socket":
        return redis.Redis(unix_socket_path=urlsplit(url).path, **limits)
    return redis.Redis.from_url(url, **limits) if scheme in ("redis", "rediss") else None


class Shared:
    """The broker's memory: one small hash for each ticket, gone by itself."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def put(self, ticket: int, person: int, what: str) -> dict[str, str]:
        key = f"presence:{ticket}"
        with self.client.pipeline(transaction=False) as pipe:
            pipe.hset(key, str(person), what)
            pipe.expire(key, int(HERE) + 5)
            pipe.hgetall(key)
            return dict(pipe.execute()[2])

    def drop(self, ticket: int, person: int) -> None:
        self.client.hdel(f"presence:{ticket}", str(person))


class Own:
    """This process's memory; the oldest tickets go when there are too many."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tickets: dict[int, dict[str, str]] = defaultdict(dict)

    def put(self, ticket: int, person: int, what: str) -> dict[str, str]:
        with self.lock:
            here = self.tickets.pop(ticket, {})
            here[str(person)] = what
            self.tickets[ticket] = here
            while len(self.tickets) > ROOM:
                self.tickets.pop(next(iter(self.tickets)))
            return dict(here)

    def drop(self, ticket: int, person: int) -> None:
        with self.lock:
            self.tickets.get(ticket, {}).pop(str(person), None)


OWN = Own()
