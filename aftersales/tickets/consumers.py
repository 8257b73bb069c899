"""What follows an event a little later: the customer is told at each node (R3.7), the lead of a breach."""

from datetime import datetime

from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import node_messages


def node_message(event: Event, now: datetime) -> None:
    """One message per event, once: the event is the message's key. An import tells nobody (DESIGN: sheets)."""
    if event.source == "import":
        return
    ticket = Ticket.objects.select_related("customer", "order", "assignee", "owner").get(pk=event.subject_id)
    node_messages.tell_customer(ticket=ticket, event=event, actor=system_user(), now=now)


def breach_alert(event: Event, now: datetime) -> None:
    """A broken or nearly broken promise goes to the person and to the lead of the team."""
    node_messages.tell_staff(event=event, actor=system_user(), now=now)
