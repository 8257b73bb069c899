"""What each person did on one day, for training: laid to whoever resolved the ticket."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from aftersales.core.models import Event

Figures = dict[int, tuple[Any, int]]


def span(day: date) -> tuple[datetime, datetime]:
    """The day's first moment and the next day's, in the installation's zone."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return datetime.combine(day, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)


def handled(day: date) -> Figures:
    """Tickets that each person of the department resolved that day; one resolved twice counts once."""
    return _asked(_HANDLED, day)


def satisfaction(day: date) -> Figures:
    """Mean mark for the handling (1–5) of the tickets a person resolved, by the day the customer gave it."""
    return _asked(_MARKS, day)


def reopened(day: date) -> Figures:
    """Tickets a person resolved that came back that day."""
    return _asked(_BACK, day)


def _asked(sql: str, day: date) -> Figures:
    begin, end = span(day)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"begin": begin, "end": end})
        return {person: (value, n) for person, value, n in cursor.fetchall()}


_EVENTS = Event._meta.db_table
# Whom the deed is laid to: the system acts for a person when a whole list is resolved at once.
_WHO = "coalesce(substring({e}.acting_as from '^user:([0-9]+)')::bigint, {e}.actor_id)"
_PEOPLE = "JOIN accounts_user u ON u.id = w.who AND u.kind <> 'machine'"
_DAY = "e.subject_kind = 'tickets.ticket' AND e.at >= %(begin)s AND e.at < %(end)s"
_HANDLED = f"""
    SELECT w.who, count(DISTINCT w.ticket), count(DISTINCT w.ticket)
      FROM (SELECT {_WHO.format(e="e")} AS who, e.subject_id AS ticket
              FROM {_EVENTS} e WHERE e.kind = 'ticket.resolved' AND {_DAY}) w {_PEOPLE}
     GROUP BY w.who
"""  # noqa: S608 - our own table names
_RESOLVER = f"""
    CROSS JOIN LATERAL (
        SELECT {_WHO.format(e="r")} AS who FROM {_EVENTS} r
         WHERE r.subject_kind = e.subject_kind AND r.subject_id = e.subject_id AND r.kind = 'ticket.resolved'
           AND r.id < e.id
         ORDER BY r.id DESC LIMIT 1
    ) w {_PEOPLE}
"""  # noqa: S608 - our own table names
_MARKS = f"""
    SELECT w.who, avg((e.payload->>'handling')::numeric), count(*)
      FROM {_EVENTS} e {_RESOLVER}
     WHERE e.kind = 'ticket.confirmed' AND {_DAY} AND e.payload->>'handling' IS NOT NULL
     GROUP BY w.who
"""  # noqa: S608 - our own table names
_BACK = f"""
    SELECT w.who, count(DISTINCT e.subject_id), count(DISTINCT e.subject_id)
      FROM {_EVENTS} e {_RESOLVER}
     WHERE e.kind = 'ticket.reopened' AND {_DAY}
     GROUP BY w.who
"""  # noqa: S608 - our own table names
