"""What a person still has to be told about promises, until the next digest of the own shift says it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.tickets.models.ticket import Ticket


class Alert(models.Model):
    """One warning, breach or rung for one person; the digest that tells it removes it."""

    deletable = (
        "a note of what is to be told: the digest that told it is kept as a message, the fact as an event"
    )

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"), db_index=False
    )
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="+", verbose_name=_("ticket"), db_index=False
    )
    clock_id = models.BigIntegerField(_("clock"))
    event_id = models.BigIntegerField(_("event"))
    template = models.CharField(_("kind of message"), max_length=60)
    noted_at = models.DateTimeField(_("noted at"))

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "event_id", "template"], name="alert_once")
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.ticket_id}"
