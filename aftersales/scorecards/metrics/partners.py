"""Partners: what carriers did with the parcels they were given, and workshops with the articles (R6.6, R4.3).

A carrier is known by the name on its parcels, a workshop by the name on its repairs, both without regard to case and
spaces around. What is counted of an order's parcel goes by the day of the purchase, as everything of orders does. A
ticket, case or payment is laid to each carrier that had the goods: where parcels say what lay in them, only to those.
Outsourced vendors have the figures of their teams.
"""

from django.utils.translation import gettext_lazy as _

from aftersales.cases.states import FoundCause, ParcelState, PaymentState, Side
from aftersales.orders.states import ShipmentStatus
from aftersales.scorecards.metrics.declaring import Metric, Part, Source, Subject
from aftersales.scorecards.metrics.genuine import GENUINE_ORDERS
from aftersales.scorecards.metrics.sources import MARKET, REPAIRS, SHIPMENTS, ZONE, with_case
from aftersales.scorecards.metrics.tickets import NO_TICKET
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way
from aftersales.tickets.states import Kind

K = SubjectKind
CARRIERS, WORKSHOPS = frozenset({K.CARRIER}), frozenset({K.WORKSHOP})
ORDER = ("o.placed_at",)
SENT = "s.shipped_at IS NOT NULL"
PARCEL = "orders.shipment"


def _carried(row: str, more: str = "") -> Subject:
    """The carriers that had goods of the order of ``row``: those of its own merchant's parcels, where they name one."""
    return Subject(
        name="w.carrier",
        join=(
            "CROSS JOIN LATERAL (SELECT DISTINCT upper(btrim(s.carrier)) AS carrier FROM orders_shipment s "
            f"WHERE s.order_id = {row}.order_id AND btrim(s.carrier) <> '' AND (s.merchant_id IS NULL "
            f"OR {row}.merchant_id IS NULL OR s.merchant_id = {row}.merchant_id){more}) w"
        ),
        category="''",
    )


OF_CASE = _carried(
    "k",
    " AND (NOT EXISTS (SELECT FROM orders_shipmentline n WHERE n.shipment_id = s.id) OR EXISTS (SELECT FROM "
    "orders_shipmentline n JOIN cases_caseline kl ON kl.line_id = n.line_id "
    "WHERE n.shipment_id = s.id AND kl.case_id = k.id))",
)
PROBLEMS = Source(
    rows=f"tickets_ticket t {MARKET.format('t')}", item="'tickets.ticket'", key="t.id", zone=ZONE,
    touched_by=frozenset({"tickets.ticket", PARCEL}), subjects={K.CARRIER: _carried("t")},
)  # fmt: skip
DAMAGES = Source(
    rows=f"cases_case k {MARKET.format('k')}", item="'cases.case'", key="k.id", zone=ZONE,
    touched_by=frozenset({"cases.case", "cases.caseparcel", PARCEL}), subjects={K.CARRIER: OF_CASE},
)  # fmt: skip
RULED = Source(
    rows=with_case("cases_dispute", "d"), item="'cases.case'", key="k.id", zone=ZONE,
    touched_by=frozenset({"cases.case", "cases.dispute", PARCEL}), subjects={K.CARRIER: OF_CASE},
)  # fmt: skip
BORNE = Source(
    rows=with_case("cases_casepayment", "y"), item="'cases.case'", key="k.id", zone=ZONE,
    touched_by=frozenset({"cases.case", "cases.casepayment", PARCEL}),
    subjects={K.CARRIER: Subject(OF_CASE.key, OF_CASE.join, OF_CASE.name, "k.currency")},
)  # fmt: skip
CASE_PARCELS = Source(
    rows=with_case("cases_caseparcel", "cp"), item="'cases.case'", key="k.id", zone=ZONE,
    touched_by=frozenset({"cases.caseparcel"}), subjects={K.CARRIER: Subject(name="upper(btrim(cp.carrier))")},
)  # fmt: skip
"""Parcels of cases: what comes back, and what goes out instead."""

TOOK = "greatest(0, extract(epoch FROM s.delivered_at - s.shipped_at))::int"
DAMAGED = (
    "EXISTS (SELECT FROM cases_parcelitem i JOIN cases_caseline kl ON kl.id = i.case_line_id "
    f"WHERE kl.case_id = k.id AND i.cause = '{FoundCause.CARRIER.value}')"
)
FAULT = "(SELECT g.fault_carrier FROM cases_ruling g WHERE g.dispute_id = d.id ORDER BY g.id DESC LIMIT 1)"


