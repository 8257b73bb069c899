"""When the orders behind a figure of dispatch were handed over, and until when they had to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.scorecards.metrics.counting import numbered
from aftersales.scorecards.metrics.sources import LIMIT
from aftersales.standards import selectors as rule_book

DISPATCH = "dispatch_in_time"


@dataclass(frozen=True)
class Handed:
    """The parcel of an order that decides: the one that was latest beside its limit."""

    at: datetime
    limit: datetime

    @property
    def words(self) -> str:
        told = {"at": wording.minute(self.at), "limit": wording.minute(self.limit)}
        return _("handed over %(at)s; limit %(limit)s") % told

    @property
    def missed(self) -> str:
        """By how much the limit was missed; empty in time."""
        if self.at <= self.limit:
            return ""
        return _("Handed over %(time)s after the limit.") % {"time": wording.duration(self.at - self.limit)}


def handed(orders: Sequence[int], merchant: int | str) -> dict[int, Handed]:
    """By order, of the parcels that the figure judges this merchant by; one statement, none without an order."""
    if not orders:
        return {}
    sql = f"""
        SELECT DISTINCT ON (f.id) f.id, f.shipped_at, f.until
          FROM (SELECT o.id, s.shipped_at, {LIMIT} AS until
                  FROM orders_shipment s JOIN orders_order o ON o.id = s.order_id
                 WHERE o.id = ANY(%(orders)s) AND (s.merchant_id IS NULL OR s.merchant_id = %(merchant)s)) f
         WHERE f.shipped_at IS NOT NULL AND f.until IS NOT NULL
         ORDER BY f.id, f.shipped_at - f.until DESC
    """
    with connection.cursor() as cursor:
        cursor.execute(
            numbered(sql, "o.placed_at", rule_book.book()), {"orders": list(orders), "merchant": merchant}
        )
        return {order: Handed(at, until) for order, at, until in cursor.fetchall()}
