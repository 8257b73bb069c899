"""Orders, their lines and payments, as a source reported them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from aftersales.core import wording
from aftersales.core.models import PublicIdModel, VersionedModel

from ..querysets import LineQuerySet, OrderQuerySet, PaymentQuerySet
from ..states import InvoiceKind, InvoiceState, OrderStatus, PaymentMethod, ReturnRule, SalesMode
from .catalogue import Product
from .fields import grain, moment, money

# A contact that an order names stays reachable through its customer: no index of its own.
CONTACT: dict[str, Any] = {
    "to": "customers.Contact",
    "on_delete": models.PROTECT,
    "null": True,
    "blank": True,
    "related_name": "+",
    "db_index": False,
}


class Order(PublicIdModel, VersionedModel):
    """One order of one source. ``paid`` is gross (ever paid); ``refunded`` is what went back of it."""

    source = models.CharField(_("source"), max_length=40)
    external_no = models.CharField(_("order number"), max_length=64)
    market = models.ForeignKey(
        "standards.Market", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("market")
    )
    merchant = models.ForeignKey(
        "merchants.Merchant",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("merchant"),
        db_index=False,
        help_text=_("Empty when several merchants sell in one order."),
    )
    customer = models.ForeignKey(
        "customers.Customer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("customer"),
        db_index=False,
    )
    account = models.ForeignKey(
        "customers.CustomerAccount",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("customer account"),
    )
    payer = models.ForeignKey(
        "customers.Customer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders_paid",
        verbose_name=_("payer"),
        help_text=_("Empty: the customer paid."),
    )
    recipient = models.ForeignKey(
        "customers.Customer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders_received",
        verbose_name=_("recipient"),
        help_text=_("Empty: the customer receives."),
    )
    ship_name = models.ForeignKey(verbose_name=_("recipient name"), **CONTACT)
    ship_phone = models.ForeignKey(verbose_name=_("recipient phone"), **CONTACT)
    ship_address = models.ForeignKey(verbose_name=_("delivery address"), **CONTACT)
    ship_province = models.CharField(_("province"), max_length=60, blank=True, default="")
    ship_city = models.CharField(_("city"), max_length=80, blank=True, default="")
    ship_postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")

    status = models.CharField(
        _("order status"), max_length=12, choices=OrderStatus.choices, default=OrderStatus.CREATED
    )
    placed_at = models.DateTimeField(_("placed"))
    placed_grain = grain()
    paid_at = moment(_("paid at"))
    paid_grain = grain()
    completed_at = moment(_("completed"))
    completed_grain = grain()
    cancelled_at = moment(_("cancelled at"))
    cancelled_grain = grain()

    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    total = money(_("total"))
    freight = money(_("freight"))
    discount = money(_("discount"))
    paid = money(_("paid"), help_text=_("Gross: everything paid, refunds not taken off."))
    refunded = money(_("refunded"))

    is_presale = models.BooleanField(_("presale"), default=False)
    presale_deposit = money(_("presale deposit"))
    presale_final_due_at = moment(_("presale balance due"))
    cash_on_delivery = models.BooleanField(_("cash on delivery"), default=False)
    group_no = models.CharField(_("group purchase"), max_length=64, blank=True, default="")
    is_gift = models.BooleanField(_("gift"), default=False)
    cross_border = models.BooleanField(_("cross-border"), default=False)
    customs_no = models.CharField(_("customs declaration"), max_length=64, blank=True, default="")
    instalments = models.PositiveSmallIntegerField(_("instalments"), default=1)
    freight_insurance = models.BooleanField(_("freight insurance"), default=False)
    freight_insurance_no = models.CharField(_("insurance policy"), max_length=64, blank=True, default="")
    minor_buyer = models.BooleanField(_("bought by a minor"), default=False)
    invoice_kind = models.CharField(
        _("invoice kind"), max_length=12, choices=InvoiceKind.choices, blank=True, default=InvoiceKind.NONE
    )
    invoice_state = models.CharField(
        _("invoice state"), max_length=10, choices=InvoiceState.choices, blank=True, default=InvoiceState.NONE
    )
    invoice_title = models.CharField(_("invoice title"), max_length=120, blank=True, default="")
    invoice_tax_no = models.CharField(_("tax number"), max_length=40, blank=True, default="")
    invoice_no = models.CharField(_("invoice number"), max_length=40, blank=True, default="")
    invoiced_at = moment(_("invoiced at"))

    history = HistoricalRecords(
        excluded_fields=["invoice_title", "invoice_tax_no"],
        # Bulk loads write history too: one index (the order) is enough to read it.
        no_db_index=[
            *("public_id", "market", "merchant", "customer", "account", "payer", "recipient"),
            *("ship_name", "ship_phone", "ship_address"),
        ],
    )
    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_no"], name="order_once"),
            models.CheckConstraint(condition=~Q(source="") & ~Q(external_no=""), name="order_key_given"),
            models.CheckConstraint(
                condition=Q(total__gte=0, freight__gte=0, discount__gte=0, presale_deposit__gte=0),
                name="order_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0) & Q(refunded__lte=F("paid")), name="order_refunded_within_paid"
            ),
            models.CheckConstraint(condition=Q(instalments__gte=1), name="order_instalments_at_least_one"),
        ]
        indexes = [
            models.Index(fields=["external_no"], name="order_number"),
            models.Index(Collate(Reverse("external_no"), "C"), name="order_number_end"),
            models.Index(fields=["-placed_at", "-id"], name="order_newest"),
            models.Index(fields=["status", "-placed_at", "-id"], name="order_status_newest"),
            models.Index(fields=["merchant", "-placed_at", "-id"], name="order_merchant_newest"),
            models.Index(fields=["customer", "-placed_at", "-id"], name="order_customer_newest"),
            models.Index(fields=["group_no"], condition=~Q(group_no=""), name="order_group"),
        ]

    def __str__(self) -> str:
        return self.external_no


class OrderLine(VersionedModel):
    """One article of an order, with the price and the rules as they were at that moment."""

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="lines", verbose_name=_("order"), db_index=False
    )
    line_no = models.PositiveIntegerField(_("line number"))
    merchant = models.ForeignKey(
        "merchants.Merchant",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="lines",
        verbose_name=_("merchant"),
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="lines", verbose_name=_("product")
    )
    sales_mode = models.CharField(
        _("sold by"), max_length=12, choices=SalesMode.choices, default=SalesMode.THIRD_PARTY
    )
    product_name = models.CharField(_("product name"), max_length=200, blank=True, default="")
    sku = models.CharField(_("variant"), max_length=120, blank=True, default="")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    unit_price = money(_("unit price"))
    list_price = money(_("list price"))
    freight = money(_("freight share"))
    discount = money(_("discount share"))
    coupon = money(_("coupon share"))
    subsidy = money(_("platform subsidy share"))
    paid = money(_("paid"))
    refunded = money(_("refunded"))
    return_rule = models.CharField(
        _("return rule at purchase"), max_length=16, choices=ReturnRule.choices, blank=True, default=""
    )
    exception_confirmed = models.BooleanField(_("exception confirmed for this purchase"), default=False)
    exception_confirmed_at = moment(_("exception confirmed at"))
    serial_no = models.CharField(_("serial number"), max_length=80, blank=True, default="")
    batch_no = models.CharField(_("batch"), max_length=60, blank=True, default="")
    gift_parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="gifts", verbose_name=_("gift with")
    )
    dispatch_due_at = moment(_("seller's dispatch limit"))
    dispatch_due_grain = grain()

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "line_no"], name="line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_quantity_at_least_one"),
            models.CheckConstraint(
                condition=Q(
                    unit_price__gte=0,
                    list_price__gte=0,
                    freight__gte=0,
                    discount__gte=0,
                    coupon__gte=0,
                    subsidy__gte=0,
                ),
                name="line_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0) & Q(refunded__lte=F("paid")), name="line_refunded_within_paid"
            ),
        ]
        indexes = [
            models.Index(fields=["serial_no"], condition=~Q(serial_no=""), name="line_serial"),
            models.Index(fields=["batch_no"], condition=~Q(batch_no=""), name="line_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.line_no} · {self.product_name or self.sku}"


class Payment(VersionedModel):
    """One payment of an order. The payer gets the money back."""

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="payments", verbose_name=_("order"), db_index=False
    )
    sequence = models.PositiveIntegerField(_("sequence"))
    method = models.CharField(
        _("method"), max_length=20, choices=PaymentMethod.choices, default=PaymentMethod.UNKNOWN
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    amount = money(_("paid"))
    refunded = money(_("refunded"))
    instalments = models.PositiveSmallIntegerField(_("instalments"), default=1)
    payer = models.ForeignKey(
        "customers.Customer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        verbose_name=_("payer"),
    )
    external_ref = models.CharField(_("payment reference"), max_length=80, blank=True, default="")
    paid_at = moment(_("paid at"))
    paid_grain = grain()

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(fields=["order", "sequence"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="payment_not_negative"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0) & Q(refunded__lte=F("amount")),
                name="payment_refunded_within_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["external_ref"], condition=~Q(external_ref=""), name="payment_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {wording.money(self.amount, self.currency)}"
