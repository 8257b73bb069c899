"""The SQL of signs: rows of one month that look like gaming, with whose they are and how many of that sort there were.

Each statement gives ``merchant, person, subject_kind, subject_id, mark, at, total``; ``mark`` groups rows that belong
together: the kind of contact or a text with the first row that had it, a day. It holds no contact and no word, nor
anything made of one. Erased contacts and texts show nothing.
"""

from aftersales.customers.states import ContactKind
from aftersales.improvement.states import SignKind
from aftersales.tickets.states import AuthorKind

_SEARCHED = f"'{ContactKind.PHONE.value}', '{ContactKind.EMAIL.value}', '{ContactKind.ADDRESS.value}'"
_MONTH = "{} >= %(since)s AND {} < %(until)s"
_SOLD = f"""
    sold AS (
        SELECT DISTINCT o.id, o.placed_at, o.customer_id, o.ship_phone_id, o.ship_address_id, w.merchant_id
          FROM orders_order o CROSS JOIN LATERAL (
            SELECT l.merchant_id FROM orders_orderline l WHERE l.order_id = o.id AND l.merchant_id IS NOT NULL
            UNION SELECT o.merchant_id WHERE o.merchant_id IS NOT NULL) w
         WHERE {_MONTH.format("o.placed_at", "o.placed_at")}
    ), sales AS (SELECT merchant_id, count(*) AS total FROM sold GROUP BY 1)
"""
_REVIEWED = f"""
    reviewed AS (
        SELECT r.id, r.score, r.written_at, o.customer_id, w.merchant_id,
               regexp_replace(lower(r.body), '[[:space:][:punct:]，。！？、~～]+', '', 'g') AS words
          FROM orders_review r JOIN orders_order o ON o.id = r.order_id CROSS JOIN LATERAL (
            SELECT r.merchant_id WHERE r.merchant_id IS NOT NULL
            UNION SELECT o.merchant_id WHERE r.merchant_id IS NULL AND o.merchant_id IS NOT NULL) w
         WHERE {_MONTH.format("r.written_at", "r.written_at")}
    ), praise AS (SELECT * FROM reviewed WHERE score = 5),
    praised AS (SELECT merchant_id, count(*) AS total FROM praise GROUP BY 1)
"""

