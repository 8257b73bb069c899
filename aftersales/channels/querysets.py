"""Which letters a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Q

from aftersales.channels.states import TO_DECIDE
from aftersales.core.querysets import ScopedQuerySet
from aftersales.tickets.models import Ticket


class LetterQuerySet(ScopedQuerySet):
    """A letter that belongs to a ticket is read by who may see that ticket.

    What belongs to none (to be decided, put aside, automatic) is seen by whoever decides about letters or looks after
    them.
    """

    view_capability = "channels.view_letter"

    def visible_to(self, user: Any) -> Self:
        if not getattr(user, "is_active", False):
            return self.none()
        seen = Q(ticket__in=Ticket.objects.visible_to(user))
        return self.filter(seen | Q(ticket=None) if user.has_perm(self.view_capability) else seen)

    def to_decide(self) -> Self:
        return self.filter(outcome__in=TO_DECIDE)


class ConnectionQuerySet(ScopedQuerySet):
    view_capability = "channels.view_connection"


class TalkQuerySet(ScopedQuerySet):
    """What systems tell is seen with the systems; a conversation on a ticket by whoever sees the ticket."""

    view_capability = "channels.view_connection"

    def of_tickets(self, user: Any) -> Self:
        return self.filter(ticket__in=Ticket.objects.visible_to(user))
