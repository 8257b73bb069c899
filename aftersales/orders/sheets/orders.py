"""Orders, their lines and payments."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.sheets.resource import Column, RowRule, SheetResource
from aftersales.core.sheets.widgets import (
    BoolWidget,
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    TextWidget,
    WholeWidget,
)

from ..models import Order, OrderLine, Payment
from ..states import InvoiceKind, InvoiceState, OrderStatus, PaymentMethod, ReturnRule, SalesMode
from .shared import amount, currency, merchant, moment, order_no, product, refund_rule, source


def _touched(table: str, ids: str) -> str:
    """The orders of some lines or payments, locked in the order of their keys."""
    return f"""touched AS MATERIALIZED (
            SELECT o.id, o.merchant_id, o.total, o.paid, o.refunded FROM orders_order o
            WHERE o.id = ANY(ARRAY(SELECT k.order_id FROM {table} k WHERE k.id = ANY({ids})))
            ORDER BY o.id FOR NO KEY UPDATE
        )"""


def order_from_lines(plan: Any, ids: str) -> str:
    """An order of one seller belongs to him, an order of several to none; an order without a total gets its lines'."""
    return f"""
        WITH {_touched("orders_orderline", ids)}, wanted AS MATERIALIZED (
            SELECT * FROM (
                SELECT o.id, o.merchant_id AS old_merchant, o.total AS old_total,
                    CASE WHEN s.first <> s.last THEN NULL ELSE coalesce(s.first, o.merchant_id) END AS merchant,
                    CASE WHEN o.total = 0 AND s.total > 0 THEN s.total ELSE o.total END AS total
                FROM touched o CROSS JOIN LATERAL (
                    SELECT min(l.merchant_id) AS first, max(l.merchant_id) AS last,
                        sum(l.unit_price * l.quantity + l.freight - l.discount - l.coupon - l.subsidy) AS total
                    FROM orders_orderline l WHERE l.order_id = o.id
                ) AS s
            ) AS x WHERE merchant IS DISTINCT FROM old_merchant OR total <> old_total
        ), made AS (
            UPDATE orders_order o SET merchant_id = w.merchant, total = w.total, version = o.version + 1
            FROM wanted w WHERE w.id = o.id AND o.id = ANY(ARRAY(SELECT id FROM wanted)) RETURNING o.*
        ){plan.history("made", "~", Order)} SELECT count(*) FROM made
    """


def order_from_payments(plan: Any, ids: str) -> str:
    """What was paid and refunded on an order is the sum of its payments."""
    return f"""
        WITH {_touched("orders_payment", ids)}, wanted AS MATERIALIZED (
            SELECT o.id, s.paid, s.refunded, CASE WHEN o.total = 0 THEN s.paid ELSE o.total END AS total
            FROM touched o CROSS JOIN LATERAL (
                SELECT sum(p.amount) AS paid, sum(p.refunded) AS refunded FROM orders_payment p WHERE p.order_id = o.id
            ) AS s WHERE o.paid <> s.paid OR o.refunded <> s.refunded
        ), made AS (
            UPDATE orders_order o SET paid = w.paid, refunded = w.refunded, total = w.total, version = o.version + 1
            FROM wanted w WHERE w.id = o.id AND o.id = ANY(ARRAY(SELECT id FROM wanted)) RETURNING o.*
        ){plan.history("made", "~", Order)} SELECT count(*) FROM made
    """


