"""Orders that a declared disaster struck: what failed because of it is left out of dispatch and delivery figures.

At which end a disaster excuses what stands in ``standards.states.EXCUSED_AT``, for orders as for obligations; by a
circumstance's places, time and choice of duties, as breaches are left out. Only what failed is left out: an order that
was in time all the same counts.
"""

from collections.abc import Mapping, Sequence

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aftersales.clocks.models import Circumstance
from aftersales.clocks.states import ExclusionCause
from aftersales.core.rulebook import RuleState
from aftersales.scorecards.metrics.counting import numbered
from aftersales.scorecards.metrics.declaring import Exclusion
from aftersales.scorecards.metrics.sources import arriving_by, sent_by
from aftersales.standards import selectors as rule_book
from aftersales.standards.states import EXCUSED_AT, Place, TradeDuty

CIRCUMSTANCES = Circumstance._meta.db_table
REASONS = {
    Place.DISPATCH: _("Left out: a declared disaster at the place of dispatch."),
    Place.DELIVERY: _("Left out: a declared disaster at the place of delivery."),
}
OF_LINES = (
    "IN (SELECT l.merchant_id FROM orders_orderline l WHERE l.order_id = o.id AND (s.merchant_id IS NULL OR "
    "l.merchant_id = s.merchant_id) UNION SELECT coalesce(s.merchant_id, o.merchant_id))"
)
"""Who may have sent a parcel, where the row is not one merchant's."""
ANYBODY = (
    "IN (SELECT l.merchant_id FROM orders_orderline l WHERE l.order_id = o.id UNION SELECT o.merchant_id)"
)
SELLER = "w.merchant_id"
SINCE = "coalesce(o.paid_at, o.placed_at)"
DUE = {TradeDuty.DISPATCH: sent_by, TradeDuty.DELIVERY: arriving_by}
"""Until when a seller owed it, or all of them: its time ran while the disaster lasted."""
STANDS = f"ci.state = '{RuleState.ACTIVE.value}'"
"""Whatever the hour: no figure moves because time passes."""


def code_of(place: Place) -> str:
    return f"struck_{place.value}"


def struck(duty: TradeDuty, failed: str) -> tuple[Exclusion, ...]:
    """What failed of a seller's part ``w`` of an order ``o`` while it was excused."""
    return _excused(duty, failed, f"= {SELLER}", DUE[duty](SELLER))


def struck_parcel(failed: str, seller: str = f"= {SELLER}") -> tuple[Exclusion, ...]:
    """What failed of one parcel ``s`` while its own promise ran and was excused. ``seller``: who may have sent it."""
    return _excused(TradeDuty.DELIVERY, failed, seller, "s.promised_at")


def _excused(duty: TradeDuty, failed: str, seller: str, due: str) -> tuple[Exclusion, ...]:
    """One exclusion for each end that excuses this duty."""
    return tuple(
        Exclusion(
            code_of(place), REASONS[place], f"({failed}) AND {_struck(duty, place, seller, due)}", place
        )
        for place in Place
        if place in EXCUSED_AT[duty]
    )


def _struck(duty: TradeDuty, place: Place, seller: str, due: str) -> str:
    return f"EXISTS (SELECT {_circumstances(duty, place, seller, due)})"


def _circumstances(duty: TradeDuty, place: Place, seller: str, due: str) -> str:
    chosen = (
        f"('{duty.value}' = ANY(ci.promises) OR cardinality(ci.promises) = 0 "
        f"AND ci.cause <> '{ExclusionCause.OUTAGE.value}')"
    )
    lasted = f"{SINCE} < ci.ends_at AND {due} >= ci.begins_at"
    if place == Place.DELIVERY:
        there = _there("o.ship_province", "o.ship_city")
        return f"FROM {CIRCUMSTANCES} ci WHERE {STANDS} AND {chosen} AND {lasted} AND {there}"
    everywhere = "cardinality(ci.provinces) + cardinality(ci.cities) = 0"
    return (
        f"FROM {CIRCUMSTANCES} ci JOIN merchants_merchant me ON me.id {seller} WHERE {STANDS} AND {chosen} "
        f"AND {lasted} AND ({everywhere} OR {_there('me.province', 'me.city')})"
    )


def _there(province: str, city: str) -> str:
    return f"({_among('ci.provinces', province, '省|市|自治区')} OR {_among('ci.cities', city, '市')})"


def _among(names: str, column: str, endings: str) -> str:
    """The same places as registers and orders write them: 河南 and 河南省 (``clocks.services.spellings``)."""
    return f"EXISTS (SELECT FROM unnest({names}) x WHERE {_bare('x', endings)} = {_bare(column, endings)})"


def _bare(name: str, endings: str) -> str:
    return rf"regexp_replace({name}, '^(..+?)({endings})$', '\1')"


def names(orders: Sequence[int]) -> Mapping[tuple[int, str], str]:
    """(order, code of the exclusion) → the circumstance that struck it, in the reader's language; one statement."""
    column = "name_en" if (get_language() or "").startswith("en") else "name_zh"
    source = f"FROM {CIRCUMSTANCES} ci"
    parts = [
        f"SELECT o.id, '{code_of(place)}', ci.{column} {_circumstances(duty, place, ANYBODY, DUE[duty](''))} "
        "AND o.id = ANY(%(ids)s)"
        for duty in TradeDuty
        for place in Place
        if place in EXCUSED_AT[duty]
    ]
    sql = " UNION ".join(
        part.replace(source, f"FROM orders_order o CROSS JOIN {CIRCUMSTANCES} ci", 1) for part in parts
    )
    sql = numbered(sql, "o.placed_at", rule_book.book())
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": list(orders)})
        return {(order, code): name for order, code, name in cursor.fetchall()}
