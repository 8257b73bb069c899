"""What happened is noted as a row to be counted again; the counting comes in batches, a little later."""

from datetime import datetime

from aftersales.core.models import Event
from aftersales.scorecards import services

LOADED = {
    "orders": "orders.order",
    "order_lines": "orders.orderline",
    "shipments": "orders.shipment",
    "reviews": "orders.review",
}
"""Sheets of trade data, and the rows they load: one event tells of a whole run."""


def row_changed(event: Event, now: datetime) -> None:
    services.touch(subject_kind=event.subject_kind, subject_id=event.subject_id)


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
