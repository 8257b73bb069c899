"""Column profiles of other platforms: Olist's published files, a Tmall order report."""

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Text
from aftersales.core.sheets.resource import ShippedProfile

SAO_PAULO = "America/Sao_Paulo"


def olist(sheet: str, name: Text, file: str, **spec: object) -> ShippedProfile:
    return ShippedProfile("olist", sheet, name, {"zone": SAO_PAULO, **spec}, source=file)


SHIPPED = (
    olist(
        "categories",
        _("Olist: category names"),
        "product_category_name_translation.csv",
        columns={"product_category_name": "code", "product_category_name_english": "name_en"},
    ),
    olist(
        "products",
        _("Olist: products"),
        "olist_products_dataset.csv",
        columns={
            "product_id": "code",
            "product_category_name": "category",
            "product_name_lenght": None,
            "product_description_lenght": None,
            "product_photos_qty": None,
            "product_weight_g": "weight_g",
            "product_length_cm": "length_cm",
            "product_height_cm": "height_cm",
            "product_width_cm": "width_cm",
        },
    ),
    olist(
        "orders",
        _("Olist: orders"),
        "olist_orders_dataset.csv",
        columns={
            "order_id": "order_no",
            "customer_id": "account",
            "order_status": "status",
            "order_purchase_timestamp": "placed_at",
            "order_approved_at": "paid_at",
            "order_delivered_carrier_date": None,
            "order_delivered_customer_date": None,
            "order_estimated_delivery_date": None,
        },
        constants={"source": "olist", "currency": "BRL"},
    ),
    olist(
        "shipments",
        _("Olist: orders as parcels"),
        "olist_orders_dataset.csv",
        columns={
            "order_id": "order_no",
            "customer_id": None,
            "order_status": None,
            "order_purchase_timestamp": None,
            "order_approved_at": None,
            "order_delivered_carrier_date": "shipped_at",
            "order_delivered_customer_date": "delivered_at",
            "order_estimated_delivery_date": "promised_at",
        },
        constants={"source": "olist", "number": "1"},
        grains={"promised_at": "day"},
        first_filled={
            "status": [
                ["order_delivered_customer_date", "delivered"],
                ["order_delivered_carrier_date", "in_transit"],
                ["", "pending"],
            ]
        },
    ),
    olist(
        "order_lines",
        _("Olist: order items"),
        "olist_order_items_dataset.csv",
        columns={
            "order_id": "order_no",
            "order_item_id": "line_no",
            "product_id": "product",
            "seller_id": "merchant",
            "shipping_limit_date": "dispatch_due_at",
            "price": "unit_price",
            "freight_value": "freight",
        },
        constants={"source": "olist", "currency": "BRL"},
        sums={"paid": ["price", "freight_value"]},
    ),
    olist(
        "payments",
        _("Olist: payments"),
        "olist_order_payments_dataset.csv",
        columns={
            "order_id": "order_no",
            "payment_sequential": "sequence",
            "payment_type": "method",
            "payment_installments": "instalments",
            "payment_value": "amount",
        },
        constants={"source": "olist", "currency": "BRL"},
    ),
    olist(
        "reviews",
        _("Olist: reviews"),
        "olist_order_reviews_dataset.csv",
        columns={
            "review_id": "review_id",
            "order_id": "order_no",
            "review_score": "score",
            "review_comment_title": "title_text",
            "review_comment_message": "body",
            "review_creation_date": "written_at",
            "review_answer_timestamp": "answered_at",
        },
        constants={"source": "olist"},
        grains={"written_at": "day"},
    ),
    ShippedProfile(
        "tmall",
        "orders",
        _("Tmall: order report"),
        {
            "columns": {
                "订单编号": "order_no",
                "总金额": "total",
                "买家实际支付金额": None,
                "收货地址": "province",
                "订单创建时间": "placed_at",
                "订单付款时间": "paid_at",
                "退款金额": "refunded",
            },
            # The report says what the buyer paid net of refunds; ours is gross.
            "sums": {"paid": ["买家实际支付金额", "退款金额"]},
            "first_filled": {"status": [["订单付款时间", "paid"], ["", "created"]]},
            "constants": {"source": "tmall", "currency": "CNY"},
            "chosen": ["merchant"],
            "zone": "Asia/Shanghai",
        },
        source="tmall_order_report.csv",
    ),
)
