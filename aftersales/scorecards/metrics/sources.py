"""Where the figures come from: rows of the rooms below, and how they lead to whom they are about."""

from aftersales.cases.models import CaseLine, CasePayment, Dispute, Repair
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.orders.models import OrderLine, Review, Shipment
from aftersales.scorecards.metrics.declaring import Source, Subject
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.states import Debtor

K = SubjectKind
ZONE = "coalesce(mk.zone, %(zone)s)"
MARKET = "LEFT JOIN standards_market mk ON mk.id = {}.market_id"
EVENTS = Event._meta.db_table
READ = (Event, Clock, OrderLine, Shipment, Review, CaseLine, CasePayment, Dispute, Repair)
"""Models whose tables, with those they refer to, are read."""

# ---------------------------------------------------------------------------------------------- trade
ARRIVED = "(o.status IN ('delivered', 'completed') AND p.arrived)"
LATE_DAY = f"(s.delivered_at AT TIME ZONE {ZONE})::date > (s.promised_at AT TIME ZONE {ZONE})::date"
_TOLD = (
    "(SELECT max(l.dispatch_due_at) FROM orders_orderline l WHERE l.order_id = o.id "
    "AND (s.merchant_id IS NULL OR l.merchant_id = s.merchant_id))"
)
EXTENSION = "dispatch_extension_hours"
_MORE = f"CASE WHEN o.is_presale THEN 0 ELSE @{EXTENSION}@ END * interval '1 hour'"
LIMIT = (
    f"(SELECT greatest(d.at, least(d.at + {_MORE}, s.promised_at)) FROM {_TOLD} d(at) WHERE d.at IS NOT NULL)"
)
"""Until when a parcel had to be handed over: its own merchant's limit, of a common parcel the last one of the order.

With what a promotion gave more when the order was placed, but never past the delivery that the customer was promised
(E-Commerce Law §20); the date of a presale was agreed and stays. NULL where nobody told one: a promise of delivery is
no limit of dispatch.
"""


def sent_by(whose: str) -> str:
    """Until when the parcels of an order had to be handed over: those of the merchant ``whose``, empty for all."""
    return f"(SELECT max({LIMIT}) FROM orders_shipment s WHERE s.order_id = o.id{_of(whose)})"


def arriving_by(whose: str) -> str:
    """Until when an order was promised; where no parcel says so, until when it had to leave, as it was sold."""
    mine = f" AND l.merchant_id = {whose}" if whose else ""
    promised = f"SELECT max(s.promised_at) FROM orders_shipment s WHERE s.order_id = o.id{_of(whose)}"
    leaving = f"SELECT max(l.dispatch_due_at) + {_MORE} FROM orders_orderline l WHERE l.order_id = o.id{mine}"
    return f"{'coalesce' if whose else 'greatest'}(({promised}), ({leaving}))"


def _of(whose: str) -> str:
    return f" AND (s.merchant_id IS NULL OR s.merchant_id = {whose})" if whose else ""


def parcels(whose: str) -> str:
    """What became of an order's parcels (of the merchant ``whose``, where parcels name one)."""
    return (
        "LEFT JOIN LATERAL (SELECT bool_and(s.delivered_at IS NOT NULL) AS arrived, "
        "coalesce(bool_or(s.delivered_at > s.promised_at), false) AS late, "
        f"coalesce(bool_or({LATE_DAY}), false) AS late_day, "
        f"bool_or(s.shipped_at > {LIMIT}) AS sent_late "
        f"FROM orders_shipment s WHERE s.order_id = o.id{_of(whose)}) p ON true"
    )


SELLERS = (
    "CROSS JOIN LATERAL (SELECT l.merchant_id FROM orders_orderline l WHERE l.order_id = o.id "
    "AND l.merchant_id IS NOT NULL UNION SELECT o.merchant_id WHERE o.merchant_id IS NOT NULL) w"
)
"""Every merchant of an order, once."""
PRODUCTS = (
    "CROSS JOIN LATERAL (SELECT DISTINCT l.product_id FROM orders_orderline l WHERE l.order_id = o.id "
    "AND l.product_id IS NOT NULL) w"
)
CATEGORY = "coalesce(ct.code, '')"
OF_PRODUCT = (
    "JOIN orders_product pr ON pr.id = w.product_id LEFT JOIN orders_category ct ON ct.id = pr.category_id"
)
TRADE = frozenset({"orders.order", "orders.orderline", "orders.shipment"})
STRUCK = frozenset({"clocks.circumstance", "merchants.merchant"})
"""What says which orders a disaster struck, beside the orders themselves."""

