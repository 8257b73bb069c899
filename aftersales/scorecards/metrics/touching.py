"""Which days a changed row touches: all on which it counts now or ever did, as its events and columns tell.

Each statement names moments and zones of the rows whose keys stand in ``%(ids)s``. What it misses would stay wrong
until the next full count, so a day too many is better than one too few. That of tickets names the subjects as well.
"""

from collections.abc import Mapping
from typing import Any

from accounts.models import Team
from aftersales.core.models import Event
from aftersales.core.rulebook import RuleState
from aftersales.core.sheets.models import SheetUpload
from aftersales.orders.models import Order
from aftersales.scorecards.metrics.sources import MARKET, WHO, ZONE
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.states import SubjectKind
from aftersales.tickets.models import Ticket

K = SubjectKind
EVENTS = Event._meta.db_table


def _before(model: Any) -> str:
    """The table of a model's versions."""
    return str(model.history.model._meta.db_table)


BEFORE, TICKETS_BEFORE, TEAMS_BEFORE = _before(Order), _before(Ticket), _before(Team)


def _told(kind: str, hit: str) -> str:
    """Moments of the events about a row, and the due times that its clocks had."""
    due = "(CASE WHEN e.kind LIKE 'clock.%%' THEN nullif(e.payload->>'{}', '')::timestamptz END)"
    moments = ", ".join(["(e.at)", due.format("due_at"), due.format("old_due_at")])
    return (
        f"SELECT v.at, {hit}.zone FROM {hit} "
        f"JOIN {EVENTS} e ON e.subject_kind = '{kind}' AND e.subject_id = {hit}.id "
        f"CROSS JOIN LATERAL (VALUES {moments}) v(at)"
    )


def _ended(kind: str, hit: str) -> str:
    """Moments at which promises about a row ended or ran out."""
    return (
        f"SELECT v.at, {hit}.zone FROM {hit} JOIN clocks_clock c ON c.subject_kind = '{kind}' "
        f"AND c.subject_id = {hit}.id CROSS JOIN LATERAL (VALUES (c.breached_at), (c.met_at)) v(at)"
    )


