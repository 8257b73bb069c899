"""The sweep: warns and breaches what time alone has moved, 500 clocks at a time, no query per clock."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from django.db import connection, transaction

from aftersales.clocks.machine import ENGINE
from aftersales.clocks.models import Clock
from aftersales.clocks.services.ladder import escalate
from aftersales.core import deliveries, events, jobs, origin
from aftersales.core.models import Audience, Delivery, Event
from aftersales.standards.models import ServiceStandard, StandardVersion

BATCH = 500

# Locks, moves, tells and delivers in one statement: nothing of it goes through Python, row by row.
_SWEEP = """
    WITH door AS (SELECT set_config('aftersales.move', '{engine}', true)),
    due AS (SELECT id FROM {clock} WHERE {condition} ORDER BY {order}, id LIMIT {batch}
            FOR UPDATE SKIP LOCKED),
    written AS (UPDATE {clock} AS t SET {assignments} FROM due, door WHERE t.id = due.id RETURNING t.*),
    told AS (
        INSERT INTO {event} (kind, subject_kind, subject_id, merchant_id, audience, old, new, actor_id, actor_name,
                             actor_role, acting_as, source, request_id, reason, payload, payload_version,
                             rule_version, at)
        SELECT %(kind)s, w.subject_kind, w.subject_id, w.merchant_id, %(audience)s, '', '', %(actor)s, %(name)s,
               %(role)s, '', %(source)s, %(request)s, '',
               jsonb_build_object(
                   'promise', w.promise, 'round', w.round, 'clock', w.id, 'holder', w.holder_id,
                   'team', w.holder_team_id,
                   'due_at', to_char(w.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
               ) || CASE WHEN w.is_historic THEN '{{"historic": true}}'::jsonb ELSE '{{}}'::jsonb END,
               %(payload_version)s, coalesce(s.code || ' v' || v.number, ''), %(now)s
          FROM written w
          LEFT JOIN {version} v ON v.id = w.standard_version_id
          LEFT JOIN {standard} s ON s.id = v.standard_id
         ORDER BY w.id
        RETURNING id, subject_kind, subject_id),
    sent AS (
        INSERT INTO {delivery} (consumer, event_id, subject_kind, subject_id, attempts, run_after, error)
        SELECT c.consumer, told.id, told.subject_kind, told.subject_id, 0, %(now)s, ''
          FROM told, unnest(%(consumers)s::text[]) AS c(consumer) ORDER BY told.id),
    counted AS (SELECT count(*) AS number FROM written)
    SELECT number, set_config('aftersales.move', '', true) FROM counted
"""


def _statement(condition: str, order: str, assignments: str) -> str:
    return _SWEEP.format(
        engine=ENGINE,
        clock=Clock._meta.db_table,
        event=Event._meta.db_table,
        delivery=Delivery._meta.db_table,
        version=StandardVersion._meta.db_table,
        standard=ServiceStandard._meta.db_table,
        condition=condition,
        order=order,
        batch=BATCH,
        assignments=assignments,
    )


_BREACH = _statement(
    "state = 'running' AND due_at < %(now)s",
    "due_at",
    "state = 'breached', breached_at = t.due_at, breach_holder_id = t.holder_id, "
    "breach_team_id = t.holder_team_id",
)
_WARN = _statement(
    "state = 'running' AND warned_at IS NULL AND warn_at <= %(now)s AND due_at >= %(now)s",
    "warn_at",
    "warned_at = %(now)s",
)


@dataclass
class Swept:
    """How many clocks a sweep warned, breached and took up the ladder."""

    warned: int = 0
    breached: int = 0
    escalated: int = 0


def sweep(now: datetime, *, actor: Any = None) -> Swept:
    """Breach every running clock past due, warn every one past its warning; rows in use wait for next time.

    A breach records who held it; who learns of it says the ladder. Each batch is one transaction of one statement.
    """
    if actor is None:
        from accounts.services import system_user

        actor = system_user(now)
    marked = mark(now, actor=actor)
    return Swept(breached=marked.breached, warned=marked.warned, escalated=escalate(now, actor=actor))


def mark(now: datetime, *, actor: Any) -> Swept:
    """What time alone has moved, without telling the ladder: each batch one statement."""
    return Swept(
        breached=_all(_BREACH, "clock.breached", actor, now), warned=_all(_WARN, "clock.warned", actor, now)
    )


def _all(statement: str, kind: str, actor: Any, now: datetime) -> int:
    """Batch after batch until nothing is due."""
    params = _params(kind, actor, now)
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)
            number = int(cursor.fetchone()[0])
            if number and params["consumers"]:
                jobs.nudge()
        total += number
        if number < BATCH:
            return total


def _params(kind: str, actor: Any, now: datetime) -> dict[str, Any]:
    where = origin.current()
    heard = [pattern for pattern, _name in events.listeners() if fnmatchcase(kind, pattern)]
    if heard:
        raise RuntimeError(f"{kind} is told in SQL: subscribe a delivery instead of listening to {heard}")
    return {
        "kind": kind,
        "audience": str(Audience.INTERNAL),
        "actor": actor.pk,
        "name": str(actor)[:150],
        "role": getattr(actor, "main_role", ""),
        "source": where.source,
        "request": where.request_id,
        "payload_version": events.kind(kind).version,
        "consumers": [name for name, pattern in deliveries.consumers().items() if fnmatchcase(kind, pattern)],
        "now": now,
    }