_ORDER = f"orders_order o {MARKET.format('o')}"
ORDERS = Source(
    rows="", item="'orders.order'", key="o.id", zone=ZONE, touched_by=TRADE | STRUCK,
    subjects={
        K.MERCHANT: Subject("w.merchant_id", rows=f"{_ORDER} {SELLERS} {parcels('w.merchant_id')}"),
        K.PRODUCT: Subject("w.product_id", rows=f"{_ORDER} {PRODUCTS} {OF_PRODUCT} {parcels('')}", category=CATEGORY),
    },
)  # fmt: skip
"""One row for each seller of an order, or each product."""
PLACED = Source(
    rows=_ORDER, item="'orders.order'", key="o.id", zone=ZONE,
    touched_by=frozenset({"orders.order", "orders.orderline"}),
    subjects={
        K.MERCHANT: Subject("w.merchant_id", SELLERS),
        K.PRODUCT: Subject("w.product_id", f"{PRODUCTS} {OF_PRODUCT}", category=CATEGORY),
    },
)  # fmt: skip
"""The same without their parcels."""
SHIPMENTS = Source(
    rows=f"orders_shipment s JOIN {_ORDER.replace(' o ', ' o ON o.id = s.order_id ', 1)}",
    item="'orders.order'", key="o.id", zone=ZONE, touched_by=TRADE | STRUCK | {"orders.promise"},
    subjects={
        K.MERCHANT: Subject(
            "w.merchant_id",
            "CROSS JOIN LATERAL (SELECT s.merchant_id WHERE s.merchant_id IS NOT NULL UNION SELECT l.merchant_id FROM "
            "orders_orderline l WHERE l.order_id = o.id AND s.merchant_id IS NULL AND l.merchant_id IS NOT NULL "
            "UNION SELECT o.merchant_id WHERE s.merchant_id IS NULL AND o.merchant_id IS NOT NULL) w",
        ),
        K.CARRIER: Subject(name="upper(btrim(s.carrier))", category="o.ship_province"),
    },
)  # fmt: skip
REVIEWS = Source(
    rows=f"orders_review r JOIN {_ORDER.replace(' o ', ' o ON o.id = r.order_id ', 1)}",
    item="'orders.review'", key="r.id", zone=ZONE,
    touched_by=frozenset({"orders.review", "orders.order", "orders.orderline"}),
    subjects={
        K.MERCHANT: Subject(
            "w.merchant_id",
            "CROSS JOIN LATERAL (SELECT r.merchant_id WHERE r.merchant_id IS NOT NULL UNION SELECT l.merchant_id FROM "
            "orders_orderline l WHERE l.order_id = o.id AND r.merchant_id IS NULL AND l.merchant_id IS NOT NULL "
            "UNION SELECT o.merchant_id WHERE r.merchant_id IS NULL AND o.merchant_id IS NOT NULL) w",
        ),
        K.PRODUCT: Subject(
            "w.product_id",
            "CROSS JOIN LATERAL (SELECT r.product_id WHERE r.product_id IS NOT NULL UNION SELECT l.product_id FROM "
            f"orders_orderline l WHERE l.order_id = o.id AND r.product_id IS NULL AND l.product_id IS NOT NULL) w "
            f"{OF_PRODUCT}",
            category=CATEGORY,
        ),
    },
)  # fmt: skip
"""A review that names no merchant counts for each seller of its order."""

# -------------------------------------------------------------------------------------------- tickets
_TEAM = "JOIN accounts_team tm ON tm.vendor <> '' AND tm.id = {}"
_TICKET = f"tickets_ticket t {MARKET.format('t')}"
ORDERED = (
    "CROSS JOIN LATERAL (SELECT DISTINCT l.product_id FROM orders_orderline l WHERE l.order_id = t.order_id "
    f"AND l.product_id IS NOT NULL) w {OF_PRODUCT}"
)
_PLACES = {
    K.MERCHANT: Subject("t.merchant_id"),
    K.TEAM: Subject("t.team_id"),
    K.VENDOR: Subject(name="tm.vendor", join=_TEAM.format("t.team_id")),
}
TICKETS = Source(
    rows=_TICKET, row="t.id", by="opened", item="'tickets.ticket'", key="t.id", zone=ZONE, category="t.kind",
    touched_by=frozenset({"tickets.ticket"}),
    subjects={
        **_PLACES,
        K.PERSON: Subject("coalesce(t.owner_id, t.assignee_id)"),
        K.PRODUCT: Subject("w.product_id", ORDERED, category=CATEGORY),
    },
)  # fmt: skip
"""Tickets; of the people whoever was the first contact, who answers for it to the end (R3.3)."""

