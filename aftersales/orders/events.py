"""What happens to trade data. Loads write one event a run; corrections by hand one each."""

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind, register

register(
    Kind("order.created", sentence=_("%(actor)s recorded the order.")),
    Kind("order.changed", sentence=_("%(actor)s corrected the order.")),
    Kind(
        "order.refunded",
        sentence=_("%(amount)s of the order was paid back."),
        payload={"amount": "amount", "currency": "code"},
    ),
    Kind(
        "order.refund_returned",
        sentence=_("%(amount)s that had been paid back came in again."),
        payload={"amount": "amount", "currency": "code"},
    ),
    Kind("order.loaded", sentence=_("%(actor)s loaded orders from a sheet.")),
    Kind("order_line.created", sentence=_("%(actor)s recorded an order line.")),
    Kind("order_line.changed", sentence=_("%(actor)s corrected an order line.")),
    Kind("order_line.loaded", sentence=_("%(actor)s loaded order lines from a sheet.")),
    Kind("payment.created", sentence=_("%(actor)s recorded a payment.")),
    Kind("payment.changed", sentence=_("%(actor)s corrected a payment.")),
    Kind("payment.loaded", sentence=_("%(actor)s loaded payments from a sheet.")),
    Kind("shipment.created", sentence=_("%(actor)s recorded a parcel.")),
    Kind("shipment.changed", sentence=_("%(actor)s corrected a parcel.")),
    Kind("shipment.loaded", sentence=_("%(actor)s loaded parcels from a sheet.")),
    Kind("review.created", sentence=_("%(actor)s recorded a review.")),
    Kind("review.loaded", sentence=_("%(actor)s loaded reviews from a sheet.")),
    Kind("product.created", sentence=_("%(actor)s created the product.")),
    Kind("product.changed", sentence=_("%(actor)s changed the product.")),
    Kind("product.loaded", sentence=_("%(actor)s loaded products from a sheet.")),
    Kind("category.created", sentence=_("%(actor)s created the category.")),
    Kind("category.changed", sentence=_("%(actor)s changed the category.")),
)