_USED = """
    used AS (
        SELECT s.id, s.placed_at, s.merchant_id, s.customer_id, c.kind, c.search_key FROM sold s
          JOIN customers_contact c ON c.customer_id = s.customer_id WHERE {where}
        UNION SELECT s.id, s.placed_at, s.merchant_id, s.customer_id, c.kind, c.search_key FROM sold s
          JOIN customers_contact c ON c.id = s.ship_phone_id WHERE {where}
        UNION SELECT s.id, s.placed_at, s.merchant_id, s.customer_id, c.kind, c.search_key FROM sold s
          JOIN customers_contact c ON c.id = s.ship_address_id WHERE {where}
    )
"""
"""Orders with each telephone, e-mail and address of their buyer or on their parcel."""
_KNOWN = f"c.kind IN ({_SEARCHED}) AND c.search_key <> '' AND c.erased_at IS NULL"
SELF_ORDER = rf"""
    WITH {_SOLD}, own AS (
        SELECT c.merchant_id, 'phone' AS kind,
               regexp_replace(regexp_replace(c.phone, '[^0-9]', '', 'g'), '^(0086|86)(1[0-9]{{10}})$', '\2') AS key
          FROM merchants_merchantcontact c WHERE c.phone <> ''
        UNION SELECT c.merchant_id, 'email', lower(regexp_replace(c.email, '\s', '', 'g'))
          FROM merchants_merchantcontact c WHERE c.email <> ''
        UNION SELECT a.merchant_id, 'phone',
               regexp_replace(regexp_replace(a.phone, '[^0-9]', '', 'g'), '^(0086|86)(1[0-9]{{10}})$', '\2')
          FROM merchants_returnaddress a WHERE a.phone <> ''
        UNION SELECT a.merchant_id, 'address', lower(regexp_replace(a.place, '\s', '', 'g'))
          FROM merchants_returnaddress a
        UNION SELECT m.merchant_id, 'email', lower(u.email) FROM merchants_merchantmember m
          JOIN accounts_user u ON u.id = m.user_id WHERE u.email <> ''
    ), {_USED.format(where=_KNOWN)}
    SELECT DISTINCT ON (u.merchant_id, u.id) u.merchant_id, NULL::bigint, 'orders.order', u.id, u.kind, u.placed_at,
           sales.total
      FROM used u JOIN sales USING (merchant_id)
      JOIN own ON own.merchant_id = u.merchant_id AND own.kind = u.kind AND own.key = u.search_key
     ORDER BY u.merchant_id, u.id, u.kind
"""
SHARED_BUYER = f"""
    WITH {_SOLD}, {_USED.format(where=f"s.customer_id IS NOT NULL AND {_KNOWN}")}, common AS (
        SELECT merchant_id, kind, search_key, min(customer_id) AS first FROM used GROUP BY 1, 2, 3
        HAVING count(DISTINCT customer_id) >= %(sign_least_buyers)s
    )
    SELECT DISTINCT ON (u.merchant_id, u.id) u.merchant_id, NULL::bigint, 'orders.order', u.id,
           u.kind || ' ' || common.first, u.placed_at, sales.total
      FROM used u JOIN common USING (merchant_id, kind, search_key) JOIN sales USING (merchant_id)
     ORDER BY u.merchant_id, u.id, u.kind
"""
REVIEW_RING = f"""
    WITH {_REVIEWED}, buyers AS (
        SELECT DISTINCT customer_id, merchant_id FROM praise WHERE customer_id IS NOT NULL
    ), pairs AS (
        SELECT a.merchant_id, b.merchant_id AS other FROM buyers a
          JOIN buyers b ON b.customer_id = a.customer_id AND b.merchant_id <> a.merchant_id
         GROUP BY 1, 2 HAVING count(*) >= %(sign_least_ring)s
    )
    SELECT DISTINCT ON (p.merchant_id, p.id) p.merchant_id, NULL::bigint, 'orders.review', p.id,
           'merchant ' || pairs.other, p.written_at, praised.total
      FROM praise p JOIN pairs ON pairs.merchant_id = p.merchant_id JOIN praised ON praised.merchant_id = p.merchant_id
     WHERE EXISTS (SELECT FROM buyers b WHERE b.customer_id = p.customer_id AND b.merchant_id = pairs.other)
     ORDER BY p.merchant_id, p.id, pairs.other
"""
REVIEW_BURST = f"""
    WITH {_REVIEWED}, days AS (
        SELECT merchant_id, (written_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS stars FROM praise GROUP BY 1, 2
        HAVING count(*) >= %(sign_least_burst)s
    ), before AS MATERIALIZED (
        SELECT d.merchant_id, d.day, count(z.id) AS base FROM days d LEFT JOIN (
            SELECT r.id, r.written_at, coalesce(r.merchant_id, o.merchant_id) AS merchant_id FROM orders_review r
              JOIN orders_order o ON o.id = r.order_id
             WHERE r.score = 5 AND r.written_at >= %(earlier)s AND r.written_at < %(until)s) z
            ON z.merchant_id = d.merchant_id AND z.written_at < d.day::timestamp AT TIME ZONE %(zone)s
           AND z.written_at >= (d.day - %(sign_burst_days)s)::timestamp AT TIME ZONE %(zone)s
         GROUP BY 1, 2
    ), opened AS MATERIALIZED (
        SELECT d.merchant_id, (least(
                   (SELECT min(o.placed_at) FROM orders_order o WHERE o.merchant_id = d.merchant_id),
                   (SELECT min(o.placed_at) FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
                     WHERE l.merchant_id = d.merchant_id),
                   (SELECT min(r.written_at) FROM orders_review r WHERE r.merchant_id = d.merchant_id)
               ) AT TIME ZONE %(zone)s)::date AS day
          FROM (SELECT DISTINCT merchant_id FROM days) d
    )
    SELECT p.merchant_id, NULL::bigint, 'orders.review', p.id,
           d.day::text || ' ' || b.base || ' ' || greatest(0, least(d.day - opened.day, %(sign_burst_days)s)),
           p.written_at, praised.total
      FROM praise p JOIN days d ON d.merchant_id = p.merchant_id AND d.day = (p.written_at AT TIME ZONE %(zone)s)::date
      JOIN before b ON b.merchant_id = d.merchant_id AND b.day = d.day
      JOIN opened ON opened.merchant_id = p.merchant_id
      JOIN praised ON praised.merchant_id = p.merchant_id ORDER BY p.id
"""
"""``mark``: the day, the praise of the days before it, and how many of those the shop has had, by its first trade.

A shop's past and its first trade are looked for once, not for each review.
"""
COPIED_REVIEW = f"""
    WITH {_REVIEWED}, copied AS (
        SELECT merchant_id, words, min(id) AS first FROM praise WHERE length(words) >= %(sign_copied_length)s
         GROUP BY 1, 2 HAVING count(DISTINCT coalesce(customer_id, -id)) >= %(sign_least_copied)s
    )
    SELECT p.merchant_id, NULL::bigint, 'orders.review', p.id, 'text ' || copied.first, p.written_at, praised.total
      FROM praise p JOIN copied USING (merchant_id, words) JOIN praised USING (merchant_id) ORDER BY p.id
"""
EMPTY_ANSWER = f"""
    WITH answered AS (
        SELECT m.id, m.ticket_id, m.merchant_id, m.at,
               regexp_replace(lower(m.text), '[[:space:][:punct:]，。！？、~～]+', '', 'g') AS words
          FROM tickets_message m WHERE m.author_kind = '{AuthorKind.MERCHANT.value}' AND m.merchant_id IS NOT NULL
           AND m.erased_at IS NULL AND {_MONTH.format("m.at", "m.at")}
    ), same AS (
        SELECT merchant_id, words, min(id) AS first FROM answered GROUP BY 1, 2
        HAVING count(DISTINCT ticket_id) >= %(sign_least_answers)s
    ), all_ AS (SELECT merchant_id, count(DISTINCT ticket_id) AS total FROM answered GROUP BY 1)
    SELECT DISTINCT ON (a.merchant_id, a.ticket_id) a.merchant_id, NULL::bigint, 'tickets.ticket', a.ticket_id,
           CASE WHEN length(a.words) <= %(sign_answer_length)s THEN 'short' ELSE 'text ' || same.first END, a.at,
           all_.total
      FROM answered a JOIN all_ USING (merchant_id) LEFT JOIN same USING (merchant_id, words)
     WHERE length(a.words) <= %(sign_answer_length)s OR same.words IS NOT NULL
     ORDER BY a.merchant_id, a.ticket_id, a.at
"""
_WHO = "coalesce(substring(e.acting_as from '^user:([0-9]+)')::bigint, e.actor_id)"
CLOCK_EDGE = f"""
    WITH done AS (
        SELECT e.id, e.subject_id AS ticket_id, e.at, {_WHO} AS person FROM core_event e
         WHERE e.subject_kind = 'tickets.ticket' AND e.kind = 'ticket.resolved' AND {_MONTH.format("e.at", "e.at")}
    ), all_ AS (SELECT person, count(DISTINCT ticket_id) AS total FROM done GROUP BY 1)
    SELECT DISTINCT ON (d.person, d.ticket_id) NULL::bigint, d.person, 'tickets.ticket', d.ticket_id, '', d.at,
           all_.total
      FROM done d JOIN all_ USING (person) JOIN accounts_user u ON u.id = d.person AND u.kind <> 'machine'
      JOIN core_event n ON n.subject_kind = 'tickets.ticket' AND n.subject_id = d.ticket_id
       AND n.kind = 'ticket.reopened' AND n.at > d.at
       AND n.at <= d.at + make_interval(hours => %(sign_reopened_hours)s::int)
     WHERE EXISTS (SELECT FROM clocks_clock c WHERE c.subject_kind = 'tickets.ticket' AND c.subject_id = d.ticket_id
                    AND (c.ended_at IS NULL OR c.ended_at >= d.at) AND c.due_at >= d.at
                    AND c.due_at - d.at <= make_interval(mins => %(sign_edge_minutes)s::int))
     ORDER BY d.person, d.ticket_id, d.at
"""
"""Whoever solved a ticket minutes before one of its clocks ran out, when it was opened again soon after."""
NO_SCAN = f"""
    WITH sent AS (
        SELECT s.id, s.shipped_at, coalesce(s.merchant_id, o.merchant_id) AS merchant_id,
               upper(btrim(s.carrier)) AS carrier, s.delivered_at IS NULL AND NOT EXISTS (
                   SELECT FROM orders_trackingevent e WHERE e.shipment_id = s.id) AS bare
          FROM orders_shipment s JOIN orders_order o ON o.id = s.order_id
         WHERE s.tracking_no <> '' AND {_MONTH.format("s.shipped_at", "s.shipped_at")}
           AND s.shipped_at < %(now)s - make_interval(hours => %(sign_no_scan_hours)s::int)
    ), scanning AS (SELECT carrier FROM sent GROUP BY 1 HAVING count(*) FILTER (WHERE NOT bare) * 2 > count(*)),
    all_ AS (SELECT merchant_id, count(*) AS total FROM sent GROUP BY 1)
    SELECT s.merchant_id, NULL::bigint, 'orders.shipment', s.id, left(s.carrier, 40), s.shipped_at, all_.total
      FROM sent s JOIN all_ USING (merchant_id) JOIN scanning USING (carrier)
     WHERE s.bare AND s.merchant_id IS NOT NULL ORDER BY s.id
"""
"""Only of carriers that scan most of their parcels: another one's scans are simply not sent to us."""