# Whom a deed is laid to: the system acts for a person when a whole list is resolved at once.
WHO = "coalesce(substring({e}.acting_as from '^user:([0-9]+)')::bigint, {e}.actor_id)"
_PERSON = "JOIN accounts_user u ON u.id = {who} AND u.kind <> 'machine'"
_EVENT = f"{EVENTS} e JOIN {_TICKET.replace(' t ', ' t ON t.id = e.subject_id ', 1)}"
RESOLUTIONS = Source(
    rows=_EVENT, row="e.id", by="resolved", item="'tickets.ticket'", key="t.id", zone=ZONE, category="t.kind",
    touched_by=frozenset({"tickets.ticket"}),
    subjects={**_PLACES, K.PERSON: Subject("u.id", _PERSON.format(who=WHO.format(e="e")))},
)  # fmt: skip
"""Each time a ticket was resolved, laid to whoever did it."""
_RESOLVER = (
    f"CROSS JOIN LATERAL (SELECT {WHO.format(e='z')} AS who FROM {EVENTS} z WHERE z.subject_kind = e.subject_kind "
    "AND z.subject_id = e.subject_id AND z.kind = 'ticket.resolved' AND z.id < e.id ORDER BY z.id DESC LIMIT 1) x "
)
MARKS = Source(
    rows=_EVENT, row="e.id", by="confirmed", item="'tickets.ticket'", key="t.id", zone=ZONE, category="t.kind",
    touched_by=frozenset({"tickets.ticket"}),
    subjects={**_PLACES, K.PERSON: Subject("u.id", _RESOLVER + _PERSON.format(who="x.who"))},
)  # fmt: skip
"""What customers gave, laid to whoever had resolved the ticket."""
STATES = Source(
    rows=_EVENT, row="e.id", by="told", item="'tickets.ticket'", key="t.id", zone=ZONE, category="t.kind",
    touched_by=frozenset({"tickets.ticket"}), subjects={K.MERCHANT: Subject("t.merchant_id")},
)  # fmt: skip
"""What happened to tickets. Who held one on a past day stands in no row, so people and teams have no stock."""

# --------------------------------------------------------------------------------------------- clocks
_NOT_STAFF = (Debtor.MERCHANT, Debtor.CUSTOMER, Debtor.CARRIER, Debtor.PROVIDER)
STAFF_OWES = "c.owed_by NOT IN ({})".format(", ".join(f"'{one.value}'" for one in _NOT_STAFF))
MERCHANT_OWES = f"c.owed_by = '{Debtor.MERCHANT.value}'"


