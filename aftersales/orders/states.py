"""Words about trade: where an order, a parcel and an invoice stand. The source owns these states."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class OrderStatus(TextChoices):
    """As the marketplace reports it; a load overwrites it, no machine guards it."""

    CREATED = "created", pgettext_lazy("order status", "Created")
    APPROVED = "approved", pgettext_lazy("order status", "Payment approved")
    PAID = "paid", pgettext_lazy("order status", "Paid")
    PROCESSING = "processing", pgettext_lazy("order status", "Being prepared")
    INVOICED = "invoiced", pgettext_lazy("order status", "Invoiced")
    SHIPPED = "shipped", pgettext_lazy("order status", "Shipped")
    DELIVERED = "delivered", pgettext_lazy("order status", "Delivered")
    COMPLETED = "completed", pgettext_lazy("order status", "Completed")
    CANCELED = "canceled", pgettext_lazy("order status", "Cancelled")
    UNAVAILABLE = "unavailable", pgettext_lazy("order status", "Unavailable")


FAILED = frozenset({OrderStatus.CANCELED, OrderStatus.UNAVAILABLE})
ORDER_COLOURS = {
    OrderStatus.CREATED: "grey",
    OrderStatus.APPROVED: "blue",
    OrderStatus.PAID: "blue",
    OrderStatus.PROCESSING: "blue",
    OrderStatus.INVOICED: "blue",
    OrderStatus.SHIPPED: "blue",
    OrderStatus.DELIVERED: "green",
    OrderStatus.COMPLETED: "green",
    OrderStatus.CANCELED: "bare",
    OrderStatus.UNAVAILABLE: "red",
}


class Grain(TextChoices):
    """How fine a time is known. A coarser time never overwrites an equal finer one."""

    EXACT = "exact", pgettext_lazy("time grain", "Exact")
    MINUTE = "minute", pgettext_lazy("time grain", "To the minute")
    DAY = "day", pgettext_lazy("time grain", "To the day")


class SalesMode(TextChoices):
    """E-commerce law §37: self-run and third-party sales are told apart."""

    SELF_RUN = "self_run", pgettext_lazy("sales mode", "Self-run")
    THIRD_PARTY = "third_party", pgettext_lazy("sales mode", "Third-party")


class ReturnRule(TextChoices):
    """Seven-day no-reason return by category: the right, the soft list, the hard list."""

    NO_REASON = "no_reason", pgettext_lazy("return rule", "No-reason return")
    SOFT_EXCEPTION = "soft_exception", pgettext_lazy("return rule", "Excluded if confirmed for this purchase")
    HARD_EXCEPTION = "hard_exception", pgettext_lazy("return rule", "Excluded by law")


class PaymentMethod(TextChoices):
    ALIPAY = "alipay", pgettext_lazy("payment method", "Alipay")
    WECHAT = "wechat", pgettext_lazy("payment method", "WeChat Pay")
    UNIONPAY = "unionpay", pgettext_lazy("payment method", "UnionPay")
    CREDIT_CARD = "credit_card", pgettext_lazy("payment method", "Credit card")
    DEBIT_CARD = "debit_card", pgettext_lazy("payment method", "Debit card")
    BANK_SLIP = "boleto", pgettext_lazy("payment method", "Bank slip")
    VOUCHER = "voucher", pgettext_lazy("payment method", "Voucher")
    BALANCE = "balance", pgettext_lazy("payment method", "Account balance")
    CASH_ON_DELIVERY = "cash_on_delivery", pgettext_lazy("payment method", "Cash on delivery")
    UNKNOWN = "not_defined", pgettext_lazy("payment method", "Not stated")


class InvoiceKind(TextChoices):
    NONE = "", pgettext_lazy("invoice", "None")
    ELECTRONIC = "electronic", pgettext_lazy("invoice", "Electronic")
    PAPER = "paper", pgettext_lazy("invoice", "Paper")
    VAT_SPECIAL = "vat_special", pgettext_lazy("invoice", "VAT special")


class InvoiceState(TextChoices):
    NONE = "", pgettext_lazy("invoice", "Not asked")
    ASKED = "asked", pgettext_lazy("invoice", "Asked")
    ISSUED = "issued", pgettext_lazy("invoice", "Issued")
    REVERSED = "reversed", pgettext_lazy("invoice", "Reversed")


class ShipmentStatus(TextChoices):
    PENDING = "pending", pgettext_lazy("parcel status", "Not handed over")
    IN_TRANSIT = "in_transit", pgettext_lazy("parcel status", "On the way")
    DELIVERED = "delivered", pgettext_lazy("parcel status", "Delivered")
    EXCEPTION = "exception", pgettext_lazy("parcel status", "Problem")
    RETURNED = "returned", pgettext_lazy("parcel status", "Sent back")
    LOST = "lost", pgettext_lazy("parcel status", "Lost")
    CANCELED = "canceled", pgettext_lazy("parcel status", "Cancelled")


SHIPMENT_COLOURS = {
    ShipmentStatus.PENDING: "grey",
    ShipmentStatus.IN_TRANSIT: "blue",
    ShipmentStatus.DELIVERED: "green",
    ShipmentStatus.EXCEPTION: "red",
    ShipmentStatus.RETURNED: "amber",
    ShipmentStatus.LOST: "red",
    ShipmentStatus.CANCELED: "bare",
}


class Signer(TextChoices):
    """Who took the parcel: by law a locker or a station needs the consent of the recipient."""

    UNKNOWN = "", pgettext_lazy("signed by", "Not stated")
    RECIPIENT = "recipient", pgettext_lazy("signed by", "Recipient")
    FAMILY = "family", pgettext_lazy("signed by", "Family or colleague")
    NEIGHBOUR = "neighbour", pgettext_lazy("signed by", "Neighbour")
    GUARD = "guard", pgettext_lazy("signed by", "Guard or reception")
    LOCKER = "locker", pgettext_lazy("signed by", "Parcel locker")
    STATION = "station", pgettext_lazy("signed by", "Parcel station")


NEEDS_CONSENT = frozenset({Signer.NEIGHBOUR, Signer.GUARD, Signer.LOCKER, Signer.STATION})
