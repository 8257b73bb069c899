"""Parcels of cases: what comes back, and what goes out instead."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from aftersales.cases.machine import PARCEL_MACHINE
from aftersales.cases.models.accounts import amount
from aftersales.cases.models.case import Case, CaseLine
from aftersales.cases.querysets import ParcelQuerySet, ThroughParcelQuerySet
from aftersales.cases.states import DONE_PARCELS, Direction, FoundCause, Grade, ParcelState, Side
from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField

move = PARCEL_MACHINE.transition


class CaseParcel(StateModel, PublicIdModel, VersionedModel):
    """One parcel for one or several cases of an order. ``ship_by``: until when the customer may send it.

    ``case`` is the case it was announced for; its items may belong to several. Its history are its event rows.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="parcels", verbose_name=_("case"))
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction, default=Direction.INBOUND)
    state = StateField(_("state"), choices=ParcelState, default=ParcelState.AWAITED, max_length=15)
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    tracking_no = models.CharField(_("waybill"), max_length=64, blank=True)
    back_carrier = models.CharField(_("carrier of the way back"), max_length=60, blank=True)
    back_tracking_no = models.CharField(_("waybill of the way back"), max_length=64, blank=True)
    ship_by = models.DateTimeField(_("to be sent by"), null=True)
    announced_at = models.DateTimeField(_("announced at"))
    shipped_at = models.DateTimeField(_("sent at"), null=True)
    arrived_at = models.DateTimeField(_("delivered by the carrier at"), null=True)
    stop_asked_at = models.DateTimeField(_("carrier asked to stop it at"), null=True)
    received_at = models.DateTimeField(_("received at"), null=True)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("received by"),
        db_index=False,
    )  # fmt: skip
    inspected_at = models.DateTimeField(_("inspected at"), null=True)
    inspected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("inspected by"),
        db_index=False,
    )  # fmt: skip
    settled_at = models.DateTimeField(_("settled at"), null=True)
    weight_g = models.PositiveIntegerField(_("weight (g)"), null=True)
    freight_cost = models.DecimalField(_("freight"), max_digits=14, decimal_places=2, default=0)
    warned_at = models.DateTimeField(_("customer warned at"), null=True)
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)
    freight_by = models.CharField(_("freight borne by"), max_length=10, choices=Side, blank=True)

    for_machines = frozenset({"source", "source_ref"})
    objects = ParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("case parcel")
        verbose_name_plural = _("case parcels")
        triggers = PARCEL_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="case_parcel_source"
            )
        ]
        indexes = [
            models.Index(fields=["tracking_no"], name="case_parcel_waybill", condition=~Q(tracking_no="")),
            models.Index(
                fields=["state", "announced_at", "id"], name="case_parcel_open", condition=~Q(state__in=DONE_PARCELS)
            ),
            models.Index(fields=["ship_by"], name="case_parcel_awaited", condition=Q(state=ParcelState.AWAITED)),
            models.Index(
                fields=["back_tracking_no"], name="case_parcel_back_waybill", condition=~Q(back_tracking_no="")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_no}".strip() or gettext("without a waybill")

    @property
    def is_open(self) -> bool:
        return self.state not in DONE_PARCELS and not (self.state == ParcelState.LOST and self.settled_at)

    @transition(**move("ship"))
    def ship(self, *, actor: Any, now: datetime, carrier: str, tracking_no: str) -> dict[str, Any]:
        self.carrier, self.tracking_no, self.shipped_at, self.settled_at = carrier, tracking_no, now, None
        self.arrived_at = None
        return self.told()

    @transition(**move("arrive"))
    def arrive(self, *, actor: Any, now: datetime, presumed: bool = False) -> dict[str, Any]:
        """At the address, and not confirmed yet. ``presumed``: nobody said so; it is on its way for too long."""
        self.arrived_at = now
        return self.told(presumed=presumed)

    @transition(**move("receive"))
    def receive(
        self,
        *,
        actor: Any,
        now: datetime,
        carrier: str = "",
        tracking_no: str = "",
        weight_g: int | None = None,
    ) -> dict[str, Any]:
        self.received_at, self.received_by_id, self.settled_at = now, actor.pk, None
        self.carrier, self.tracking_no = self.carrier or carrier, self.tracking_no or tracking_no
        self.weight_g = weight_g or self.weight_g
        return self.told()

    @transition(**move("deliver"))
    def deliver(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.received_at = now
        return self._settle(now)

    @transition(**move("lose"))
    def lose(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Over for the customer; the claim on the carrier is another matter."""
        return self._settle(now)

    @transition(**move("refuse_at_door"))
    def refuse_at_door(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**move("ask_stop"))
    def ask_stop(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.stop_asked_at = now
        return self.told()

    @transition(**move("fail_stop"))
    def fail_stop(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.stop_asked_at = None
        return self.told()

    @transition(**move("intercept"))
    def intercept(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**move("inspect"))
    def inspect(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.inspected_at, self.inspected_by_id = now, actor.pk
        return self.told()

    @transition(**move("keep"))
    def keep(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._settle(now)

    @transition(**move("send_back"))
    def send_back(self, *, actor: Any, now: datetime, carrier: str, tracking_no: str) -> dict[str, Any]:
        self.back_carrier, self.back_tracking_no = carrier, tracking_no
        return self.told()

    @transition(**move("deliver_back"))
    def deliver_back(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._settle(now)

    @transition(**move("unclaim"))
    def unclaim(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**move("expire"))
    def expire(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._settle(now)

    @transition(**move("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._settle(now)

    def _settle(self, now: datetime) -> dict[str, Any]:
        self.settled_at = now
        return self.told()

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: no address, no waybill."""
        return {"case_id": self.case_id, "direction": self.direction, **more}


class ParcelItem(models.Model):
    """Pieces of a case line in a parcel, as announced and as found."""

    parcel = models.ForeignKey(
        CaseParcel, models.PROTECT, related_name="items", verbose_name=_("parcel"), db_index=False
    )
    case_line = models.ForeignKey(
        CaseLine, models.PROTECT, related_name="parcel_items", verbose_name=_("case line")
    )
    announced = models.PositiveIntegerField(_("announced"), default=0)
    received = models.PositiveIntegerField(_("received"), default=0)
    accepted = models.PositiveIntegerField(_("accepted"), default=0)
    damaged = models.PositiveIntegerField(_("damaged"), default=0)
    missing = models.PositiveIntegerField(_("missing"), default=0)
    wrong = models.PositiveIntegerField(_("wrong item"), default=0)
    resellable = models.BooleanField(_("can be sold again"), null=True)
    grade = models.CharField(_("grade"), max_length=8, choices=Grade, blank=True)
    borne_by = models.CharField(_("loss borne by"), max_length=10, choices=Side, blank=True)
    cause = models.CharField(_("cause found"), max_length=60, choices=FoundCause, blank=True)
    deduction = amount(_("taken off"))
    why = models.CharField(_("why it is taken off"), max_length=200, blank=True)

    objects = ThroughParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("parcel item")
        verbose_name_plural = _("parcel items")
        constraints = [
            models.UniqueConstraint(fields=["parcel", "case_line"], name="parcel_item_once"),
            models.CheckConstraint(
                condition=Q(received__gte=F("accepted") + F("damaged") + F("missing") + F("wrong")),
                name="parcel_item_judged_of_received",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_line_id}: {self.received}/{self.announced}"
