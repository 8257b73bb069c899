"""What tickets and cases behind a figure were about, counted from the very rows that the figure counts."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection

from aftersales.cases.models import Case
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.metrics.counting import facts
from aftersales.scorecards.selectors import days_of
from aftersales.scorecards.states import SubjectKind
from aftersales.tickets.models import Ticket

TICKETS, CASES = "tickets", "dispute_rate_cases"


def by_kind(subject: int, since: date, until: date) -> Mapping[str, int]:
    """Tickets of a product by their kind; one statement."""
    return _grouped(TICKETS, Ticket._meta.db_table, "kind", subject, since, until)


def by_ground(subject: int, since: date, until: date) -> Mapping[str, int]:
    """Cases of a product by the ground that the customer named first; one statement."""
    return _grouped(CASES, Case._meta.db_table, "first_ground", subject, since, until)


def by_merchant(subject: int, since: date, until: date) -> Mapping[int, int]:
    """Tickets of a product by whose sale it was; one statement."""
    return _grouped(TICKETS, Ticket._meta.db_table, "merchant_id", subject, since, until)


def _grouped(code: str, table: str, column: str, subject: int, since: date, until: date) -> Mapping[Any, int]:
    found = facts(metric(code), SubjectKind.PRODUCT, days=days_of(since, until), whose=subject, counted=True)
    sql = f"""
        SELECT r.{column}, count(*) FROM ({found.sql}) f JOIN {table} r ON r.id = f.item
         WHERE r.{column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, found.params)
        return dict(cursor.fetchall())
