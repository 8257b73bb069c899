"""Trade: what became of orders, and what customers gave for them. The day is that of the purchase in the market's zone.

What failed because of a declared disaster, at the place of dispatch or of delivery, is left out with that reason.
Nothing here moves because time passes: an order that was never sent shows in *undelivered*, and once its promise is
over in *overdue*, on the promised day.
"""

from django.utils.translation import gettext_lazy as _

from aftersales.scorecards.metrics.declaring import Exclusion, Metric, Part
from aftersales.scorecards.metrics.genuine import GENUINE_ORDERS, GENUINE_REVIEWS
from aftersales.scorecards.metrics.sources import ARRIVED, LATE_DAY, LIMIT, ORDERS, PLACED, REVIEWS, SHIPMENTS
from aftersales.scorecards.metrics.struck import OF_LINES, struck, struck_parcel
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way
from aftersales.standards.states import TradeDuty

K = SubjectKind
MERCHANTS = frozenset({K.MERCHANT})
CARRIERS = frozenset({K.CARRIER})
SENT_LATE = "coalesce(p.sent_late, false)"
ORDER = ("o.placed_at",)
OPEN = "('created', 'approved', 'paid', 'processing', 'invoiced', 'shipped')"
HANDED_OVER_LATE = Exclusion(
    "handed_over_late", _("The seller handed it over late: the carrier is not to blame."), f"s.shipped_at > {LIMIT}"
)  # fmt: skip


DISPATCH, DELIVERY = TradeDuty.DISPATCH, TradeDuty.DELIVERY
LATE = struck(DELIVERY, "p.late_day")
LATE_TO_THE_SECOND = struck(DELIVERY, "p.late")


def _of_orders(num: str, where: str = "true", excused: tuple[Exclusion, ...] = ()) -> Part:
    exclusions = (*GENUINE_ORDERS, *excused)
    return Part(ORDERS, ORDER, f"({num})::int", where=where, exclusions=exclusions, only=MERCHANTS)


def _overdue(only: frozenset[SubjectKind], excused: tuple[Exclusion, ...]) -> Part:
    return Part(
        SHIPMENTS, ("s.promised_at",), "1", where=f"s.delivered_at IS NULL AND o.status IN {OPEN}",
        exclusions=(*GENUINE_ORDERS, *excused), only=only,
    )  # fmt: skip


METRICS = (
    Metric(
        "orders", _("Orders"), _("Orders with at least one article of the seller."),
        _("orders placed"), _("the same"), Way.COUNT, Direction.NEITHER, Unit.ORDERS, "R2.3",
        (Part(PLACED, ORDER, "1", exclusions=GENUINE_ORDERS),),
    ),
    Metric(
        "dispatch_in_time", _("Dispatch in time"),
        _(
            "The seller handed the parcel to the carrier by his limit, as it was when the order was placed: a "
            "promotion may give more time. A parcel that names no seller counts for each of the order, against the "
            "last limit of all."
        ),
        _("orders handed over in time"), _("orders handed over that have a limit"),
        Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R6.6 · P3",
        (_of_orders("NOT p.sent_late", "p.sent_late IS NOT NULL", struck(DISPATCH, "p.sent_late")),),
    ),
    Metric(
        "delivery_in_time", _("Delivery in time"),
        _("Delivered on the promised calendar day or before, in the market's zone."),
        _("orders delivered by the promised day"), _("orders delivered"),
        Way.SHARE, Direction.HIGHER, Unit.PERCENT, "R2.6 · P3",
        (
            _of_orders("NOT p.late_day", ARRIVED, LATE),
            Part(
                SHIPMENTS, ORDER, f"(NOT {LATE_DAY})::int",
                where="s.delivered_at IS NOT NULL AND s.promised_at IS NOT NULL",
                exclusions=(*GENUINE_ORDERS, HANDED_OVER_LATE, *struck_parcel(LATE_DAY, OF_LINES)), only=CARRIERS,
            ),
        ),
    ),
    Metric(
        "late_to_the_second", _("Delivered after the promised moment"),
        _("Delivered after the promised moment, to the second: a promise to the day ends with its first second."),
        _("orders delivered after the promised moment"), _("orders delivered"),
        Way.SHARE, Direction.LOWER, Unit.PERCENT, "R2.6", (_of_orders("p.late", ARRIVED, LATE_TO_THE_SECOND),),
    ),
    Metric(
        "late_by_seller", _("Late by the seller"),
        _("Delivered after the promised day, and handed over late: the seller's part of late deliveries."),
        _("late orders that were handed over late"), _("orders delivered"), Way.SHARE, Direction.LOWER, Unit.PERCENT,
        "R6.6", (_of_orders(f"p.late_day AND {SENT_LATE}", ARRIVED, LATE),),
    ),
    Metric(
        "late_by_carrier", _("Late on the way"),
        _("Delivered after the promised day although handed over in time, or without a known limit."),
        _("late orders that were handed over in time"), _("orders delivered"), Way.SHARE, Direction.LOWER, Unit.PERCENT,
        "R6.6", (_of_orders(f"p.late_day AND NOT {SENT_LATE}", ARRIVED, LATE),),
    ),
    Metric(
        "undelivered", _("Undelivered"), _("Not delivered, or without a moment of delivery."),
        _("orders that did not arrive"), _("orders"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "R2.6",
        (_of_orders(f"({ARRIVED}) IS NOT TRUE", excused=struck(DELIVERY, f"({ARRIVED}) IS NOT TRUE")),),
    ),
    Metric(
        "overdue", _("Overdue"),
        _("Parcels under way or not yet sent whose promise is over, on the promised day; cancelled orders are none."),
        _("parcels past their promise"), _("the same"), Way.COUNT, Direction.LOWER, Unit.ORDERS, "R2.6",
        (_overdue(MERCHANTS, struck_parcel("true")), _overdue(CARRIERS, struck_parcel("true", OF_LINES))),
    ),
    Metric(
        "mean_score", _("Mean score of reviews"), _("Mean of the stars of all reviews, by the day they were written."),
        _("sum of the stars"), _("reviews"), Way.MEAN, Direction.HIGHER, Unit.STARS, "R6.3",
        (Part(REVIEWS, ("r.written_at",), "r.score", exclusions=GENUINE_REVIEWS),),
    ),
    Metric(
        "low_rating_share", _("Low ratings"), _("Reviews with as few stars as the rule book calls low."),
        _("low reviews"), _("reviews"), Way.SHARE, Direction.LOWER, Unit.PERCENT, "R6.3",
        (Part(REVIEWS, ("r.written_at",), "(r.score <= @low_star_threshold@)::int", exclusions=GENUINE_REVIEWS),),
    ),
)  # fmt: skip