TICKETS = "tickets.ticket"
UPLOADS = SheetUpload._meta.label_lower
FIGURES = Rollup._meta.db_table
TOLD = frozenset({K.MERCHANT, K.PERSON, K.TEAM, K.PRODUCT, K.VENDOR})
CLOCK = "e.kind LIKE 'clock.%%'"
_COLUMNS = "id, market_id, customer_id, order_id, merchant_id, team_id, owner_id, assignee_id, opened_at"
CELLS = f"""
    WITH version AS (
        SELECT {_COLUMNS} FROM tickets_ticket WHERE id = ANY(%(ids)s)
        UNION SELECT {_COLUMNS} FROM {TICKETS_BEFORE} WHERE id = ANY(%(ids)s)
    ), lived AS (
        SELECT DISTINCT version.id, {ZONE} AS zone FROM version {MARKET.format("version")}
    ), told AS MATERIALIZED (
        SELECT e.subject_id AS id, e.kind, e.at, e.merchant_id, {WHO.format(e="e")} AS person,
               CASE WHEN {CLOCK} THEN (e.payload->>'holder')::bigint END AS holder,
               CASE WHEN {CLOCK} THEN (e.payload->>'team')::bigint END AS team,
               CASE WHEN {CLOCK} THEN nullif(e.payload->>'due_at', '')::timestamptz END AS due,
               CASE WHEN {CLOCK} THEN nullif(e.payload->>'old_due_at', '')::timestamptz END AS old_due
          FROM {EVENTS} e WHERE e.subject_kind = '{TICKETS}' AND e.subject_id = ANY(%(ids)s)
    ), promise AS MATERIALIZED (
        SELECT c.subject_id AS id, c.merchant_id, c.holder_id, c.holder_team_id, c.breach_holder_id, c.breach_team_id,
               c.breached_at, c.met_at FROM clocks_clock c
         WHERE c.subject_kind = '{TICKETS}' AND c.subject_id = ANY(%(ids)s)
    ), moment AS (
        SELECT id, 'opened' AS by, opened_at AS at FROM version
        UNION SELECT told.id, v.by, v.at FROM told CROSS JOIN LATERAL (
            VALUES ('told', told.at), ('ended', told.at), ('ended', due), ('ended', old_due),
                   (CASE told.kind WHEN 'ticket.resolved' THEN 'resolved' WHEN 'ticket.confirmed' THEN 'confirmed' END,
                    told.at)
        ) v(by, at)
        UNION SELECT promise.id, 'ended', v.at FROM promise CROSS JOIN LATERAL (VALUES (breached_at), (met_at)) v(at)
    ), counted AS (
        SELECT DISTINCT moment.id, moment.by, (moment.at AT TIME ZONE lived.zone)::date AS day
          FROM moment JOIN lived USING (id) WHERE moment.at IS NOT NULL AND moment.by IS NOT NULL
    ), laid AS (
        SELECT version.id, v.kind, v.subject FROM version CROSS JOIN LATERAL (
            VALUES ('merchant', merchant_id), ('team', team_id), ('person', owner_id), ('person', assignee_id)
        ) v(kind, subject)
        UNION SELECT told.id, v.kind, v.subject FROM told CROSS JOIN LATERAL (
            VALUES ('merchant', merchant_id), ('team', team), ('person', person), ('person', holder)
        ) v(kind, subject)
        UNION SELECT promise.id, v.kind, v.subject FROM promise CROSS JOIN LATERAL (
            VALUES ('merchant', merchant_id), ('team', holder_team_id), ('team', breach_team_id),
                   ('person', holder_id), ('person', breach_holder_id)
        ) v(kind, subject)
        UNION SELECT version.id, 'product', l.product_id FROM version
              JOIN orders_orderline l ON l.order_id = version.order_id
    ), corrected AS MATERIALIZED (
        SELECT DISTINCT version.id FROM version JOIN orders_orderline l ON l.order_id = version.order_id
         WHERE l.version > 1 AND (EXISTS (
               SELECT FROM {EVENTS} e WHERE e.subject_kind = 'orders.orderline' AND e.subject_id = l.id
                  AND e.kind = 'order_line.changed'
            ) OR EXISTS (
               SELECT FROM {EVENTS} e WHERE e.subject_kind = '{UPLOADS}'
                  AND e.kind IN ('sheet.applied', 'sheet.stopped')
                  AND e.payload->>'sheet' = 'order_lines' AND coalesce((e.payload->>'updated')::int, 1) > 0
            ))
    ), near AS MATERIALIZED (
        SELECT DISTINCT n.id, n.market_id, n.order_id, n.merchant_id, n.team_id,
               coalesce(n.owner_id, n.assignee_id) AS person, n.opened_at, hit.opened_at AS came_at
          FROM (SELECT DISTINCT id, customer_id, opened_at FROM version) hit
          JOIN tickets_ticket n ON n.customer_id = hit.customer_id AND n.id <> hit.id
         WHERE n.opened_at <= hit.opened_at + %(repeat)s AND (n.opened_at >= hit.opened_at
            OR coalesce(n.resolved_at, hit.opened_at) >= hit.opened_at - %(quiet)s)
    ), around AS (
        SELECT near.id, 'opened' AS by, near.opened_at AS at, near.person FROM near WHERE near.opened_at >= near.came_at
        UNION SELECT near.id, 'resolved', e.at, {WHO.format(e="e")} FROM near
              JOIN {EVENTS} e ON e.subject_kind = '{TICKETS}' AND e.subject_id = near.id
               AND e.kind = 'ticket.resolved' AND e.at BETWEEN near.came_at - %(quiet)s AND near.came_at
    ), beside AS (
        SELECT DISTINCT near.id, near.order_id, near.merchant_id, near.team_id, around.person,
               around.by, (around.at AT TIME ZONE {ZONE})::date AS day
          FROM around JOIN near USING (id) {MARKET.format("near")}
    ), cell AS (
        SELECT by, kind, subject, day, false AS around FROM counted JOIN laid USING (id)
        UNION ALL SELECT by, '', 0, day, false FROM counted
        UNION ALL SELECT by, 'product', r.subject_id, day, false
              FROM (SELECT DISTINCT by, day FROM counted JOIN corrected USING (id)) whole
              JOIN {FIGURES} r USING (day) WHERE r.subject_kind = 'product' AND r.metric = ANY(%(weighed)s)
        UNION ALL SELECT by, v.kind, v.subject, day, true FROM beside CROSS JOIN LATERAL (
            VALUES ('', 0), ('merchant', merchant_id), ('team', team_id), ('person', person)
        ) v(kind, subject)
        UNION ALL SELECT by, 'product', l.product_id, day, true FROM beside
              JOIN orders_orderline l ON l.order_id = beside.order_id
    ), named AS (
        SELECT id, vendor FROM accounts_team WHERE vendor <> ''
        UNION SELECT id, vendor FROM {TEAMS_BEFORE} WHERE vendor <> ''
    )
    SELECT by, kind AS subject_kind, subject AS subject_id, ''::text AS subject_name, day, bool_and(around) AS around
      FROM cell WHERE subject IS NOT NULL GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT by, 'vendor', 0, named.vendor::text, day, bool_and(around)
      FROM cell JOIN named ON cell.kind = 'team' AND named.id = cell.subject GROUP BY 1, 2, 3, 4, 5
"""
"""Subjects and days whose figures touched tickets may change.

Whom a ticket counts for is what its row, its versions, its events and its promises say, on every day that they name.
``by``: the moments that named the day, of which a source counts by one sort (``Source.by``): when the ticket was
opened, resolved or confirmed, when its promises ended, or whenever anything was told of it. ``around``: cells in
which it moves only what other tickets of its customer are worth, earlier ones by a second contact, later ones as
repeats. Lines keep no versions: where one of its order's was corrected, the ticket reaches every product that has a
figure on its days. A sheet may have corrected it where one changed lines.
A cell without a kind is the day itself, for kinds of subjects that none of these rows tells (``TOLD``).
"""


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

