"""A carrier's parcels by lane, and the carriers of a merchant's parcels: from the very rows that the figures count."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.metrics.counting import facts
from aftersales.scorecards.selectors import days_of
from aftersales.scorecards.states import SubjectKind

IN_TIME, TOOK = "delivery_in_time", "carriage_time"
MOST = 40


@dataclass(frozen=True)
class Lane:
    """From one province to another; ``origin`` empty: several shops' or not known.

    ``in_time`` of ``judged``: parcels that have a promised day and were handed over in time. ``seconds`` are those of
    all ``delivered`` parcels together.
    """

    origin: str
    region: str
    in_time: int
    judged: int
    seconds: int
    delivered: int


def of_carrier(name: str, since: date, until: date, *, limit: int = MOST) -> list[Lane]:
    """The lanes with the most late parcels first, at most ``limit``; one statement. The caller saw to the right."""
    days = days_of(since, until)
    judged = facts(metric(IN_TIME), SubjectKind.CARRIER, days=days, whose=name, counted=True)
    took = facts(metric(TOOK), SubjectKind.CARRIER, days=days, whose=name, counted=True)
    sql = f"""
        SELECT coalesce(m.province, ''), f.category, sum(f.num)::bigint, sum(f.den)::bigint, sum(f.took)::bigint,
               sum(f.delivered)::bigint
          FROM (SELECT j.item, j.category, j.num, j.den, 0::bigint AS took, 0 AS delivered FROM ({judged.sql}) j
                UNION ALL SELECT t.item, t.category, 0, 0, t.num, t.den FROM ({took.sql}) t) f
          JOIN {Order._meta.db_table} o ON o.id = f.item LEFT JOIN {Merchant._meta.db_table} m ON m.id = o.merchant_id
         GROUP BY 1, 2 ORDER BY sum(f.den) - sum(f.num) DESC, sum(f.delivered) DESC, 1, 2 LIMIT {int(limit)}
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {**judged.params, **took.params, "metric": TOOK})
        return [Lane(*row) for row in cursor.fetchall()]


def carriers_of(merchant: int, since: Any, limit: int = 6) -> list[tuple[str, int]]:
    """Names of the carriers of a merchant's parcels, and how many were handed over since a moment; one statement.

    In two halves: an index answers each of them, and none both at once.
    """
    sql = """
        SELECT upper(btrim(p.carrier)), count(*) FROM (
            SELECT s.carrier, s.shipped_at FROM orders_shipment s WHERE s.merchant_id = %(merchant)s
            UNION ALL SELECT s.carrier, s.shipped_at FROM orders_order o JOIN orders_shipment s ON s.order_id = o.id
             WHERE o.merchant_id = %(merchant)s AND s.merchant_id IS NULL
        ) p WHERE p.shipped_at >= %(since)s AND btrim(p.carrier) <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(limit)s
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"merchant": merchant, "since": since, "limit": limit})
        return list(cursor.fetchall())
