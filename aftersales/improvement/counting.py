"""The SQL of surges: which tickets are about which subject on which day, the counts kept of them, what is looked at.

A ticket's day never changes; what it is about may, for some days (an order is linked, a case is opened).
"""

from aftersales.improvement.states import Surged
from aftersales.tickets.states import ClosedHow, Kind, TicketState

ZONE = "coalesce(mk.zone, %(zone)s)"
_GONE = (
    f"(t.state IN ('{TicketState.MERGED.value}', '{TicketState.CANCELLED.value}') "
    f"OR t.closed_how = '{ClosedHow.CANCELLED.value}')"
)
"""Merged or called off: once it is archived, only how it was closed still tells of it."""
_LINES = (
    "CROSS JOIN LATERAL (SELECT l.id, l.order_id, l.product_id, l.batch_no FROM cases_case k "
    "JOIN cases_caseline kl ON kl.case_id = k.id JOIN orders_orderline l ON l.id = kl.line_id WHERE k.ticket_id = t.id "
    "UNION SELECT l.id, l.order_id, l.product_id, l.batch_no FROM orders_orderline l WHERE l.order_id = t.order_id "
    "AND NOT EXISTS (SELECT FROM cases_case k JOIN cases_caseline kl ON kl.case_id = k.id WHERE k.ticket_id = t.id)) l"
)
"""The goods a ticket is about: those of its cases, else everything that was ordered."""
ABOUT = (
    "AND (t.order_id IN (SELECT a.order_id FROM orders_orderline a WHERE a.product_id = %(product)s) "
    "OR t.id IN (SELECT k.ticket_id FROM orders_orderline a JOIN cases_caseline kl ON kl.line_id = a.id "
    "JOIN cases_case k ON k.id = kl.case_id WHERE a.product_id = %(product)s)) AND l.product_id = %(product)s"
)
"""Only tickets whose order or case holds the product, so that the goods of all others need not be looked up."""
BATCH = (
    "l.product_id || '|' || CASE WHEN l.batch_no <> '' THEN 'b' || l.batch_no ELSE 'w' || "
    "to_char(({sent}) AT TIME ZONE %(zone)s, 'IYYY-\"W\"IW') END"
)
"""The batch the maker named; without one, the week in which it was sent."""
SENT = "SELECT min(s.shipped_at) FROM orders_shipment s WHERE s.order_id = l.order_id"
_SENT_ON = f", (({SENT}) AT TIME ZONE %(zone)s)::date AS sent"
REACH = {
    Surged.PRODUCT: (_LINES, "l.product_id::text", "l.product_id IS NOT NULL"),
    Surged.MERCHANT: ("", "t.merchant_id::text", "t.merchant_id IS NOT NULL"),
    Surged.BATCH: (
        f"{_LINES} CROSS JOIN LATERAL (SELECT {BATCH.format(sent=SENT)} AS batch) b", "b.batch",
        "l.product_id IS NOT NULL AND b.batch IS NOT NULL",
    ),
    Surged.CARRIER: (
        "JOIN orders_shipment s ON s.order_id = t.order_id", "upper(btrim(s.carrier))",
        f"t.kind = '{Kind.LOGISTICS.value}' AND btrim(s.carrier) <> ''",
    ),
    Surged.CAUSE: (
        "CROSS JOIN LATERAL (SELECT 'kind:' || t.kind AS cause UNION SELECT 'ground:' || k.first_ground "
        "FROM cases_case k WHERE k.ticket_id = t.id AND k.first_ground <> '') c", "c.cause", "true",
    ),
}  # fmt: skip
"""How a ticket leads to each kind of subject: joins, the subject's key, which tickets count."""


def hits(kind: Surged, more: str = "", also: str = "") -> str:
    """Tickets with key and day, those opened from ``%(since)s`` until ``%(until)s``; a ticket once for each key.

    ``more`` narrows them; ``also`` gives more columns, and a ticket then as often as they differ.
    """
    joins, key, where = REACH[kind]
    return (
        f"SELECT DISTINCT t.id AS ticket, {key} AS key, (t.opened_at AT TIME ZONE {ZONE})::date AS day{also} "
        f"FROM tickets_ticket t LEFT JOIN standards_market mk ON mk.id = t.market_id {joins} "
        f"WHERE t.opened_at >= %(since)s AND t.opened_at < %(until)s AND NOT {_GONE} AND {where} {more}"
    )


