"""What of this room merchants read: their orders, and of an order of several merchants their own lines."""

from aftersales.core.rowpolicies import show, through

show(
    "orders.Order",
    "orders_order.merchant_id = %(me)s OR EXISTS (SELECT FROM orders_orderline sold "
    "WHERE sold.order_id = orders_order.id AND sold.merchant_id = %(me)s)",
    hidden=("invoice_title", "invoice_tax_no", "customs_no", "ship_postcode"),
)
show("orders.OrderLine", "orders_orderline.merchant_id = %(me)s")
show("orders.Product", "orders_product.merchant_id = %(me)s OR orders_product.merchant_id IS NULL")
show("orders.Category", why="the categories of goods are the same for everybody")
show("orders.Shipment", "orders_shipment.merchant_id = %(me)s", hidden=("signed_by", "signed_place"))
show("orders.ShipmentLine", through("orders_shipmentline", "shipment_id", "orders_shipment"))
show("orders.TrackingEvent", through("orders_trackingevent", "shipment_id", "orders_shipment"))
show("orders.Review", "orders_review.merchant_id = %(me)s")
