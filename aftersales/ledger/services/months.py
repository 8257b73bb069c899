"""Months of the journal: opened by the first entry, closed once by finance."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.ledger import selectors
from aftersales.ledger.models import Period
from aftersales.ledger.states import PeriodState


def month_lock(booked_at: datetime, *, now: datetime) -> date:
    """The month of that moment, kept open until the transaction ends; many writers at once.

    Raises ``month_closed``, and ``in_the_future`` for a month that has not begun.
    """
    month = selectors.month_of(booked_at)
    if month > selectors.month_of(now):
        raise DomainError(_("Nothing is posted into a month to come."), "in_the_future")
    state = _shared(month)
    if state is None:
        if Period.objects.filter(state=PeriodState.CLOSED, month__gt=month).exists():
            raise DomainError(_("A later month is closed already."), "month_closed")
        months_keep(month=month)
        state = _shared(month)
    if state == PeriodState.CLOSED:
        words = {"month": f"{month:%Y-%m}"}
        raise DomainError(
            _("The month %(month)s is closed; post it into the open one.") % words, "month_closed"
        )
    return month


def _shared(month: date) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, [WRITING, month])
        row = cursor.fetchone()
    return str(row[0]) if row and row[0] else None


WRITING = 7_115_001
"""Everybody who posts holds this lock with the others; whoever seals holds it alone, so that no row comes late."""
_SHARED = """
    WITH writing AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(%s))
    SELECT p.state FROM writing
      LEFT JOIN LATERAL (SELECT state FROM ledger_period WHERE month = %s FOR SHARE) AS p ON true
"""


def months_keep(*, month: date) -> None:
    """The row of a month, made by whoever comes first."""
    Period.objects.bulk_create(
        [Period(month=month, ends_at=selectors.month_end(month))], ignore_conflicts=True
    )


def period_close(*, month: date, actor: Any, now: datetime, reason: str = "") -> Period:
    """Close a month for good: it must be over, and no earlier one may be open. Needs ``ledger.close``.

    What stood on the accounts at the end of its days is kept with it.
    """
    first = month.replace(day=1)
    with transaction.atomic():
        months_keep(month=first)
        row: Period = moves.perform(
            Period.objects.get(month=first), "close", actor=actor, now=now, reason=reason
        )
        days_keep(month=first)
    return row


def days_keep(*, month: date) -> int:
    """The balances of the days of closed months up to this one, once; how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"month": month, "zone": settings.TIME_ZONE})
        return int(cursor.rowcount)


_DAYS = """
    WITH kept AS (SELECT coalesce(max(month), '0001-01-01') AS month FROM ledger_daybalance),
    later AS (
        SELECT coalesce((SELECT min(id) - 1 FROM ledger_transfer WHERE month > %(month)s),
                        (SELECT max(id) FROM ledger_transfer)) AS id),
    moved AS (
        SELECT account, month, day, sum(debit) AS debits, sum(credit) AS credits, count(*) AS transfers,
               min(id) AS first
          FROM (SELECT debit_id AS account, t.month, (booked_at AT TIME ZONE %(zone)s)::date AS day, t.id,
                       amount AS debit, 0 AS credit
                  FROM ledger_transfer t, kept WHERE t.month > kept.month AND t.month <= %(month)s
                 UNION ALL
                SELECT credit_id, t.month, (booked_at AT TIME ZONE %(zone)s)::date, t.id, 0, amount
                  FROM ledger_transfer t, kept WHERE t.month > kept.month AND t.month <= %(month)s) AS x
         GROUP BY account, month, day)
    INSERT INTO ledger_daybalance (account_id, month, day, debits, credits, transfers, after_id)
    SELECT m.account, m.month, m.day,
           coalesce(b.debits, 0) + sum(m.debits) OVER up_to, coalesce(b.credits, 0) + sum(m.credits) OVER up_to,
           coalesce(b.transfers, 0) + sum(m.transfers) OVER up_to,
           least(later.id, min(m.first - 1) OVER (
               PARTITION BY m.account ORDER BY m.day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING))
      FROM moved m CROSS JOIN later
      LEFT JOIN LATERAL (
            SELECT d.debits, d.credits, d.transfers FROM ledger_daybalance d
             WHERE d.account_id = m.account ORDER BY d.day DESC LIMIT 1) b ON true
    WINDOW up_to AS (PARTITION BY m.account ORDER BY m.day)
     ORDER BY m.account, m.day
"""
