"""Service: how fast tickets are answered and resolved, and whether they stay resolved.

Whoever contacts us again within the rule book's days was not helped: a day's figure settles only then. Each time a
ticket was resolved counts on its own day; of the time it took, only the last one (a reopening cancels it).
"""

from django.utils.translation import gettext_lazy as _

from aftersales.scorecards.metrics.declaring import Exclusion, Metric, Part
from aftersales.scorecards.metrics.genuine import GENUINE_ORDERS
from aftersales.scorecards.metrics.sources import EVENTS, PLACED, RESOLUTIONS, STATES, TICKETS
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way
from aftersales.tickets.machine import MACHINE
from aftersales.tickets.states import OPEN_STATES, CancelReason, Channel

K = SubjectKind
NOT_PRODUCTS = frozenset({K.MERCHANT, K.PERSON, K.TEAM, K.VENDOR})
TRADED = frozenset({K.MERCHANT, K.PRODUCT})
PRODUCTS = frozenset({K.PRODUCT})
OPENED, AT = ("t.opened_at",), ("e.at",)
CALLED_OFF = "({0}.state = 'cancelled' OR {0}.closed_how = 'cancelled')"
"""Once it is archived, only how it was closed still tells of it."""
NO_TICKET = (
    Exclusion("historic", _("Taken in from an older fact: nobody could keep it."), "t.historic"),
    Exclusion("merged", _("Merged: the ticket that goes on counts."), "t.state = 'merged'"),
    Exclusion(
        "cancelled", _("Cancelled: withdrawn, registered twice or by mistake."),
        CALLED_OFF.format("t"),
    ),
)  # fmt: skip
NOBODY_ASKED = Exclusion(
    "nobody_asked", _("Found by the department itself: nobody waited for an answer."),
    "t.channel IN ({})".format(", ".join(f"'{one.value}'" for one in (Channel.RULE, Channel.STAFF, Channel.SHEET))),
)  # fmt: skip

RESOLVED = "e.kind = 'ticket.resolved' AND e.subject_kind = 'tickets.ticket'"
OF_TICKET = f"FROM {EVENTS} n WHERE n.subject_kind = 'tickets.ticket' AND n.subject_id = t.id"
REOPENED = f"EXISTS (SELECT 1 {OF_TICKET} AND n.kind = 'ticket.reopened' AND n.id > e.id)"
QUIET = "@solved_quiet_days@ * interval '1 day'"
UNREAL = (
    f"{CALLED_OFF.format('n')} AND NOT EXISTS ("
    f"SELECT 1 FROM {EVENTS} w WHERE w.subject_kind = 'tickets.ticket' AND w.subject_id = n.id "
    f"AND w.kind = 'ticket.cancelled' AND w.payload->>'why' = '{CancelReason.WITHDRAWN.value}')"
)
"""A ticket with which no customer came: registered twice or by mistake. Who withdrew his had come."""
CAME_AGAIN = (
    f"(EXISTS (SELECT 1 {OF_TICKET} AND n.kind IN ('ticket.customer_wrote', 'ticket.reopened') AND n.id > e.id "
    f"AND n.at <= e.at + {QUIET}) OR EXISTS (SELECT 1 FROM tickets_ticket n WHERE n.customer_id = t.customer_id "
    f"AND n.id <> t.id AND n.opened_at > e.at AND n.opened_at <= e.at + {QUIET} "
    f"AND (n.order_id = t.order_id OR n.kind = t.kind) AND NOT n.historic AND NOT ({UNREAL})))"
)
ANSWERS = f"(SELECT count(*) {OF_TICKET} AND n.kind = 'ticket.replied' AND n.id < e.id)"
SAME_PROBLEM = (
    "EXISTS (SELECT 1 FROM tickets_ticket n JOIN orders_orderline a ON a.order_id = n.order_id "
    "JOIN orders_orderline b ON b.order_id = t.order_id AND b.product_id = a.product_id "
    "WHERE n.customer_id = t.customer_id AND n.kind = t.kind "
    "AND (n.opened_at, n.id) < (t.opened_at, t.id) AND n.state <> 'merged' "
    f"AND NOT {CALLED_OFF.format('n')} "
    "AND n.opened_at BETWEEN t.opened_at - @repeat_problem_days@ * interval '1 day' AND t.opened_at)"
)


def _took(until: str, since: str) -> str:
    return f"greatest(0, date_part('epoch', {until} - {since}))::int"


def _crossings() -> str:
    """Events with which a ticket becomes open or is open no more."""
    found = {"ticket.opened"}
    for move in MACHINE.moves:
        if {one in OPEN_STATES for one in move.sources} != {move.target in OPEN_STATES}:
            found.add(move.event)
    return ", ".join(f"'{event}'" for event in sorted(found))


