"""What the receiving desk writes: each count, pictures, and parcels of which nobody knows yet whose they are."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models.parcel import CaseParcel, ParcelItem
from aftersales.cases.querysets import ThroughParcelQuerySet, UnknownQuerySet
from aftersales.cases.states import PhotoOf
from aftersales.core.models import AppendOnlyModel, PublicIdModel, VersionedModel
from aftersales.core.wording import minute


class ParcelReceipt(AppendOnlyModel):
    """One count at one time; a parcel may be counted in parts. ``counts``: pieces by key of the parcel's item."""

    parcel = models.ForeignKey(CaseParcel, models.PROTECT, related_name="receipts", verbose_name=_("parcel"))
    counts = models.JSONField(_("counted"), default=dict)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"), db_index=False
    )
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)

    objects = ThroughParcelQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("count of a parcel")
        verbose_name_plural = _("counts of parcels")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="parcel_receipt_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.parcel_id} {minute(self.at)}"


class UnknownParcel(PublicIdModel, VersionedModel):
    """A parcel without a case, on its shelf until somebody finds out (R4.3). ``parcel``: where it belonged."""

    tracking_no = models.CharField(_("waybill"), max_length=64, blank=True)
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    phone_tail = models.CharField(_("last digits of the telephone"), max_length=4, blank=True)
    order_no = models.CharField(_("order number on it"), max_length=64, blank=True)
    goods = models.CharField(_("what lies in it"), max_length=200, blank=True)
    place = models.CharField(_("place"), max_length=40, blank=True)
    weight_g = models.PositiveIntegerField(_("weight (g)"), null=True)
    arrived_at = models.DateTimeField(_("arrived at"))
    shelved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("shelved by"), db_index=False
    )  # fmt: skip
    parcel = models.ForeignKey(
        CaseParcel, models.PROTECT, null=True, related_name="unknowns", verbose_name=_("belongs to")
    )
    ended_at = models.DateTimeField(_("off the shelf since"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("taken off by"),
        db_index=False,
    )  # fmt: skip
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)

    for_machines = frozenset({"source", "source_ref"})
    objects = UnknownQuerySet.as_manager()

    class Meta:
        verbose_name = _("unknown parcel")
        verbose_name_plural = _("unknown parcels")
        constraints = [
            models.UniqueConstraint(
                fields=["tracking_no"], condition=Q(ended_at=None) & ~Q(tracking_no=""), name="unknown_parcel_once"
            ),
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="unknown_parcel_source"
            ),
            models.CheckConstraint(
                condition=Q(parcel=None) | Q(ended_at__isnull=False), name="unknown_parcel_matched_is_off"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["arrived_at", "id"], name="unknown_parcel_age", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_no}".strip() or f"#{self.pk}"


class ParcelPhoto(PublicIdModel):
    """A picture or film of the opening or of the goods; served as a download only."""

    parcel = models.ForeignKey(
        CaseParcel, models.PROTECT, null=True, related_name="photos", verbose_name=_("parcel")
    )
    item = models.ForeignKey(
        ParcelItem, models.PROTECT, null=True, related_name="photos", verbose_name=_("parcel item"), db_index=False
    )  # fmt: skip
    unknown = models.ForeignKey(
        UnknownParcel, models.PROTECT, null=True, related_name="photos", verbose_name=_("unknown parcel")
    )
    shows = models.CharField(_("shows"), max_length=8, choices=PhotoOf)
    name = models.CharField(_("stored name"), max_length=200, unique=True)
    original_name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64, db_index=True)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"), db_index=False
    )

    objects = ThroughParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo of a parcel")
        verbose_name_plural = _("photos of parcels")
        constraints = [
            models.CheckConstraint(
                condition=Q(parcel__isnull=False) | Q(unknown__isnull=False), name="parcel_photo_of_something"
            )
        ]

    def __str__(self) -> str:
        return self.original_name
