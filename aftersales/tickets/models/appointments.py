"""A window of time agreed on a ticket: somebody calls, comes, picks up or delivers."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.core.wording import minute
from aftersales.tickets.machine import APPOINTMENT_MACHINE
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import AppointmentQuerySet
from aftersales.tickets.states import AppointmentKind, AppointmentState, AppointmentWith

through = APPOINTMENT_MACHINE.transition
OPEN = Q(state=AppointmentState.AGREED)


class Appointment(StateModel, PublicIdModel, VersionedModel):
    """One agreed window. Its times never change: a later one is the next row, which names this one as ``moved_from``.

    ``responsible`` is who of ours sees to it. ``wish_*`` is the window that the customer asked for on his own page.
    Its history are its event rows, without a word of it.
    """

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="appointments", verbose_name=_("ticket"), db_index=False
    )
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    kind = models.CharField(_("what"), max_length=10, choices=AppointmentKind)
    with_whom = models.CharField(_("with whom"), max_length=10, choices=AppointmentWith)
    place = models.CharField(_("where and what about"), max_length=200, blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    outside = models.BooleanField(_("outside business hours on purpose"), default=False)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("responsible"),
        db_index=False,
    )
    remind_at = models.DateTimeField(_("reminder at"), null=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True)
    asked_at = models.DateTimeField(_("outcome asked at"), null=True)
    state = StateField(_("state"), choices=AppointmentState, default=AppointmentState.AGREED, max_length=12)
    moved_from = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="moved_to", verbose_name=_("moved from")
    )
    wish_from = models.DateTimeField(_("customer asks for, from"), null=True)
    wish_until = models.DateTimeField(_("customer asks for, until"), null=True)
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("agreed by"),
        db_index=False,
    )
    agreed_at = models.DateTimeField(_("agreed at"))
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by"),
        db_index=False,
    )  # fmt: skip
    ended_at = models.DateTimeField(_("ended at"), null=True)
    why = models.CharField(_("reason"), max_length=500, blank=True)
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True)

    for_machines = frozenset({"source", "source_ref"})
    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        triggers = APPOINTMENT_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="appointment_source"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_window"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(place="", why=""), name="appointment_erased_is_empty"
            ),
            models.CheckConstraint(
                condition=Q(OPEN, ended_at=None) | (~OPEN & Q(ended_at__isnull=False)),
                name="appointment_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(wish_from=None, wish_until=None) | Q(wish_until__gt=F("wish_from")),
                name="appointment_wish_window",
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "id"], name="appointment_ticket"),
            models.Index(fields=["responsible", "starts_at"], name="appointment_mine", condition=OPEN),
            models.Index(
                fields=["remind_at", "id"], name="appointment_remind", condition=OPEN & Q(reminded_at=None)
            ),
            models.Index(fields=["ends_at", "id"], name="appointment_over", condition=OPEN & Q(asked_at=None)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {minute(self.starts_at)}"

    @property
    def is_open(self) -> bool:
        return self.state == AppointmentState.AGREED

    @property
    def concerns_customer(self) -> bool:
        """Whether the customer is told: it is with him, or somebody comes to him; a call to a merchant is not his."""
        return self.with_whom == AppointmentWith.CUSTOMER or self.kind != AppointmentKind.CALL_BACK

    @transition(**through("keep"))
    def keep(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._end(actor, now, AppointmentState.KEPT)

    @transition(**through("miss_them"))
    def miss_them(self, *, actor: Any, now: datetime, why: str) -> dict[str, Any]:
        return self._end(actor, now, AppointmentState.MISSED_THEM, why)

    @transition(**through("miss_us"))
    def miss_us(self, *, actor: Any, now: datetime, why: str) -> dict[str, Any]:
        return self._end(actor, now, AppointmentState.MISSED_US, why)

    @transition(**through("move"))
    def move(self, *, actor: Any, now: datetime, why: str) -> dict[str, Any]:
        return self._end(actor, now, AppointmentState.MOVED, why)

    @transition(**through("cancel"))
    def cancel(self, *, actor: Any, now: datetime, why: str) -> dict[str, Any]:
        return self._end(actor, now, AppointmentState.CANCELLED, why)

    def _end(self, actor: Any, now: datetime, state: str, why: str = "") -> dict[str, Any]:
        self.ended_by_id, self.ended_at, self.why = actor.pk, now, why
        return self.told(state=state)

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: codes and times, no word of it, which can be erased."""
        return {
            "appointment_id": self.pk, "kind": str(self.kind), "with": str(self.with_whom),
            "starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat(), "outside": self.outside,
            **{name: str(value) for name, value in more.items()},
        }  # fmt: skip
