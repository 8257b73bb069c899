"""What follows an event a little later: the customer is told at each node (R3.7), the lead of a breach."""

from datetime import datetime

from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.tickets import selectors
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import asking, node_messages


def node_message(event: Event, now: datetime) -> None:
    """One message per event, once: the event is the message's key. An import tells nobody (DESIGN: sheets)."""
    if event.source == "import":
        return
    ticket = Ticket.objects.select_related("customer", "order", "assignee", "owner").get(pk=event.subject_id)
    node_messages.tell_customer(ticket=ticket, event=event, actor=system_user(), now=now)
    if event.kind == "ticket.resolved":  # there may be nobody to ask, or no message at all
        asking.question_follow(ticket_id=ticket.pk, now=now)


def question_fared(event: Event, now: datetime) -> None:
    """The question to the customer went out, or will not: the ticket learns it (R3.6)."""
    about = (event.subject_kind, event.payload.get("template"), event.payload.get("recipient"))
    if about == (selectors.KIND, selectors.QUESTION, "customer"):
        asking.question_follow(ticket_id=event.subject_id, now=now)


def breach_alert(event: Event, now: datetime) -> None:
    """A broken or nearly broken promise goes to the person and to the lead of the team."""
    node_messages.tell_staff(event=event, actor=system_user(), now=now)