_OPEN = ", ".join(f"'{str(state)}'" for state in OPEN_STATES)
CROSSED = f"(e.new IN ({_OPEN}))::int - (e.old IN ({_OPEN}))::int"

METRICS = (
    Metric(
        "tickets", _("Tickets"), _("Tickets opened."), _("tickets opened"), _("the same"),
        Way.COUNT, Direction.NEITHER, Unit.TICKETS, "R3.1", (Part(TICKETS, OPENED, "1", exclusions=NO_TICKET),),
    ),
    Metric(
        "response_time", _("Time to the first answer"),
        _("From registering to the first answer of a person, round the clock; by the day of registering."),
        _("seconds"), _("tickets answered"), Way.TIME, Direction.LOWER, Unit.SECONDS, "C1",
        (Part(
            TICKETS, OPENED, _took("t.first_reply_at", "t.opened_at"), where="t.first_reply_at IS NOT NULL",
            seconds=_took("t.first_reply_at", "t.opened_at"), exclusions=(*NO_TICKET, NOBODY_ASKED), only=NOT_PRODUCTS,
        ),),
    ),
    Metric(
        "handling_time", _("Handling time"),
        _("From registering to the last time it was resolved, round the clock; by the day of resolving."),
        _("seconds"), _("tickets resolved"), Way.TIME, Direction.LOWER, Unit.SECONDS, "C1",
        (Part(
            RESOLUTIONS, AT, _took("e.at", "t.opened_at"), where=f"{RESOLVED} AND NOT {REOPENED}",
            seconds=_took("e.at", "t.opened_at"), exclusions=NO_TICKET,
        ),),
    ),
    Metric(
        "resolution", _("Resolved for good"),
        _(
            "No second contact within the rule book's days: no word, no reopening, no new ticket about the order "
            "or of its kind."
        ),
        _("resolved without a second contact"), _("times resolved"),
        Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R3.4 · R6.2",
        (Part(RESOLUTIONS, AT, f"(NOT {CAME_AGAIN})::int", where=RESOLVED, exclusions=NO_TICKET, looks_around=True),),
        "solved_quiet_days",
    ),
    Metric(
        "reopened", _("Reopened"), _("Resolved and reopened later."), _("reopened"), _("times resolved"),
        Way.SHARE, Direction.LOWER, Unit.PERCENT, "C1",
        (Part(RESOLUTIONS, AT, f"({REOPENED})::int", where=RESOLVED, exclusions=NO_TICKET),), "reopen_days",
    ),
    Metric(
        "first_contact", _("Resolved at the first contact"),
        _("Resolved with one answer at most, and no second contact within the rule book's days."),
        _("resolved at the first contact"), _("times resolved"),
        Way.SHARE, Direction.HIGHER, Unit.PERCENT, "C1",
        (Part(
            RESOLUTIONS, AT, f"({ANSWERS} <= 1 AND NOT {CAME_AGAIN})::int", where=RESOLVED, exclusions=NO_TICKET,
            looks_around=True,
        ),), "solved_quiet_days",
    ),
    Metric(
        "repeat_problems", _("Repeat problems"),
        _("The same customer had the same sort of problem with the same article within the rule book's days before."),
        _("tickets that repeat an earlier one"), _("tickets opened"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "R6.2",
        (Part(TICKETS, OPENED, f"({SAME_PROBLEM})::int", exclusions=NO_TICKET, looks_around=True),),
    ),
    Metric(
        "problem_rate", _("Problems"),
        _("Tickets about orders with the article, against the orders of the same days."),
        _("tickets opened"), _("orders placed"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "R6.7 · C1",
        (
            Part(TICKETS, OPENED, "1", "0", exclusions=NO_TICKET, only=PRODUCTS),
            Part(PLACED, ("o.placed_at",), "0", exclusions=GENUINE_ORDERS, only=PRODUCTS),
        ),
    ),
    Metric(
        "complaint_rate", _("Complaints"), _("Tickets that are complaints, against the orders of the same days."),
        _("complaints"), _("orders placed"), Way.SHARE, Direction.LOWER, Unit.PER_TEN_THOUSAND, "R6.2 · R6.6",
        (
            Part(TICKETS, OPENED, "1", "0", "t.nature = 'complaint'", exclusions=NO_TICKET, only=TRADED),
            Part(PLACED, ("o.placed_at",), "0", exclusions=GENUINE_ORDERS),
        ),
    ),
    Metric(
        "backlog", _("Backlog"),
        _("Open tickets at the end of the day, reopened ones with them."),
        _("opened and reopened less ended"), _("nothing"), Way.STOCK, Direction.LOWER, Unit.TICKETS, "C1",
        (Part(STATES, AT, CROSSED, "0", f"e.subject_kind = 'tickets.ticket' AND e.kind IN ({_crossings()})",
              exclusions=NO_TICKET[:1]),),
    ),
)  # fmt: skip