_ORDERED = (
    "FROM orders_order o LEFT JOIN standards_market mk ON mk.id = o.market_id {join} "
    "WHERE o.placed_at >= %(since)s AND o.placed_at < %(until)s {more} GROUP BY 1, 2"
)
_DAY = f"(o.placed_at AT TIME ZONE {ZONE})::date AS day, count(DISTINCT o.id) AS den"
ORDERS = {
    Surged.PRODUCT: f"SELECT l.product_id::text AS key, {_DAY} " + _ORDERED.format(
        join="JOIN orders_orderline l ON l.order_id = o.id", more="AND l.product_id IS NOT NULL"
    ),
    Surged.MERCHANT: f"SELECT l.merchant_id::text AS key, {_DAY} " + _ORDERED.format(
        join="JOIN orders_orderline l ON l.order_id = o.id", more="AND l.merchant_id IS NOT NULL"
    ),
    Surged.CARRIER: (
        f"SELECT upper(btrim(s.carrier)) AS key, (s.shipped_at AT TIME ZONE {ZONE})::date AS day, count(*) AS den "
        "FROM orders_shipment s JOIN orders_order o ON o.id = s.order_id "
        "LEFT JOIN standards_market mk ON mk.id = o.market_id "
        "WHERE s.shipped_at >= %(since)s AND s.shipped_at < %(until)s AND btrim(s.carrier) <> '' GROUP BY 1, 2"
    ),
}  # fmt: skip
"""What could have made tickets: orders placed, of carriers parcels handed over. A cause has no orders of its own."""


def refreshed(kind: Surged) -> str:
    """Count the days from ``%(first)s`` to ``%(last)s`` anew; what stands there already stays untouched."""
    orders = f"SELECT key, day, 0 AS num, den FROM ({ORDERS[kind]}) d UNION ALL" if kind in ORDERS else ""
    return f"""
        WITH found AS (
            SELECT key, day, sum(num)::int AS num, sum(den)::int AS den FROM (
                {orders} SELECT key, day, count(*) AS num, 0 AS den FROM ({hits(kind)}) h GROUP BY key, day
            ) u WHERE day BETWEEN %(first)s AND %(last)s GROUP BY key, day
        ), gone AS (
            DELETE FROM improvement_surgecount c WHERE c.kind = %(kind)s AND c.day BETWEEN %(first)s AND %(last)s
               AND NOT EXISTS (SELECT FROM found f WHERE f.key = c.key AND f.day = c.day)
        )
        INSERT INTO improvement_surgecount AS c (kind, key, day, num, den)
        SELECT %(kind)s, key, day, num, den FROM found
        ON CONFLICT (kind, key, day) DO UPDATE SET num = EXCLUDED.num, den = EXCLUDED.den
         WHERE (c.num, c.den) <> (EXCLUDED.num, EXCLUDED.den)
    """


SEEN = """
    WITH base AS (
        SELECT * FROM unnest(%(days)s::date[], %(tiers)s::int[]) d(day, tier)
    ), flagged AS (
        SELECT DISTINCT w.key, base.day, base.tier FROM improvement_warning w
          JOIN improvement_warningday f ON f.warning_id = w.id AND f.period <> 'batch'
          JOIN base ON base.day BETWEEN f.first AND f.last
         WHERE w.kind = %(kind)s AND w.outcome NOT IN ('false', 'lasting')
    ), changed AS (
        SELECT w.key, max(w.base_since) AS since FROM improvement_warning w
         WHERE w.kind = %(kind)s AND w.base_since IS NOT NULL GROUP BY 1
    ), seen AS (
        SELECT c.key, sum(c.num) AS observed FROM improvement_surgecount c
         WHERE c.kind = %(kind)s AND c.day BETWEEN %(first)s AND %(last)s
         GROUP BY c.key HAVING sum(c.num) >= %(least)s
    )
    SELECT s.key, s.observed,
           (SELECT array_agg(coalesce(b.num, 0) ORDER BY edge.n) FROM generate_series(1, %(most)s) edge(n)
              LEFT JOIN LATERAL (
                SELECT sum(c.num) AS num FROM improvement_surgecount c
                  JOIN base ON base.day = c.day AND base.tier <= edge.n
                 WHERE c.kind = %(kind)s AND c.key = s.key AND c.day >= y.began
                   AND NOT EXISTS (SELECT FROM flagged f WHERE f.key = s.key AND f.day = c.day)) b ON true),
           (SELECT array_agg((SELECT count(*) FROM base WHERE base.tier <= edge.n AND base.day >= y.began
                AND NOT EXISTS (SELECT FROM flagged f WHERE f.key = s.key AND f.day = base.day)) ORDER BY edge.n)
              FROM generate_series(1, %(most)s) edge(n)),
           y.orders, y.before, y.began
      FROM seen s LEFT JOIN changed n ON n.key = s.key CROSS JOIN LATERAL (
        SELECT min(c.day) AS began,
               coalesce(sum(c.den) FILTER (WHERE c.day > %(ordered)s), 0) AS orders,
               coalesce(sum(c.den) FILTER (WHERE c.day <= %(ordered)s AND c.day > %(earlier)s), 0) AS before
          FROM improvement_surgecount c WHERE c.kind = %(kind)s AND c.key = s.key
           AND c.day BETWEEN greatest(%(oldest)s, n.since) AND %(last)s) y
     ORDER BY s.key
"""
"""Subjects with enough tickets in the period, and their past: tickets and days by tier of weeks, without the days that
a warning holds already (unless it was a false alarm, or the new level) and those before the subject was first heard of
or before its last lasting change."""

