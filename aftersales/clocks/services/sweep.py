"""The sweep: warns and breaches what time alone has moved, 500 clocks at a time, no query per clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from aftersales.clocks.machine import ENGINE
from aftersales.clocks.models import Clock
from aftersales.core import events
from aftersales.core.events import Draft
from aftersales.standards import selectors as rule_book

BATCH = 500

_RETURNED = (
    "id, subject_kind, subject_id, merchant_id, promise, round, standard_version_id, due_at, holder_id, "
    "holder_team_id, is_historic"
)
_SWEEP = """
    WITH door AS (SELECT set_config('aftersales.move', '{engine}', true)),
    due AS (SELECT id FROM {table} WHERE {condition} ORDER BY {order}, id LIMIT {batch}
            FOR UPDATE SKIP LOCKED),
    written AS (UPDATE {table} AS t SET {assignments} FROM due, door WHERE t.id = due.id RETURNING t.*),
    shut AS (SELECT set_config('aftersales.move', '', true) FROM (SELECT count(*) FROM written) AS counted)
    SELECT {returned} FROM written, shut ORDER BY id
"""


def _statement(condition: str, order: str, assignments: str) -> str:
    return _SWEEP.format(
        engine=ENGINE,
        table=Clock._meta.db_table,
        condition=condition,
        order=order,
        batch=BATCH,
        assignments=assignments,
        returned=_RETURNED,
    )


_BREACH = _statement(
    "state = 'running' AND due_at < %s",
    "due_at",
    "state = 'breached', breached_at = t.due_at, breach_holder_id = t.holder_id, "
    "breach_team_id = t.holder_team_id",
)
_WARN = _statement(
    "state = 'running' AND warned_at IS NULL AND warn_at <= %s AND due_at >= %s", "warn_at", "warned_at = %s"
)


@dataclass
class Swept:
    """How many clocks a sweep warned and breached."""

    warned: int = 0
    breached: int = 0


def sweep(now: datetime, *, actor: Any = None) -> Swept:
    """Breach every running clock past due, warn every one past its warning; rows in use wait for next time.

    A breach records who held it; its event tells the lead. Each batch is one transaction of three statements.
    """
    if actor is None:
        from accounts.services import system_user

        actor = system_user(now)
    swept = Swept()
    while batch := _batch(_BREACH, [now], "clock.breached", actor, now):
        swept.breached += batch
        if batch < BATCH:
            break
    while batch := _batch(_WARN, [now, now, now], "clock.warned", actor, now):
        swept.warned += batch
        if batch < BATCH:
            break
    return swept


def _batch(statement: str, params: Sequence[Any], kind: str, actor: Any, now: datetime) -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            rows = cursor.fetchall()
        if rows:
            book = rule_book.book()
            events.record_many([_draft(row, kind, book, actor, now) for row in rows], now=now)
    return len(rows)


def _draft(row: Sequence[Any], kind: str, book: rule_book.Book, actor: Any, now: datetime) -> Draft:
    pk, subject_kind, subject_id, merchant_id, promise, round_, version_id, due_at, *held = row
    holder, team, historic = held
    version = book.by_id.get(version_id)
    payload = {
        "promise": promise,
        "round": round_,
        "clock": pk,
        "due_at": due_at.isoformat(),
        "holder": holder,
        "team": team,
    }
    return Draft(
        kind=kind,
        row=None,
        actor=actor,
        at=now,
        payload=payload | ({"historic": True} if historic else {}),
        rule_version=version.citation if version else "",
        merchant_id=merchant_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
    )
