"""Which days a changed row touches: all on which it counts now or ever did, as its events and columns tell.

Each statement names moments and zones of the rows whose keys stand in ``%(ids)s``. What it misses would stay wrong
until the next full count, so a day too many is better than one too few. That of tickets tells besides which moments
touch only what other tickets of the customer are worth, and the merchants that the figures of a moment are laid to.
"""

from collections.abc import Mapping
from typing import Any

from aftersales.core.models import Event
from aftersales.orders.models import Order
from aftersales.scorecards.metrics.sources import MARKET, ZONE

EVENTS = Event._meta.db_table
_history: Any = Order.history  # type: ignore[attr-defined]
BEFORE = _history.model._meta.db_table


def _told(kind: str, hit: str, more: str = "") -> str:
    """Moments of the events about a row, and the due times that its clocks had."""
    due = "(CASE WHEN e.kind LIKE 'clock.%%' THEN nullif(e.payload->>'{}', '')::timestamptz END)"
    moments = ", ".join(["(e.at)", due.format("due_at"), due.format("old_due_at")])
    return (
        f"SELECT v.at, {hit}.zone{more} FROM {hit} "
        f"JOIN {EVENTS} e ON e.subject_kind = '{kind}' AND e.subject_id = {hit}.id "
        f"CROSS JOIN LATERAL (VALUES {moments}) v(at)"
    )


def _ended(kind: str, hit: str, more: str = "") -> str:
    """Moments at which promises about a row ended or ran out."""
    return (
        f"SELECT v.at, {hit}.zone{more} FROM {hit} JOIN clocks_clock c ON c.subject_kind = '{kind}' "
        f"AND c.subject_id = {hit}.id CROSS JOIN LATERAL (VALUES (c.breached_at), (c.met_at)) v(at)"
    )


_TICKET = f"""
    WITH hit AS (
        SELECT t.id, t.customer_id, t.merchant_id, t.opened_at, {ZONE} AS zone
          FROM tickets_ticket t {MARKET.format("t")} WHERE t.id = ANY(%(ids)s)
    ), near AS (
        SELECT n.id, n.merchant_id, n.opened_at, hit.opened_at AS came_at, hit.zone
          FROM hit JOIN tickets_ticket n ON n.customer_id = hit.customer_id AND n.id <> hit.id
         WHERE n.opened_at <= hit.opened_at + %(repeat)s AND (n.opened_at >= hit.opened_at
            OR coalesce(n.resolved_at, hit.opened_at) >= hit.opened_at - %(quiet)s)
    )
    {_told("tickets.ticket", "hit", ", e.merchant_id, false")}
    UNION {_ended("tickets.ticket", "hit", ", c.merchant_id, false")}
    UNION SELECT opened_at, zone, merchant_id, false FROM hit
    UNION SELECT opened_at, zone, merchant_id, true FROM near WHERE opened_at >= came_at
    UNION SELECT e.at, near.zone, near.merchant_id, true FROM near JOIN {EVENTS} e ON e.subject_kind = 'tickets.ticket'
       AND e.subject_id = near.id AND e.kind = 'ticket.resolved'
       AND e.at BETWEEN near.came_at - %(quiet)s AND near.came_at
"""
"""A ticket moves what earlier ones of its customer are worth (a second contact) and later ones (repeats)."""


def _case(which: str) -> str:
    return f"""
        WITH hit AS (
            SELECT k.id, k.order_id, k.asked_at, k.opened_at, k.closed_at, {ZONE} AS zone
              FROM cases_case k {MARKET.format("k")} WHERE k.id IN ({which})
        )
        {_told("cases.case", "hit")}
        UNION {_ended("cases.case", "hit")}
        UNION SELECT v.at, hit.zone FROM hit
              CROSS JOIN LATERAL (VALUES (hit.asked_at), (hit.opened_at), (hit.closed_at)) v(at)
        UNION SELECT v.at, hit.zone FROM hit JOIN cases_dispute d ON d.case_id = hit.id
              CROSS JOIN LATERAL (VALUES (d.opened_at), (d.ruled_at)) v(at)
        UNION SELECT y.paid_at, hit.zone FROM hit JOIN cases_casepayment y ON y.case_id = hit.id
        UNION SELECT n.asked_at, hit.zone FROM hit JOIN cases_case n ON n.order_id = hit.order_id
    """