def _if(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END"


WORKSHOP = "upper(btrim(re.workshop))"
_HELD_BY = "CASE WHEN c.breached_at IS NULL THEN c.holder_id ELSE c.breach_holder_id END"
_HELD_IN = "CASE WHEN c.breached_at IS NULL THEN c.holder_team_id ELSE c.breach_team_id END"
CLOCKS = Source(
    rows=(
        "clocks_clock c LEFT JOIN tickets_ticket t ON c.subject_kind = 'tickets.ticket' AND t.id = c.subject_id "
        "LEFT JOIN cases_repair re ON c.subject_kind = 'cases.repair' AND re.id = c.subject_id "
        "LEFT JOIN cases_case k ON k.id = CASE c.subject_kind WHEN 'cases.case' THEN c.subject_id "
        "WHEN 'cases.repair' THEN re.case_id END "
        "LEFT JOIN standards_market mk ON mk.id = coalesce(t.market_id, k.market_id)"
    ),
    row="c.id", by="ended", item="c.subject_kind", key="c.subject_id", zone=ZONE, category="c.promise",
    touched_by=frozenset({"tickets.ticket", "cases.case", "cases.repair", "cases.authoritycase"}),
    subjects={
        K.MERCHANT: Subject(_if(MERCHANT_OWES, "c.merchant_id")),
        K.PERSON: Subject(_if(STAFF_OWES, _HELD_BY)),
        K.TEAM: Subject(_if(STAFF_OWES, _HELD_IN)),
        K.VENDOR: Subject(name=_if(STAFF_OWES, "tm.vendor"), join=_TEAM.format(_HELD_IN)),
        K.WORKSHOP: Subject(name=_if(f"c.owed_by = '{Debtor.PROVIDER.value}'", WORKSHOP)),
    },
)  # fmt: skip
"""Promises that ended or ran out. A broken one is charged to who held it when time ran out.

What a service provider owes of a repair is laid to the workshop that has the article.
"""

# ---------------------------------------------------------------------------------------------- cases
CASE_ROWS = frozenset({"cases.case"})
CASE_PLACES = {
    K.MERCHANT: Subject("k.merchant_id"),
    K.TEAM: Subject("t.team_id", "JOIN tickets_ticket t ON t.id = k.ticket_id"),
    K.VENDOR: Subject(
        name="tm.vendor", join=f"JOIN tickets_ticket t ON t.id = k.ticket_id {_TEAM.format('t.team_id')}"
    ),
}
CASE_PRODUCT = Subject(
    "w.product_id",
    "CROSS JOIN LATERAL (SELECT DISTINCT l.product_id FROM cases_caseline kl "
    "JOIN orders_orderline l ON l.id = kl.line_id "
    f"WHERE kl.case_id = k.id AND l.product_id IS NOT NULL) w {OF_PRODUCT}",
    category=CATEGORY,
)
_CASE = f"cases_case k {MARKET.format('k')}"


def with_case(table: str, alias: str) -> str:
    """Rows of a table with the case they belong to, and its market."""
    return f"{table} {alias} JOIN {_CASE.replace(' k ', f' k ON k.id = {alias}.case_id ', 1)}"


CASES = Source(
    rows=_CASE, item="'cases.case'", key="k.id", zone=ZONE, category="k.first_kind",
    touched_by=CASE_ROWS | {"cases.dispute"}, subjects={**CASE_PLACES, K.PRODUCT: CASE_PRODUCT},
)  # fmt: skip
COSTS = Source(
    rows=_CASE, item="'cases.case'", key="k.id", zone=ZONE, category="k.currency",
    touched_by=CASE_ROWS | {"cases.casepayment"}, subjects=CASE_PLACES,
)  # fmt: skip
DISPUTES = Source(
    rows=with_case("cases_dispute", "d"), item="'cases.case'", key="k.id", zone=ZONE,
    touched_by=CASE_ROWS | {"cases.dispute"}, subjects={**CASE_PLACES, K.PRODUCT: CASE_PRODUCT},
)  # fmt: skip
REFUNDS = Source(
    rows=with_case("cases_casepayment", "y"), item="'cases.case'", key="k.id", zone=ZONE, category="k.first_kind",
    touched_by=CASE_ROWS | {"cases.casepayment"}, subjects=CASE_PLACES,
)  # fmt: skip
REPAIRS = Source(
    rows=with_case("cases_repair", "re"), item="'cases.case'", key="k.id", zone=ZONE,
    touched_by=frozenset({"cases.repair"}),
    subjects={
        K.MERCHANT: Subject("coalesce(re.merchant_id, k.merchant_id)"),
        K.PRODUCT: Subject(
            "w.product_id",
            "JOIN cases_caseline kl ON kl.id = re.case_line_id "
            f"JOIN orders_orderline w ON w.id = kl.line_id {OF_PRODUCT}",
            category=CATEGORY,
        ),
        K.WORKSHOP: Subject(name=WORKSHOP, category="k.currency"),
    },
)  # fmt: skip
"""A repair is its merchant's; besides, where another does the work, that workshop's."""
LETTERS = Source(
    rows=f"cases_authoritycase a JOIN {_TICKET.replace(' t ', ' t ON t.id = a.ticket_id ', 1)}",
    item="'tickets.ticket'", key="t.id", zone=ZONE, touched_by=frozenset({"cases.authoritycase"}),
    subjects={
        K.MERCHANT: Subject("coalesce(a.merchant_id, t.merchant_id)"),
        K.PRODUCT: Subject("w.product_id", ORDERED, category=CATEGORY),
    },
)  # fmt: skip
