"""Retention: the application may only ask; a function of the owner re-checks age, kind and hold, and deletes.

A room's migration makes ``<room>_retain(until timestamptz, batch int)`` as SECURITY DEFINER. The function takes the
earlier of the given moment and the database's own clock, so that a wrong ``--at`` cannot delete too early.

What people typed as a reason is erased the same way: ``<room>_forget(ids bigint[])`` puts a tombstone over the reasons
of these rows' events, and re-checks itself that the person behind them was erased.
"""

from collections.abc import Sequence
from datetime import datetime

import pgtrigger
from django.db import connection

BATCH = 500
_rooms: list[str] = []


def declare(room: str) -> None:
    if room not in _rooms:
        _rooms.append(room)


def rooms() -> list[str]:
    return list(_rooms)


def run(room: str, now: datetime) -> int:
    """Remove what is past its time, batch by batch; returns how many records went."""
    if room not in _rooms:
        raise LookupError(f"the room {room!r} declared no retention")
    removed = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {room}_retain(%s, %s)", [now, BATCH])
            count = int(cursor.fetchone()[0])
        removed += count
        if count < BATCH:
            return removed


def forget(room: str, ids: Sequence[int]) -> int:
    """Erase the reasons told in the events of these rows; returns how many went. The owner's function decides."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {room}_forget(%s)", [list(ids)])
        return int(cursor.fetchone()[0])


def retainable_triggers() -> list[pgtrigger.Trigger]:
    """Like append-only, but the owner's retention function may delete: there ``current_user`` is not the session's."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
        pgtrigger.Trigger(
            name="retention_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Delete,
            func="""
                IF current_setting('aftersales.retention', true) = 'on' AND current_user <> session_user THEN
                    RETURN OLD;
                END IF;
                RAISE EXCEPTION '% is removed only by retention', TG_TABLE_NAME;
            """,
        ),
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
        ),
    ]