_PAYMENT = (
    _case("SELECT case_id FROM cases_casepayment WHERE id = ANY(%(ids)s)")
    + f"""
    UNION SELECT nullif(e.payload->>'paid_at', '')::timestamptz, %(zone)s FROM {EVENTS} e
     WHERE e.subject_kind = 'cases.casepayment' AND e.subject_id = ANY(%(ids)s) AND e.payload ? 'paid_at'
"""
)
_CASE_PARCEL = (
    _case(
        "SELECT case_id FROM cases_caseparcel WHERE id = ANY(%(ids)s) UNION SELECT kl.case_id FROM cases_parcelitem i "
        "JOIN cases_caseline kl ON kl.id = i.case_line_id WHERE i.parcel_id = ANY(%(ids)s)"
    )
    + f"""
    UNION SELECT v.at, {ZONE} FROM cases_caseparcel cp JOIN cases_case k ON k.id = cp.case_id {MARKET.format("k")}
          LEFT JOIN {EVENTS} e ON e.subject_kind = 'cases.caseparcel' AND e.subject_id = cp.id
          CROSS JOIN LATERAL (VALUES (cp.shipped_at), (e.at)) v(at) WHERE cp.id = ANY(%(ids)s)
"""
)
_REPAIR = f"""
    WITH hit AS (
        SELECT re.id, re.follows_id, re.received_at, re.quoted_at, re.found_at, re.sent_back_at, {ZONE} AS zone
          FROM cases_repair re
          JOIN cases_case k ON k.id = re.case_id {MARKET.format("k")} WHERE re.id = ANY(%(ids)s)
    )
    {_told("cases.repair", "hit")}
    UNION {_ended("cases.repair", "hit")}
    UNION SELECT v.at, hit.zone FROM hit CROSS JOIN LATERAL (VALUES (hit.received_at), (hit.quoted_at),
          (hit.found_at), (hit.sent_back_at)) v(at)
    UNION SELECT n.found_at, hit.zone FROM hit JOIN cases_repair n ON n.id = hit.follows_id
"""
_LETTER = f"""
    WITH hit AS (
        SELECT a.id, a.received_at, {ZONE} AS zone FROM cases_authoritycase a
          JOIN tickets_ticket t ON t.id = a.ticket_id {MARKET.format("t")} WHERE a.id = ANY(%(ids)s)
    )
    SELECT received_at, zone FROM hit UNION {_told("cases.authoritycase", "hit")}
    UNION {_ended("cases.authoritycase", "hit")}
"""


def _order(which: str) -> str:
    """An order's day is that of its purchase; a corrected one stands in its history. Reviews have their own days."""
    return f"""
        WITH hit AS (
            SELECT o.id, o.placed_at, {ZONE} AS zone FROM orders_order o {MARKET.format("o")} WHERE o.id IN ({which})
        )
        SELECT placed_at, zone FROM hit
        UNION SELECT b.placed_at, coalesce(mk.zone, %(zone)s) FROM hit JOIN {BEFORE} b ON b.id = hit.id
              {MARKET.format("b")}
        UNION SELECT b.placed_at, hit.zone FROM hit JOIN {BEFORE} b ON b.id = hit.id
        UNION SELECT r.written_at, hit.zone FROM hit JOIN orders_review r ON r.order_id = hit.id
        UNION SELECT s.promised_at, hit.zone FROM hit JOIN orders_shipment s ON s.order_id = hit.id
    """


_PARCEL = (
    _order("SELECT order_id FROM orders_shipment WHERE id = ANY(%(ids)s)")
    + """
    UNION SELECT n.opened_at, hit.zone FROM hit JOIN tickets_ticket n ON n.order_id = hit.id
    UNION SELECT k.asked_at, hit.zone FROM hit JOIN cases_case k ON k.order_id = hit.id
    UNION SELECT d.ruled_at, hit.zone FROM hit JOIN cases_case k ON k.order_id = hit.id
          JOIN cases_dispute d ON d.case_id = k.id
    UNION SELECT y.paid_at, hit.zone FROM hit JOIN cases_case k ON k.order_id = hit.id
          JOIN cases_casepayment y ON y.case_id = k.id
"""
)
"""Whose parcel it was decides whom the tickets and cases of its order are laid to."""

_LASTED = (
    "o.placed_at < ci.ends_at AND (EXISTS (SELECT FROM orders_orderline l WHERE l.order_id = o.id "
    "AND l.dispatch_due_at >= ci.begins_at) OR EXISTS (SELECT FROM orders_shipment sp WHERE sp.order_id = o.id "
    "AND sp.promised_at >= ci.begins_at))"
)


def _struck(which: str) -> str:
    """Days of the orders that circumstances may have struck, wherever they went."""
    return f"""
        SELECT v.at, {ZONE} FROM clocks_circumstance ci JOIN orders_order o ON {_LASTED} {MARKET.format("o")}
          LEFT JOIN orders_shipment s ON s.order_id = o.id
          CROSS JOIN LATERAL (VALUES (o.placed_at), (s.promised_at)) v(at)
         WHERE {which}
    """


_OF_SHOP = (
    "(o.merchant_id = ANY(%(ids)s) OR EXISTS (SELECT FROM orders_orderline q WHERE q.order_id = o.id "
    "AND q.merchant_id = ANY(%(ids)s)))"
)
MOMENTS: Mapping[str, str] = {
    "tickets.ticket": _TICKET,
    "cases.case": _case("SELECT unnest(%(ids)s::bigint[])"),
    "cases.dispute": _case("SELECT case_id FROM cases_dispute WHERE id = ANY(%(ids)s)"),
    "cases.casepayment": _PAYMENT,
    "cases.caseparcel": _CASE_PARCEL,
    "cases.repair": _REPAIR,
    "cases.authoritycase": _LETTER,
    "orders.order": _order("SELECT unnest(%(ids)s::bigint[])"),
    "orders.orderline": _order("SELECT order_id FROM orders_orderline WHERE id = ANY(%(ids)s)"),
    "orders.shipment": _PARCEL,
    "clocks.circumstance": _struck("ci.id = ANY(%(ids)s)"),
    "merchants.merchant": _struck(_OF_SHOP),
    "orders.review": _order("SELECT order_id FROM orders_review WHERE id = ANY(%(ids)s)"),
}
"""By the kind of row that an event is about."""
