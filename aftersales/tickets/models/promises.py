"""What somebody of the staff promised to somebody, and by when (R3.10)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from aftersales.clocks.models import Clock
from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.core.wording import minute
from aftersales.tickets.machine import PROMISE_MACHINE
from aftersales.tickets.models.conversation import Message
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import GivenPromiseQuerySet
from aftersales.tickets.states import PromisedTo, PromiseState

move = PROMISE_MACHINE.transition


class GivenPromise(StateModel, PublicIdModel, VersionedModel):
    """A word given on a ticket. Whoever holds the ticket owes it: it follows transfers and leave.

    ``clock`` runs to the first time that was said; ``due_at`` is the time agreed last. Broken is what its clock says:
    a postponed promise that runs past its first time is broken all the same. Its history are its event rows.
    """

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="promises", verbose_name=_("ticket"), db_index=False
    )
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    clock = models.OneToOneField(Clock, models.PROTECT, related_name="+", verbose_name=_("clock"))
    message = models.ForeignKey(
        Message, models.PROTECT, null=True, related_name="promises", verbose_name=_("message")
    )
    to = models.CharField(_("promised to"), max_length=10, choices=PromisedTo, default=PromisedTo.CUSTOMER)
    what = models.CharField(_("what"), max_length=300)
    state = StateField(_("state"), choices=PromiseState, default=PromiseState.OPEN, max_length=10)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("given by"), db_index=False
    )
    given_at = models.DateTimeField(_("given at"))
    first_due_at = models.DateTimeField(_("first due"))
    due_at = models.DateTimeField(_("due"))
    postponed = models.PositiveSmallIntegerField(_("times postponed"), default=0)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by"),
        db_index=False,
    )  # fmt: skip
    ended_at = models.DateTimeField(_("ended at"), null=True)
    why = models.CharField(_("withdrawn because"), max_length=500, blank=True)
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True)

    for_machines = frozenset({"source", "source_ref"})
    objects = GivenPromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("given promise")
        verbose_name_plural = _("given promises")
        triggers = PROMISE_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="promise_source"
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(what="", why=""), name="promise_erased_is_empty"
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=False) | ~Q(what=""), name="promise_says_what"
            ),
            models.CheckConstraint(condition=Q(first_due_at__gt=F("given_at")), name="promise_lies_ahead"),
            models.CheckConstraint(
                condition=Q(state=PromiseState.OPEN, ended_at=None)
                | (~Q(state=PromiseState.OPEN) & Q(ended_at__isnull=False)),
                name="promise_ends_once",
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "id"], name="promise_ticket"),
            models.Index(fields=["due_at", "id"], name="promise_open_due", condition=Q(state=PromiseState.OPEN)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.what or f"{minute(self.given_at)}"

    @property
    def is_open(self) -> bool:
        return self.state == PromiseState.OPEN

    def is_broken(self, now: datetime) -> bool:
        """Not kept by the time that was said first; a withdrawn one only when it had run out before."""
        return self.first_due_at < (self.ended_at or now)

    @transition(**move("keep"))
    def keep(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._end(actor, now)

    @transition(**move("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime, why: str) -> dict[str, Any]:
        self.why = why
        return self._end(actor, now)

    def _end(self, actor: Any, now: datetime) -> dict[str, Any]:
        self.ended_by_id, self.ended_at = actor.pk, now
        return self.told()

    def told(self) -> dict[str, Any]:
        """What events say of it: no word of the promise itself, which can be erased."""
        return {
            "promise_id": self.pk,
            "due_at": self.due_at.isoformat(),
            "first_due_at": self.first_due_at.isoformat(),
        }
