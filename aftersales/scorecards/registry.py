"""What this room tells the machinery at start-up: whose events move its figures, what rules may hang on."""

from django.utils.translation import gettext_lazy as _

from aftersales.core import deliveries
from aftersales.ledger import raisers, sections
from aftersales.merchants import duties
from aftersales.scorecards import agreed, consumers, filesections
from aftersales.scorecards.rewards import gauges

ROWS = {
    "tickets": "ticket.*",
    "breaches": "clock.breached",
    "restored": "clock.restored",
    "revived": "clock.revived",
    "excluded": "clock.excluded",
    "counted_again": "clock.counted_again",
    "cases": "case.*",
    "case_parcels": "case_parcel.*",
    "disputes": "dispute.*",
    "payments": "payment.*",
    "repairs": "repair.*",
    "letters": "authority.*",
    "circumstances": "rule.*",
    "merchants": "merchant.changed",
    "orders": "order.*",
    "lines": "order_line.*",
    "reviews": "review.*",
}
"""What a disaster struck is left out: of rules only circumstances are counted, of merchants only their place,
which they have before they sell.

Clocks end with a move of what they are about, or run out by themselves: their other events add nothing."""


def connect() -> None:
    for one in agreed.counted():
        duties.declare(one)
    for raiser in gauges.declared():
        raisers.declare(raiser)
    gauges.declare_words()
    for section in (filesections.score_of_person, filesections.months_of_person):
        sections.add("person", section)
    sections.add("merchant", filesections.months_of_merchant)
    name = _("Note what scorecards count again")
    for consumer, pattern in ROWS.items():
        deliveries.subscribe(f"scorecards.{consumer}", pattern, consumers.row_changed, name)
    deliveries.subscribe("scorecards.parcels", "shipment.*", consumers.parcel_changed, name)
    deliveries.subscribe("scorecards.sheets", "sheet.applied", consumers.sheet_loaded, name)
    deliveries.subscribe("scorecards.half_sheets", "sheet.stopped", consumers.sheet_loaded, name)
