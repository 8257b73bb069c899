"""What happened is noted as a row to be counted again; the counting comes in batches, a little later."""

from datetime import datetime
from typing import Any

from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.ledger.models import Proposal
from aftersales.scorecards import services
from aftersales.scorecards.consequenceguards import MEASURE
from aftersales.scorecards.consequencestates import MeasureState
from aftersales.scorecards.models import MerchantMeasure

WITHDRAWN, UPHELD = "proposal.withdrawn", "proposal.upheld"
FELL = frozenset({"proposal.overturned", "proposal.reversed", WITHDRAWN})
LOADED = {
    "orders": "orders.order",
    "order_lines": "orders.orderline",
    "shipments": "orders.shipment",
    "reviews": "orders.review",
    "merchants": "merchants.merchant",
}
"""Sheets of trade data and of who sells, and the rows they load: one event tells of a whole run."""


def row_changed(event: Event, now: datetime) -> None:
    services.touch(subject_kind=event.subject_kind, subject_id=event.subject_id)


def penalty_changed(event: Event, now: datetime) -> None:
    """A penalty that was turned back in the ledger takes the measure with it that led to it.

    One that was withdrawn was not heard: its measure ends, and its fact goes on counting. One that was upheld is
    counted anew: breaches may have been left out while its appeal waited.
    """
    if event.kind not in FELL and event.kind != UPHELD:
        return
    proposal = Proposal.objects.filter(pk=event.subject_id, source_kind=MEASURE).first()
    if proposal is None:
        return
    who: dict[str, Any] = {"actor": system_user(now), "now": now}
    if event.kind == UPHELD:
        services.measure_recount(measure=proposal.source_id, **who)
        return
    reason = proposal.appeal_answer or event.reason or proposal.number
    if event.kind != WITHDRAWN:
        services.measure_follow(measure=proposal.source_id, reason=reason, fell_by=proposal.fell_by, **who)
        return
    acting = MerchantMeasure.objects.filter(pk=proposal.source_id, state=MeasureState.IN_FORCE)
    for row in acting.select_related("merchant", "rule"):
        services.measure_lift(measure=row, reason=event.reason or proposal.number, **who)


def breach_left_out(event: Event, now: datetime) -> None:
    """A measure does not stand on fewer breaches than its rule asks for, nor charges for one that does not count."""
    services.measures_recount(clock=int(event.payload["clock"]), actor=system_user(now), now=now)


def parcel_changed(event: Event, now: datetime) -> None:
    """No row remembers a parcel's earlier promise: a correction by hand lets overdue parcels be counted as a whole."""
    services.touch(subject_kind=event.subject_kind, subject_id=event.subject_id)
    if event.kind == "shipment.changed":
        services.touch(subject_kind="orders.promise")


def sheet_loaded(event: Event, now: datetime) -> None:
    if kind := LOADED.get(str(event.payload.get("sheet", ""))):
        services.touch(subject_kind=kind)
        if kind == "orders.shipment":
            services.touch(subject_kind="orders.promise")
