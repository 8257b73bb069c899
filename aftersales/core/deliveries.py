"""What may come later: one row per event and consumer, claimed with SKIP LOCKED, in order per subject.

The attempt is counted first, in a transaction of its own; the work and the row's end are one transaction after it.
A reader at ``id > cursor`` would lose an event whose transaction commits late; a row cannot be lost.
"""

import fnmatch
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from aftersales.core import jobs
from aftersales.core.errors import Text
from aftersales.core.models import Delivery, Event

if TYPE_CHECKING:
    from aftersales.core.events import Draft

logger = logging.getLogger(__name__)

Handler = Callable[[Event, datetime], None]
BATCH = 100
MAX_ATTEMPTS = 5
BACKOFF = timedelta(seconds=30)  # times the attempt: half a minute, one minute, …
LOST = "the worker did not come back"

_consumers: dict[str, tuple[str, Handler]] = {}
_alone: set[str] = set()
_names: dict[str, Text] = {}


def subscribe(consumer: str, pattern: str, handler: Handler, name: Text = "", *, alone: bool = False) -> None:
    """From now on each event whose kind matches gets a delivery row; ``handler(event, now)`` must be idempotent.

    ``name``: what the consumer does, as people read it. ``alone``: each delivery in a transaction of its own, for what
    holds locks that others wait for: those of a batch would be held until its end.
    """
    if _consumers.get(consumer, (pattern, handler)) != (pattern, handler):
        raise ValueError(f"the consumer {consumer} is subscribed twice")
    _consumers[consumer], _names[consumer] = (pattern, handler), name
    if alone:
        _alone.add(consumer)


def name_of(consumer: str) -> str:
    """What this consumer does; one that no longer exists speaks for itself."""
    return str(_names.get(consumer) or consumer)


def consumers() -> dict[str, str]:
    return {name: pattern for name, (pattern, _handler) in _consumers.items()}


def write(drafts: Sequence["Draft"]) -> None:
    """One INSERT for the whole batch; nothing when nobody subscribed."""
    rows = [
        Delivery(
            consumer=name,
            event_id=draft.id,
            subject_kind=draft.subject_kind,
            subject_id=draft.subject_id,
            run_after=draft.at,
        )
        for draft in drafts
        for name, (pattern, _handler) in _consumers.items()
        if fnmatch.fnmatchcase(draft.kind, pattern)
    ]
    if rows:
        Delivery.objects.bulk_create(rows)
        jobs.nudge()


def backfill(consumer: str) -> int:
    """Give a new consumer all past events in one statement; returns how many it did not have yet."""
    pattern, _handler = _consumers[consumer]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Delivery._meta.db_table}
                   (consumer, event_id, subject_kind, subject_id, attempts, run_after, error)
            SELECT %s, id, subject_kind, subject_id, 0, at, '' FROM {Event._meta.db_table}
             WHERE kind LIKE %s ORDER BY id
            ON CONFLICT (consumer, event_id) DO NOTHING
            """,
            [consumer, _as_like(pattern)],
        )
        return int(cursor.rowcount)


def _as_like(pattern: str) -> str:
    """The same pattern in SQL, where an underscore is a wildcard."""
    for plain, sql in (("\\", r"\\"), ("%", r"\%"), ("_", r"\_"), ("?", "_"), ("*", "%")):
        pattern = pattern.replace(plain, sql)
    return pattern


def run(now: datetime, *, limit: int = 10_000) -> int:
    """Deliver what is due, batch by batch; returns how many were finished."""
    finished = 0
    at_work = True
    while at_work:  # what one consumer did may be news to another
        at_work = False
        for consumer in _due(now):
            while finished < limit:
                done, seen = _run_batch(consumer, now)
                finished += done
                if not seen:
                    break
                at_work = True
    return finished


def _due(now: datetime) -> list[str]:
    """Who has something waiting, asked once for all: most nudges bring work to one or two."""
    table = Delivery._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT name FROM unnest(%s::text[]) WITH ORDINALITY AS known(name, place)
             WHERE EXISTS (SELECT 1 FROM {table} WHERE consumer = name AND parked_at IS NULL AND run_after <= %s)
             ORDER BY place
            """,
            [list(_consumers), now],
        )
        return [name for (name,) in cursor.fetchall()]


