"""One wait of a ticket for somebody else: which answer is expected, until when, and who goes on with it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import ThroughTicketQuerySet
from aftersales.tickets.states import WaitFor, Woken


class TicketWait(models.Model):
    """``next_person`` goes on when it is over; without one the assignee does. ``woken_for`` is who got it then and why
    (``woken``); nobody where the person himself went on, or the team's queue has it. The state of the ticket is the
    door's; this row holds what the door does not ask."""

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="waits", verbose_name=_("ticket"), db_index=False
    )
    wait_for = models.CharField(_("waits for"), max_length=10, choices=WaitFor)
    expects = models.CharField(_("expected answer"), max_length=200, blank=True)
    next_person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("goes on then"),
        db_index=False,
    )  # fmt: skip
    began_at = models.DateTimeField(_("began at"))
    until = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    woken = models.CharField(_("ended by"), max_length=8, choices=Woken, blank=True)
    woken_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("woken for"),
        db_index=False,
    )  # fmt: skip

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("wait")
        verbose_name_plural = _("waits")
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=Q(ended_at=None), name="ticket_waits_once"),
        ]
        indexes = [
            models.Index(fields=["ticket", "id"], name="ticket_wait_ticket"),
            models.Index(
                fields=["woken_for", "-ended_at"], name="ticket_wait_woken", condition=Q(woken_for__isnull=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.wait_for}"