LOOKED_AT = """
    SELECT count(DISTINCT key) FROM improvement_surgecount
     WHERE kind = %(kind)s AND day BETWEEN %(oldest)s AND %(last)s AND num > 0
"""

BATCHES = f"""
    WITH sent AS (
        SELECT l.id, l.product_id, (p.sent_at AT TIME ZONE %(zone)s)::date AS day,
               {BATCH.format(sent="p.sent_at")} AS batch
          FROM orders_shipment s
          JOIN orders_orderline l ON l.order_id = s.order_id AND l.product_id IS NOT NULL
          CROSS JOIN LATERAL (
            SELECT min(q.shipped_at) AS sent_at FROM orders_shipment q WHERE q.order_id = l.order_id) p
         WHERE s.shipped_at >= %(since)s AND s.shipped_at < %(until)s AND s.shipped_at = p.sent_at
    ), lots AS (
        SELECT product_id, batch, day, count(DISTINCT id) AS pieces FROM sent
         WHERE batch IS NOT NULL AND day BETWEEN %(first)s AND %(last)s GROUP BY 1, 2, 3
    ), sizes AS (
        SELECT product_id, batch, min(day) AS day,
               sum(sum(pieces)) OVER (PARTITION BY product_id) - sum(pieces) AS others
          FROM lots GROUP BY 1, 2
    ), lasted AS (
        SELECT product_id, batch, week, sum(pieces * least(7, %(last)s::date - day + 1 - 7 * week)) AS days
          FROM lots CROSS JOIN LATERAL generate_series(0, (%(last)s::date - day) / 7) age(week) GROUP BY 1, 2, 3
    ), told AS (
        SELECT key, ticket, max(greatest(0, day - sent)) / 7 AS week FROM ({hits(Surged.BATCH, also=_SENT_ON)}) h
         WHERE day <= %(last)s AND sent BETWEEN %(first)s AND %(last)s GROUP BY 1, 2
    ), counted AS (
        SELECT key, week, count(*) AS tickets FROM told GROUP BY 1, 2
    ), both_ AS (
        SELECT p.product_id, p.batch, p.days, coalesce(t.tickets, 0) AS tickets,
               sum(p.days) OVER w - p.days AS other_days,
               sum(coalesce(t.tickets, 0)) OVER w - coalesce(t.tickets, 0) AS other_tickets
          FROM lasted p LEFT JOIN counted t ON t.key = p.batch AND t.week = p.week
        WINDOW w AS (PARTITION BY p.product_id, p.week)
    )
    SELECT batch, min(z.day), sum(tickets), sum(other_tickets), min(z.others),
           sum((tickets + other_tickets) * days / (days + other_days)) / sum(tickets + other_tickets)
      FROM both_ JOIN sizes z USING (product_id, batch) WHERE other_days > 0
     GROUP BY product_id, batch HAVING sum(tickets) > 0
"""
"""Each batch sent lately that has tickets: since when, its tickets, those of the other batches of its product, their
pieces, and its share: how likely each of these tickets is its own by chance.

Old pieces had more time to break than new ones, and the first weeks are not like the later ones. So tickets are
compared by weeks of age: each falls on a batch as its pieces were on the market at that age, of all that were. Tickets
of an age that no piece of another batch has reached are compared with nothing and not counted.
"""
