"""Taking a ticket out of the house leaves a trace."""

from datetime import datetime
from typing import Any

from aftersales.core import events
from aftersales.core.errors import NotPermitted
from aftersales.tickets.models import Ticket


def ticket_exported(*, ticket: Ticket, form: str, actor: Any, now: datetime) -> None:
    """Record that somebody took the ticket out as ``json`` or ``print``. Errors: not_permitted."""
    if not actor.has_perm("desk.view" if form == "print" else "tickets.export"):
        raise NotPermitted()
    events.record("ticket.exported", subject=ticket, actor=actor, now=now, payload={"form": form})
