"""Which trade data a person may see, and the lists that pages and rules ask for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, Value, When

from aftersales.merchants.models import Merchant

from .states import FAILED, Grain

DAY = timedelta(days=1)


class TradeQuerySet(models.QuerySet[Any]):
    """Staff with ``view_capability`` see all rows; a merchant's people see the rows ``own`` leaves them."""

    view_capability = "orders.view_order"

    def visible_to(self, user: Any) -> Self:
        if user is None or not user.is_active:
            return self.none()
        if user.has_perm(self.view_capability):
            return self
        return self.own(Merchant.objects.of_member(user).values("pk"))

    def own(self, merchants: Any) -> Self:
        return self.filter(merchant__in=merchants)


class CategoryQuerySet(TradeQuerySet):
    view_capability = "orders.view_category"

    def own(self, merchants: Any) -> Self:
        return self.none()


class ProductQuerySet(TradeQuerySet):
    view_capability = "orders.view_product"


class OrderQuerySet(TradeQuerySet):
    def own(self, merchants: Any) -> Self:
        """Orders of the merchant and mixed orders in which he sells at least one line."""
        lines = self.model._meta.get_field("lines").related_model
        with_line = lines._default_manager.filter(merchant__in=merchants).values("order_id")
        return self.filter(Q(merchant__in=merchants) | Q(merchant=None, pk__in=with_line))

    def numbered(self, external_no: str) -> Self:
        return self.filter(external_no=external_no)

    def newest(self) -> Self:
        return self.order_by("-placed_at", "-id")

    def paid_but_failed(self) -> Self:
        """Paid orders that the platform cancelled or could not deliver (intake rule of R3.1)."""
        return self.filter(status__in=FAILED, paid__gt=F("refunded"))

    def of_customer(self, customer_id: int) -> Self:
        return self.filter(customer_id=customer_id)


class LineQuerySet(TradeQuerySet):
    pass


class PaymentQuerySet(TradeQuerySet):
    def own(self, merchants: Any) -> Self:
        """Payments of a mixed order stay with the platform."""
        return self.filter(order__merchant__in=merchants)


class ShipmentQuerySet(TradeQuerySet):
    def own(self, merchants: Any) -> Self:
        return self.filter(Q(merchant__in=merchants) | Q(merchant=None, order__merchant__in=merchants))

    def with_deadline(self) -> Self:
        """``deadline``: a promise known to the day is kept until that day ends."""
        end_of_day = ExpressionWrapper(F("promised_at") + Value(DAY), output_field=DateTimeField())
        return self.annotate(
            deadline=Case(When(promised_grain=Grain.DAY, then=end_of_day), default=F("promised_at"))
        )

    def past_promise(self, now: datetime) -> Self:
        """Parcels not there by their promise: still under way, or delivered after it (R2.6)."""
        return self.with_deadline().filter(
            Q(delivered_at=None, promised_at__lt=now, deadline__lt=now)
            | (Q(delivered_at__gt=F("promised_at")) & Q(delivered_at__gt=F("deadline")))
        )


class TrackingQuerySet(TradeQuerySet):
    def own(self, merchants: Any) -> Self:
        own = Q(shipment__merchant__in=merchants)
        return self.filter(own | Q(shipment__merchant=None, shipment__order__merchant__in=merchants))


class ShipmentLineQuerySet(TradeQuerySet):
    def own(self, merchants: Any) -> Self:
        return self.filter(line__merchant__in=merchants)


class ReviewQuerySet(TradeQuerySet):
    def own(self, merchants: Any) -> Self:
        return self.filter(Q(merchant__in=merchants) | Q(merchant=None, order__merchant__in=merchants))

    def with_at_most(self, stars: int) -> Self:
        return self.filter(score__lte=stars)
