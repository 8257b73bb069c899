"""What follows an event a little later: the customer is told at each node (R3.7), the lead of a breach."""

from datetime import datetime

from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.tickets import selectors
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import (
    appointment_letters,
    asking,
    choosing,
    node_messages,
    reaching,
    waits,
    watching,
)
from aftersales.tickets.services.automation import automation_hear


def node_message(event: Event, now: datetime) -> None:
    """One message per event, once: the event is the message's key. An import tells nobody (DESIGN: sheets)."""
    if event.source == "import":
        return
    ticket = Ticket.objects.select_related("customer", "order", "assignee", "owner").get(pk=event.subject_id)
    node_messages.tell_customer(ticket=ticket, event=event, actor=system_user(), now=now)
    watching.watchers_tell(ticket=ticket, event=event, now=now)
    appointment_letters.staff_tell(ticket=ticket, event=event, now=now)
    if event.kind == "ticket.left_alone":
        reaching.leads_tell(ticket=ticket, event=event, now=now)
    if event.kind == "ticket.taken_back_again":
        reaching.lead_told_again(ticket=ticket, event=event, now=now)
    if event.kind == "ticket.merchant_asked":
        reaching.merchant_ask(ticket=ticket, event=event, now=now)
    if event.kind == "ticket.not_delivered":
        reaching.worker_tell(ticket=ticket, event=event, now=now)
    if event.kind in ("ticket.unassigned", "ticket.regraded"):
        choosing.unassigned_look(ticket_id=ticket.pk, now=now)
    if event.kind == "ticket.resolved":  # there may be nobody to ask, or no message at all
        asking.question_follow(ticket_id=ticket.pk, now=now)


def wait_over(event: Event, now: datetime) -> None:
    """A ticket goes on, or was finished while it waited: the next person gets it."""
    waits.wait_over(event=event, now=now)


def question_fared(event: Event, now: datetime) -> None:
    """Words to the customer or the merchant went out, or will not: the ticket learns it (R3.6, R4.7)."""
    if event.subject_kind == selectors.KIND and event.payload.get("template") in reaching.FOLLOWED:
        reaching.message_fared(event=event, now=now)
    about = (event.subject_kind, event.payload.get("template"), event.payload.get("recipient"))
    if about == (selectors.KIND, selectors.QUESTION, "customer"):
        asking.question_follow(ticket_id=event.subject_id, now=now)


def breach_alert(event: Event, now: datetime) -> None:
    """A broken or nearly broken promise goes to the person and to the lead of the team."""
    node_messages.tell_staff(event=event, actor=system_user(), now=now)


def automation(event: Event, now: datetime) -> None:
    """The rules in force hear what happened to a ticket."""
    if event.source != "import":
        automation_hear(event=event, now=now)
