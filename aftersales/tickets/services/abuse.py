"""After an abusive contact the person gets a pause (R1.5): nothing new comes until it is over."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Away
from accounts.services import away_set
from accounts.states import AwayReason
from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.standards.selectors import duration
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.locking import locked_ticket


def contact_abusive(
    *, ticket: Ticket, actor: Any, now: datetime, reason: str, version: int | None = None
) -> Away | None:
    """Note that the customer insulted or threatened; who works on it pauses. A pause that runs is not doubled.

    The ticket stays as it is, and the customer's rights too. Errors: not_permitted, reason.
    """
    if not actor.has_perm("tickets.work"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say what happened."), "reason")
    pause = duration("abuse_pause_minutes", now)
    with transaction.atomic():
        current = locked_ticket(ticket, version=version)
        if current.assignee_id != actor.pk:
            raise NotPermitted()
        minutes = int(pause.total_seconds() // 60)
        events.record(
            "ticket.abusive_contact",
            subject=current,
            actor=actor,
            now=now,
            reason=reason,
            payload={"minutes": minutes},
        )
        if not minutes or Away.objects.at(now).filter(person=actor).exists():
            return None
        coming = Away.objects.lasting().filter(person=actor, starts_at__gt=now, starts_at__lt=now + pause)
        first = coming.order_by("starts_at").values_list("starts_at", flat=True).first()
        return away_set(
            person=actor,
            starts_at=now,
            ends_at=first or now + pause,
            reason=AwayReason.PAUSE,
            actor=actor,
            now=now,
        )
