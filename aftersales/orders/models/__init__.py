"""Trade data, keyed as the sources key it. Rows are never deleted."""

from .catalogue import Category, Product
from .order import Order, OrderLine, Payment
from .parcel import Shipment, ShipmentLine, TrackingEvent
from .review import Review

__all__ = [
    "Category",
    "Order",
    "OrderLine",
    "Payment",
    "Product",
    "Review",
    "Shipment",
    "ShipmentLine",
    "TrackingEvent",
]