def _claim(consumer: str, now: datetime) -> list[Delivery]:
    """The first open delivery of each subject: later ones wait, so that order holds per subject."""
    return list(
        Delivery.objects.raw(
            f"""
            SELECT d.* FROM {Delivery._meta.db_table} d
             WHERE d.consumer = %s AND d.parked_at IS NULL AND d.run_after <= %s
               AND NOT EXISTS (SELECT 1 FROM {Delivery._meta.db_table} e
                                WHERE e.consumer = d.consumer AND e.subject_kind = d.subject_kind
                                  AND e.subject_id = d.subject_id AND e.id < d.id AND e.parked_at IS NULL)
             ORDER BY d.id LIMIT %s FOR UPDATE OF d SKIP LOCKED
            """,
            [consumer, now, BATCH],
        )
    )


def _take(consumer: str, now: datetime) -> tuple[list[int], int] | None:
    """Count an attempt and commit it before the work: a handler that dies with its process leaves a trace.

    Fresh deliveries are taken together. One that was tried before may be what killed its worker: it is taken alone,
    and its neighbours are not counted with it. One that killed each of its workers is parked: no worker is left that
    could. Answers the keys and which attempt this is; None when nothing is due.
    """
    with transaction.atomic():
        claimed = _claim(consumer, now)
        if not claimed:
            return None
        fresh = [one for one in claimed if not one.attempts]
        taken = claimed[:1] if consumer in _alone else fresh or claimed[:1]
        attempt = taken[0].attempts + 1
        rows = Delivery.objects.filter(pk__in=[one.pk for one in taken])
        if attempt > MAX_ATTEMPTS:
            rows.update(parked_at=now, error=taken[0].error or LOST)
            logger.error("delivery %s of event %s is parked: %s", consumer, taken[0].event_id, LOST)
            return [], attempt
        rows.update(attempts=attempt, run_after=now + BACKOFF * attempt)
    return [one.pk for one in taken], attempt


def _run_batch(consumer: str, now: datetime) -> tuple[int, int]:
    """One batch; answers how many were finished, and how many attempts were made or given up."""
    found = _take(consumer, now)
    if found is None:
        return 0, 0
    ids, attempt = found
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(skip_locked=True).filter(pk__in=ids, attempts=attempt)
        mine = list(rows.filter(parked_at=None).order_by("pk"))
        events = Event.objects.in_bulk([delivery.event_id for delivery in mine])
        handler = _consumers[consumer][1]
        done = [delivery.pk for delivery in mine if _deliver(handler, delivery, events, now)]
        Delivery.objects.filter(pk__in=done).delete()
    return len(done), max(1, len(ids))


def _deliver(handler: Handler, delivery: Delivery, events: dict[Any, Event], now: datetime) -> bool:
    try:
        with transaction.atomic():
            handler(events[delivery.event_id], now)
    except Exception as error:
        logger.exception("delivery %s of event %s failed", delivery.consumer, delivery.event_id)
        delivery.error = f"{type(error).__name__}: {error}"[:2000]
        delivery.parked_at = now if delivery.attempts >= MAX_ATTEMPTS else None
        delivery.save(update_fields=["error", "parked_at"])
        return False
    return True


def replay(delivery: Delivery, *, now: datetime) -> None:
    """Take a parked delivery out of the park; it runs with the next sweep."""
    Delivery.objects.filter(pk=delivery.pk).update(parked_at=None, attempts=0, run_after=now, error="")
    jobs.nudge()