STATEMENTS = {
    SignKind.SELF_ORDER: SELF_ORDER,
    SignKind.SHARED_BUYER: SHARED_BUYER,
    SignKind.REVIEW_RING: REVIEW_RING,
    SignKind.REVIEW_BURST: REVIEW_BURST,
    SignKind.COPIED_REVIEW: COPIED_REVIEW,
    SignKind.EMPTY_ANSWER: EMPTY_ANSWER,
    SignKind.CLOCK_EDGE: CLOCK_EDGE,
    SignKind.NO_SCAN: NO_SCAN,
}
LEAST = {
    SignKind.SELF_ORDER: "sign_least_self", SignKind.SHARED_BUYER: "sign_least_buyers",
    SignKind.REVIEW_RING: "sign_least_ring", SignKind.REVIEW_BURST: "sign_least_burst",
    SignKind.COPIED_REVIEW: "sign_least_copied", SignKind.EMPTY_ANSWER: "sign_least_answers",
    SignKind.CLOCK_EDGE: "sign_least_edge", SignKind.NO_SCAN: "sign_least_no_scan",
}  # fmt: skip
"""The rule book's number of rows below which a sign is none."""
NUMBERS = (
    *LEAST.values(), "sign_copied_length", "sign_answer_length", "sign_edge_minutes", "sign_no_scan_hours",
    "sign_least_share", "sign_burst_days", "sign_reopened_hours",
)  # fmt: skip
SHARED = frozenset({SignKind.EMPTY_ANSWER, SignKind.CLOCK_EDGE, SignKind.NO_SCAN})
"""Kinds that happen to everybody now and then: only a share of all is a sign."""
