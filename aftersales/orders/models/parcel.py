"""Outgoing parcels: what was promised, what happened, who signed and whether he might."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import PublicIdModel, VersionedModel
from aftersales.core.wording import minute

from ..querysets import ShipmentLineQuerySet, ShipmentQuerySet, TrackingQuerySet
from ..states import ShipmentStatus, Signer
from .fields import grain, moment
from .order import Order, OrderLine


class Shipment(PublicIdModel, VersionedModel):
    """One parcel of an order, numbered within it."""

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="shipments", verbose_name=_("order"), db_index=False
    )
    number = models.CharField(_("parcel"), max_length=64, default="1")
    merchant = models.ForeignKey(
        "merchants.Merchant",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shipments",
        verbose_name=_("merchant"),
    )
    carrier = models.CharField(_("carrier"), max_length=60, blank=True, default="")
    tracking_no = models.CharField(_("tracking number"), max_length=64, blank=True, default="")
    status = models.CharField(
        _("parcel status"), max_length=12, choices=ShipmentStatus.choices, default=ShipmentStatus.PENDING
    )
    promised_at = moment(_("delivery promised"))
    promised_grain = grain()
    shipped_at = moment(_("handed to the carrier"))
    shipped_grain = grain()
    delivered_at = moment(_("delivered at"))
    delivered_grain = grain()
    signed_by = models.CharField(
        _("signed by"), max_length=12, choices=Signer.choices, blank=True, default=Signer.UNKNOWN
    )
    signed_place = models.CharField(_("signed where"), max_length=120, blank=True, default="")
    sign_consent = models.BooleanField(_("recipient agreed to this place"), null=True, blank=True)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="shipment_once"),
            models.CheckConstraint(condition=~Q(number=""), name="shipment_number_given"),
        ]
        indexes = [
            models.Index(fields=["tracking_no"], condition=~Q(tracking_no=""), name="shipment_tracking"),
            # Finds parcels past their promise: the undelivered ones, and those delivered after it.
            models.Index(
                fields=["promised_at", "id"], condition=Q(delivered_at=None), name="shipment_open_promise"
            ),
            models.Index(
                fields=["promised_at", "id"],
                condition=Q(delivered_at__gt=F("promised_at")),
                name="shipment_late",
            ),
            models.Index(fields=["status", "-id"], name="shipment_status"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_no or self.number}".strip()


class ShipmentLine(models.Model):
    """How many pieces of which line a parcel holds (part deliveries)."""

    shipment = models.ForeignKey(
        Shipment, models.PROTECT, related_name="contents", verbose_name=_("parcel"), db_index=False
    )
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="parcels", verbose_name=_("order line"))
    quantity = models.PositiveIntegerField(_("quantity"), default=1)

    objects = ShipmentLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("parcel content")
        verbose_name_plural = _("parcel contents")
        constraints = [
            models.UniqueConstraint(fields=["shipment", "line"], name="shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="shipment_line_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.line} × {self.quantity}"


class TrackingEvent(models.Model):
    """One message of the carrier about a parcel."""

    shipment = models.ForeignKey(
        Shipment, models.PROTECT, related_name="tracking", verbose_name=_("parcel"), db_index=False
    )
    at = models.DateTimeField(_("time of event"))
    at_grain = grain()
    code = models.CharField(_("carrier code"), max_length=40)
    place = models.CharField(_("place"), max_length=120, blank=True, default="")
    text = models.CharField(_("message"), max_length=300, blank=True, default="")

    objects = TrackingQuerySet.as_manager()

    class Meta:
        verbose_name = _("tracking event")
        verbose_name_plural = _("tracking events")
        constraints = [models.UniqueConstraint(fields=["shipment", "at", "code"], name="tracking_once")]

    def __str__(self) -> str:
        return f"{minute(self.at)} {self.code}"
