"""Import and export columns of trade data. What a marketplace reports is loaded as it is."""

from aftersales.core.sheets.resource import register, ship

from . import profiles
from .catalogue import CategorySheet, ProductSheet
from .orders import LineSheet, OrderSheet, PaymentSheet
from .parcels import ReviewSheet, ShipmentSheet

register(CategorySheet, ProductSheet, OrderSheet, LineSheet, PaymentSheet, ShipmentSheet, ReviewSheet)
ship(*profiles.SHIPPED)