def _of_parcels(num: str, where: str, den: str = "1", seconds: str = "") -> Part:
    return Part(
        SHIPMENTS, ORDER, num, den, where=where, seconds=seconds, exclusions=GENUINE_ORDERS, only=CARRIERS
    )


METRICS = (
    Metric(
        "parcels", _("Parcels"), _("Parcels of orders that were handed to the carrier."),
        _("parcels handed over"), _("the same"), Way.COUNT, Direction.NEITHER, Unit.PARCELS, "R6.6",
        (_of_parcels("1", SENT),),
    ),
    Metric(
        "carriage_time", _("Time on the way"), _("From the hand-over to the carrier to the delivery, round the clock."),
        _("seconds"), _("parcels delivered"), Way.TIME, Direction.LOWER, Unit.SECONDS, "R6.6 · P3",
        (_of_parcels(TOOK, f"{SENT} AND s.delivered_at IS NOT NULL", seconds=TOOK),),
    ),
    Metric(
        "lost_parcels", _("Lost"),
        _("Parcels of orders that are lost, by the day of the purchase; of returns, by the day they were sent."),
        _("parcels lost"), _("parcels handed over"), Way.SHARE, Direction.LOWER, Unit.PER_TEN_THOUSAND, "R6.6 · R4.3",
        (
            _of_parcels(f"(s.status = '{ShipmentStatus.LOST.value}')::int", SENT),
            Part(CASE_PARCELS, ("cp.shipped_at",), f"(cp.state = '{ParcelState.LOST.value}')::int"),
        ),
    ),
    Metric(
        "carrier_damage", _("Damaged on the way"),
        _("Cases in which the inspection found damage by the carrier, against the parcels delivered on the same days."),
        _("cases with damage by the carrier"), _("parcels delivered"),
        Way.SHARE, Direction.LOWER, Unit.PER_TEN_THOUSAND, "R6.6 · R4.3",
        (
            Part(DAMAGES, ("k.asked_at",), "1", "0", DAMAGED),
            _of_parcels("0", f"{SENT} AND s.delivered_at IS NOT NULL"),
        ),
    ),
    Metric(
        "carrier_problems", _("Problems on the way"),
        _("Tickets about delivery, against the parcels handed over of the same days."),
        _("tickets about delivery"), _("parcels handed over"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "R6.7 · R6.6",
        (
            Part(PROBLEMS, ("t.opened_at",), "1", "0", f"t.kind = '{Kind.LOGISTICS.value}'", exclusions=NO_TICKET),
            _of_parcels("0", SENT),
        ),
    ),
    Metric(
        "carrier_at_fault", _("Carrier at fault"),
        _("Disputes about its parcels in which the last ruling lays a part of the fault to the carrier."),
        _("rulings against the carrier"), _("disputes ruled on"),
        Way.SHARE, Direction.LOWER, Unit.PERCENT, "R6.6 · R4.7",
        (Part(RULED, ("d.ruled_at",), f"({FAULT} > 0)::int", where=f"{FAULT} IS NOT NULL"),),
    ),
    Metric(
        "carrier_bears", _("Borne by the carrier"),
        _("What was paid to customers and is the carrier's to bear, a payment on average; by the day it was paid."),
        _("borne by the carrier"), _("payments"), Way.MEAN, Direction.LOWER, Unit.MONEY, "R6.6 · R4.10",
        (Part(
            BORNE, ("y.paid_at",), "round(100 * y.amount)::bigint",
            where=f"y.state = '{PaymentState.SUCCEEDED.value}' AND y.borne_by = '{Side.CARRIER.value}'",
        ),),
    ),
    Metric(
        "repairs", _("Repairs"), _("Articles that came to the workshop."), _("articles taken in"), _("the same"),
        Way.COUNT, Direction.NEITHER, Unit.REPAIRS, "R4.3", (Part(REPAIRS, ("re.received_at",), "1", only=WORKSHOPS),),
    ),
    Metric(
        "repair_diagnosis", _("Diagnoses that were right"),
        _("The cause found is the one that was suspected; by the day it was found."),
        _("diagnoses that were right"), _("causes found"), Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R4.3",
        (Part(
            REPAIRS, ("re.found_at",), "(re.suspected = re.found)::int", where="re.suspected <> '' AND re.found <> ''",
            only=WORKSHOPS,
        ),),
    ),
    Metric(
        "repair_quote", _("Quoted for a repair"), _("Parts and labour as the customer was quoted them, on average."),
        _("quoted"), _("repairs quoted"), Way.MEAN, Direction.LOWER, Unit.MONEY, "R4.3",
        (Part(REPAIRS, ("re.quoted_at",), "round(100 * re.quoted)::bigint", only=WORKSHOPS),),
    ),
)  # fmt: skip
