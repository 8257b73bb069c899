"""Whom a message did not reach, and who must know: leads of a ticket nobody can take, the worker of unheard words."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.selectors import leads_and_supervisors
from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.models import Event
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.notices.services import Order, notice_send, notices_send
from aftersales.notices.states import RecipientKind
from aftersales.standards.states import Promise
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.selectors import KIND, merchant_answer_due
from aftersales.tickets.services.conversation import QUIET
from aftersales.tickets.services.locking import standing_ticket
from aftersales.tickets.states import NO_DUE, AskInPerson, AuthorKind, Channel, NotDispatched, TicketState

ANSWER, QUESTION = "ticket.answered", "merchant.asked"
FOLLOWED = frozenset({ANSWER, QUESTION})
"""Messages that carry words of staff: what became of them is noted at the words."""


def leads_tell(*, ticket: Ticket, event: Event, now: datetime) -> None:
    """Nobody can take it and it cannot wait: the duty's leads and the supervisors learn it at once, by mail too."""
    due = ticket.next_due_at if now < ticket.next_due_at < NO_DUE else None
    values = {
        "number": ticket.number, "problem": ticket.subject,
        "reason": NotDispatched(event.payload["why"]).label, "due": due,
        "promise": Promise(ticket.next_promise).label if due and ticket.next_promise in Promise.values else None,
    }  # fmt: skip
    orders = [
        Order("work.nobody_there", person, ticket, values, f"event:{event.pk}")
        for person in leads_and_supervisors(event.payload["duty"])
        if Ticket.objects.visible_to(person).filter(pk=ticket.pk).exists()
    ]
    notices_send(orders, actor=system_user(), now=now)


def lead_told_again(*, ticket: Ticket, event: Event, now: datetime) -> None:
    """A ticket that nobody begins with: the lead of its team learns it, or else the duty's leads and supervisors."""
    lead = ticket.team.lead if ticket.team else None
    people = [lead] if lead and lead.is_active else leads_and_supervisors("")
    values = {"number": ticket.number, "problem": ticket.subject, "count": event.payload["times"]}
    orders = [
        Order("work.taken_back", person, ticket, values, f"event:{event.pk}")
        for person in people
        if Ticket.objects.visible_to(person).filter(pk=ticket.pk).exists()
    ]
    notices_send(orders, actor=system_user(), now=now)


def merchant_ask(*, ticket: Ticket, event: Event, now: datetime) -> None:
    """The question goes to the merchant's contact; the clock starts when it has gone out (``message_fared``)."""
    message = Message.objects.filter(pk=event.payload["message_id"], erased_at=None).first()
    if message is None or ticket.merchant_id is None:
        return
    merchant = Merchant.objects.get(pk=ticket.merchant_id)
    values = {
        "number": ticket.number, "problem": ticket.subject, "message": message.text,
        "order": ticket.order.external_no if ticket.order else None,
        "due": merchant_answer_due(ticket, now),
    }  # fmt: skip
    notice_send(
        template=QUESTION, to=merchant, about=ticket, values=values, key=f"event:{event.pk}",
        actor=system_user(), now=now,
    )  # fmt: skip


def message_fared(*, event: Event, now: datetime) -> None:
    """What became of words of staff: gone out (the merchant owes an answer from now on), or not (its worker calls)."""
    message = _message(event)
    if message is None or message.erased_at:
        return
    with transaction.atomic():
        ticket = _going_on(message.ticket_id)
        if event.kind != "notice.sent":
            _note_failure(ticket, message, event, now)
        elif event.payload["template"] == QUESTION:
            _note_merchant_told(ticket, message, now)
        elif message.undelivered:
            _note_arrival(ticket, message, now)


def _going_on(ticket_id: int) -> Ticket:
    """The ticket of the words; a merged one's is the ticket that goes on for it."""
    found = Ticket.objects.get(pk=ticket_id)
    if found.state == TicketState.MERGED:
        return standing_ticket(found)
    locked: Ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket_id)
    return locked


def _message(event: Event) -> Message | None:
    """The words a message to somebody carried: its key names the event that kept them."""
    source_ref = (
        Notice.objects.filter(pk=event.payload["notice"]).values_list("source_ref", flat=True).first()
    )
    key = (source_ref or "").partition("/")[0].partition(":")[2]
    said = Event.objects.about(KIND, event.subject_id).filter(pk=key).first() if key.isdigit() else None
    return Message.objects.filter(pk=said.payload.get("message_id")).first() if said else None


def _note_merchant_told(ticket: Ticket, message: Message, now: datetime) -> None:
    """An answer that is here already, or a ticket that is over, starts no clock."""
    his = ticket.messages.filter(author_kind=AuthorKind.MERCHANT, merchant_id=message.merchant_id)
    answered = his.filter(at__gte=message.at).exists()
    _mark(message, "")
    if ticket.is_open and not answered:
        moves.change(
            ticket, actor=system_user(), now=now, event="ticket.merchant_told", quiet=QUIET,
            payload={"message_id": message.pk, "how": Channel.EMAIL},
        )  # fmt: skip


def _note_failure(ticket: Ticket, message: Message, event: Event, now: datetime) -> None:
    code = event.payload.get("why", AskInPerson.PARKED)
    why = code if code in AskInPerson.values else AskInPerson.PARKED.value
    _mark(message, why)
    columns: dict[str, Any] = (
        {"ask_in_person": why} if ticket.is_open and event.payload["template"] == ANSWER else {}
    )
    moves.change(
        ticket, actor=system_user(), now=now, event="ticket.not_delivered", quiet=QUIET,
        payload={"message_id": message.pk, "why": why, "to": event.payload["recipient"]}, **columns,
    )  # fmt: skip


def _note_arrival(ticket: Ticket, message: Message, now: datetime) -> None:
    """Sent again by a person, it went out after all."""
    _mark(message, "")
    columns: dict[str, Any] = {"ask_in_person": ""} if ticket.is_open else {}
    moves.change(
        ticket, actor=system_user(), now=now, event="ticket.delivered_late", quiet=QUIET,
        payload={"message_id": message.pk}, **columns,
    )  # fmt: skip


def _mark(message: Message, why: str) -> None:
    if message.undelivered != why:
        message.undelivered = why
        message.save(update_fields=["undelivered"])


def worker_tell(*, ticket: Ticket, event: Event, now: datetime) -> None:
    """Words did not arrive: whoever works on it calls."""
    worker = ticket.assignee or ticket.owner
    if worker is None:
        return
    values = {
        "number": ticket.number, "problem": ticket.subject,
        "reason": AskInPerson(event.payload["why"]).label,
        "recipient": RecipientKind(event.payload["to"]).label,
    }  # fmt: skip
    notice_send(
        template="work.not_delivered", to=worker, about=ticket, values=values, key=f"event:{event.pk}",
        actor=system_user(), now=now,
    )  # fmt: skip
