"""Months of the journal: opened by the first entry, closed once by finance."""

from datetime import date, datetime
from typing import Any

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
    """Close a month for good: it must be over, and no earlier one may be open. Needs ``ledger.close``."""
    first = month.replace(day=1)
    with transaction.atomic():
        months_keep(month=first)
        return moves.perform(Period.objects.get(month=first), "close", actor=actor, now=now, reason=reason)
