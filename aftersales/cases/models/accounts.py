"""What may still be claimed and paid back of an order: one row each for the order, its lines and its payments.

The rows are locked in this order (order, lines, payments, each by key) before anything is granted, and their CHECKs
hold without any lock: never more pieces than were bought, never more money than was paid, freight once only.
"""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import bounds
from aftersales.cases.querysets import AccountQuerySet
from aftersales.orders.models import Order, OrderLine, Payment

ZERO = Decimal(0)


def amount(label: object, **options: object) -> models.DecimalField:
    """An amount in the currency of the row, never negative."""
    return models.DecimalField(label, max_digits=14, decimal_places=2, default=ZERO, **options)  # type: ignore[arg-type]


class OrderAccount(models.Model):
    """Money of one order: ``paid`` gross, ``before`` given back outside our cases, ``granted`` by them."""

    order = models.OneToOneField(
        Order, models.PROTECT, primary_key=True, related_name="account_of_cases", verbose_name=_("order")
    )
    currency = models.CharField(_("currency"), max_length=3)
    paid = amount(_("paid"))
    before = amount(_("refunded elsewhere"))
    granted = amount(_("granted"))
    freight = amount(_("freight paid"))
    freight_granted = amount(_("freight granted"))

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account of an order")
        verbose_name_plural = _("accounts of orders")
        triggers = bounds.order_account_triggers()
        constraints = [
            models.CheckConstraint(
                condition=Q(granted__gte=0) & Q(before__gte=0) & Q(paid__gte=F("before") + F("granted")),
                name="order_granted_within_paid",
            ),
            models.CheckConstraint(
                condition=Q(freight_granted__gte=0) & Q(freight_granted__lte=F("freight")),
                name="order_freight_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}"

    @property
    def left(self) -> Decimal:
        """What may still be given back of this order."""
        return self.paid - self.before - self.granted

    @property
    def freight_left(self) -> Decimal:
        return self.freight - self.freight_granted


class LineAccount(models.Model):
    """Pieces and money of one order line."""

    line = models.OneToOneField(
        OrderLine,
        models.PROTECT,
        primary_key=True,
        related_name="account_of_cases",
        verbose_name=_("order line"),
    )
    bought = models.PositiveIntegerField(_("bought"))
    claimed = models.PositiveIntegerField(_("claimed"), default=0)
    paid = amount(_("paid for the goods"))
    claimed_value = amount(_("value of the claimed pieces"))
    before = amount(_("refunded elsewhere"))
    granted = amount(_("granted"))

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account of an order line")
        verbose_name_plural = _("accounts of order lines")
        triggers = bounds.line_account_triggers()
        constraints = [
            models.CheckConstraint(
                condition=Q(claimed__lte=F("bought"))
                & Q(claimed_value__gte=0)
                & Q(claimed_value__lte=F("paid")),
                name="line_claimed_within_bought",
            ),
            models.CheckConstraint(
                condition=Q(granted__gte=0) & Q(before__gte=0) & Q(paid__gte=F("before") + F("granted")),
                name="line_granted_within_paid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}"

    @property
    def free(self) -> int:
        """Pieces that no case has taken."""
        return self.bought - self.claimed

    @property
    def left(self) -> Decimal:
        return self.paid - self.before - self.granted


class TenderAccount(models.Model):
    """What may still go back the way one payment of the order came."""

    payment = models.OneToOneField(
        Payment, models.PROTECT, primary_key=True, related_name="account_of_cases", verbose_name=_("payment")
    )
    paid = amount(_("paid"))
    before = amount(_("refunded elsewhere"))
    granted = amount(_("granted"))

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account of a payment")
        verbose_name_plural = _("accounts of payments")
        constraints = [
            models.CheckConstraint(
                condition=Q(granted__gte=0) & Q(before__gte=0) & Q(paid__gte=F("before") + F("granted")),
                name="tender_granted_within_paid",
            )
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}"

    @property
    def left(self) -> Decimal:
        return self.paid - self.before - self.granted