# ``%(extension)s``: the longest that a promotion ever gave more for dispatch.
_LASTED = (
    "o.placed_at < ci.ends_at AND (EXISTS (SELECT FROM orders_orderline l WHERE l.order_id = o.id "
    "AND l.dispatch_due_at >= ci.begins_at - %(extension)s) "
    "OR EXISTS (SELECT FROM orders_shipment sp WHERE sp.order_id = o.id "
    "AND sp.promised_at >= ci.begins_at))"
)


def _struck(which: str) -> str:
    """Days of the orders that circumstances may have struck, wherever they went. A draft struck none."""
    return f"""
        SELECT v.at, {ZONE} FROM clocks_circumstance ci JOIN orders_order o ON {_LASTED} {MARKET.format("o")}
          LEFT JOIN orders_shipment s ON s.order_id = o.id
          CROSS JOIN LATERAL (VALUES (o.placed_at), (s.promised_at)) v(at)
         WHERE ci.state IN ('{RuleState.ACTIVE.value}', '{RuleState.RETIRED.value}') AND {which}
    """


_OF_SHOP = (
    "o.id IN (SELECT id FROM orders_order WHERE merchant_id = ANY(%(ids)s) "
    "UNION SELECT order_id FROM orders_orderline WHERE merchant_id = ANY(%(ids)s) "
    "UNION SELECT order_id FROM orders_shipment WHERE merchant_id = ANY(%(ids)s))"
)
MOMENTS: Mapping[str, str] = {
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