class OrderSheet(SheetResource):
    """Orders by source and number."""

    sheet, title, position = "orders", _("Orders"), 50
    key = ("source", "order_no")
    view_capability = "orders.view_order"
    rules = (
        refund_rule("paid"),
        RowRule(
            "other_merchant",
            ("merchant",),
            "t.id IS NOT NULL AND t.merchant_id IS NOT NULL AND {merchant} IS NOT NULL AND t.merchant_id <> {merchant}",
            _("This order belongs to another merchant."),
            _("Choose the merchant who sold it."),
        ),
    )

    source = Column("source", KeyWidget(40), _("Source"), required=True, example="tmall")
    order_no = Column(
        "external_no", KeyWidget(64), _("Order number"), required=True, example="3026111788410001"
    )
    merchant = merchant()
    account = Column(
        "account",
        LookupWidget(
            "customers.CustomerAccount",
            "external_id",
            also={"source": "source"},
            carries={"customer": "customer"},
        ),
        _("Account id"),
        example="",
    )
    customer = Column("customer", LookupWidget("customers.Customer"), _("Customer code"), example="C20001")
    status = Column("status", ChoiceWidget(OrderStatus.choices), _("Order status"), example="paid")
    placed_at = moment("placed_at", _("Placed"), "2026-11-19 14:31:08", required=True)
    paid_at = moment("paid_at", _("Paid at"), "2026-11-19 14:32:10")
    completed_at = moment("completed_at", _("Completed"), "")
    cancelled_at = moment("cancelled_at", _("Cancelled at"), "")
    currency = currency()
    total = amount("total", _("Total"), "299.00")
    freight = amount("freight", _("Freight"))
    discount = amount("discount", _("Discount"))
    paid = amount("paid", _("Paid (gross)"), "299.00")
    refunded = amount("refunded", _("Refunded"))
    province = Column("ship_province", TextWidget(60), _("Province"), example="浙江省")
    city = Column("ship_city", TextWidget(80), _("City"), example="杭州市")
    postcode = Column("ship_postcode", KeyWidget(20), _("Postcode"), example="310000")
    is_presale = Column("is_presale", BoolWidget(), _("Presale"), example="no")
    presale_deposit = amount("presale_deposit", _("Presale deposit"))
    presale_final_due_at = moment("presale_final_due_at", _("Presale balance due"), "", grain=False)
    cash_on_delivery = Column("cash_on_delivery", BoolWidget(), _("Cash on delivery"), example="no")
    group_no = Column("group_no", KeyWidget(64), _("Group purchase"))
    is_gift = Column("is_gift", BoolWidget(), _("Gift"), example="no")
    cross_border = Column("cross_border", BoolWidget(), _("Cross-border"), example="no")
    customs_no = Column("customs_no", KeyWidget(64), _("Customs declaration"))
    instalments = Column("instalments", WholeWidget(1, 999), _("Instalments"), example="1")
    freight_insurance = Column("freight_insurance", BoolWidget(), _("Freight insurance"), example="no")
    minor_buyer = Column("minor_buyer", BoolWidget(), _("Bought by a minor"), example="no")
    invoice_kind = Column("invoice_kind", ChoiceWidget(InvoiceKind.choices), _("Invoice kind"))
    invoice_state = Column("invoice_state", ChoiceWidget(InvoiceState.choices), _("Invoice state"))
    invoice_no = Column("invoice_no", KeyWidget(40), _("Invoice number"))

    class Meta:
        model = Order


class LineSheet(SheetResource):
    """Order lines by order and line number."""

    sheet, title, position = "order_lines", _("Order lines"), 60
    key = ("order_no", "line_no")
    view_capability = "orders.view_order"
    rules = (refund_rule("paid"),)
    after = (order_from_lines,)

    source = source()
    order_no = order_no()
    line_no = Column("line_no", WholeWidget(0), _("Line"), required=True, example="1")
    merchant = merchant()
    product = product()
    sales_mode = Column("sales_mode", ChoiceWidget(SalesMode.choices), _("Sold by"), example="third_party")
    product_name = Column("product_name", TextWidget(200), _("Product name"), example="电饭煲 4 升")
    sku = Column("sku", TextWidget(120), _("Variant"), example="白色")
    quantity = Column("quantity", WholeWidget(1), _("Quantity"), example="1")
    currency = currency()
    unit_price = amount("unit_price", _("Unit price"), "299.00")
    list_price = amount("list_price", _("List price"), "399.00")
    freight = amount("freight", _("Freight share"))
    discount = amount("discount", _("Discount share"))
    coupon = amount("coupon", _("Coupon share"))
    subsidy = amount("subsidy", _("Platform subsidy share"))
    paid = amount("paid", _("Paid"), "299.00")
    refunded = amount("refunded", _("Refunded"))
    return_rule = Column("return_rule", ChoiceWidget(ReturnRule.choices), _("Return rule at purchase"))
    exception_confirmed = Column(
        "exception_confirmed", BoolWidget(), _("Exception confirmed for this purchase"), example="no"
    )
    serial_no = Column("serial_no", KeyWidget(80), _("Serial number"))
    batch_no = Column("batch_no", KeyWidget(60), _("Batch"))
    dispatch_due_at = moment("dispatch_due_at", _("Seller's dispatch limit"), "2026-11-21 14:31:08")

    class Meta:
        model = OrderLine


class PaymentSheet(SheetResource):
    """Payments by order and sequence."""

    sheet, title, position = "payments", _("Payments"), 70
    key = ("order_no", "sequence")
    view_capability = "orders.view_order"
    rules = (refund_rule("amount"),)
    after = (order_from_payments,)

    source = source()
    order_no = order_no()
    sequence = Column("sequence", WholeWidget(0), _("Sequence"), required=True, example="1")
    method = Column("method", ChoiceWidget(PaymentMethod.choices), _("Payment method"), example="alipay")
    currency = currency()
    refunded = amount("refunded", _("Refunded"))
    amount = amount("amount", _("Paid"), "299.00")
    instalments = Column("instalments", WholeWidget(0, 999), _("Instalments"), example="1")
    external_ref = Column("external_ref", KeyWidget(80), _("Payment reference"), example="2026111922001")
    paid_at = moment("paid_at", _("Paid at"), "2026-11-19 14:32:10")

    class Meta:
        model = Payment
