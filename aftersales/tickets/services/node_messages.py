"""Telling people at each node, unasked (R3.7): the customer where his problem stands, staff what needs them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise as LazyText
from django.utils.functional import lazy
from django.utils.translation import pgettext_lazy

from accounts.models import Team, User
from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.clocks.states import ClockState
from aftersales.core import events, facts
from aftersales.core.models import ERASED, Event
from aftersales.notices.services import notice_send
from aftersales.standards.states import Debtor, Promise
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.selectors.promises import told_with
from aftersales.tickets.services import alerts, appointment_letters, merge_letters, watching
from aftersales.tickets.services.closing import CONFIRM, customer_link_issue
from aftersales.tickets.states import NO_DUE, AskInPerson, Result, TicketState, WaitFor

Values = dict[str, Any]
_reason = lazy(events.reason_words, str)
# Anybody can write any sender into a letter: its subject must not go out in our name.
UNPROVEN = frozenset({"letter"})
ANSWERS = (Promise.FIRST_RESPONSE, Promise.EMERGENCY_RESPONSE, Promise.REPLY)


def tell_customer(*, ticket: Ticket, event: Event, actor: Any, now: datetime) -> None:
    """The message of this node, once per event. Historic tickets and tickets without a customer tell nobody."""
    writer = _CUSTOMER_NODES.get(event.kind)
    if writer is not None and ticket.customer_id and not ticket.historic:
        template, values = writer(ticket, event, now)
        if ticket.source in UNPROVEN and "problem" in values:
            values |= {"problem": pgettext_lazy("problem in a message", "your e-mail")}
        if template:
            notice_send(
                template=template, to=ticket.customer, about=ticket, values=values, key=f"event:{event.pk}",
                actor=actor, now=now,
            )  # fmt: skip
    _tell_worker(ticket, event, actor, now)


def _base(ticket: Ticket) -> Values:
    return {"number": ticket.number, "problem": ticket.subject}


def _opened(ticket: Ticket, event: Event, now: datetime) -> tuple[str, Values]:
    return "ticket.opened", _base(ticket) | {
        "order": ticket.order.external_no if ticket.order else None,
        "due": _answered_by(ticket, now),
    }


def _promised(ticket: Ticket, now: datetime) -> Values:
    """The promise that is due next, by its name, and when; nothing when that is past already."""
    if not now < ticket.next_due_at < NO_DUE:
        return {}
    return {"promise": _label(Promise, ticket.next_promise), "due": ticket.next_due_at}


def _answered_by(ticket: Ticket, now: datetime) -> datetime | None:
    """By when the customer hears from us; what we owe ourselves is not told to him."""
    return _promised(ticket, now).get("due") if ticket.next_promise in ANSWERS else None


def _answered(ticket: Ticket, event: Event, now: datetime) -> tuple[str, Values]:
    """Resolving has its own message with the result; its reply is not sent twice."""
    message = Message.objects.filter(pk=event.payload["message_id"]).first()
    if message is None or message.erased_at or _resolved_together(ticket, event):
        return "", {}
    promise = told_with(message.pk)
    words = {"promise": promise.what, "due": promise.first_due_at} if promise else {}
    return "ticket.answered", _base(ticket) | words | {"message": message.text, "handler": event.actor_name}


def _resolved_together(ticket: Ticket, event: Event) -> bool:
    return (
        Event.objects.about("tickets.ticket", ticket.pk)
        .filter(kind="ticket.resolved", at=event.at, id__gt=event.pk)
        .exists()
    )


def _waiting(ticket: Ticket, event: Event, now: datetime) -> tuple[str, Values]:
    if event.payload.get("for") != WaitFor.CUSTOMER:
        return "", {}
    asked = _last_words(ticket, event.at)
    return "ticket.waiting_customer", _base(ticket) | {
        "message": asked,
        "until": parse_datetime(event.payload["until"]),
    }


def _last_words(ticket: Ticket, at: datetime) -> str | None:
    """What the customer was told last at that moment: the words that belong to the act."""
    said = (
        Message.objects.filter(
            ticket=ticket, author_kind="staff", audience="customer", erased_at=None, at__lte=at
        )
        .order_by("-at", "-id")
        .first()
    )
    return said.text if said else None


def _resolved(ticket: Ticket, event: Event, now: datetime) -> tuple[str, Values]:
    if ticket.state != TicketState.RESOLVED:
        return "", {}
    return "ticket.resolved", _base(ticket) | {
        "result": _label(Result, event.payload["result"]), "message": _last_words(ticket, event.at),
        "until": ticket.silence_closes_at, "handler": event.actor_name,
    }  # fmt: skip


def _reopened(ticket: Ticket, event: Event, now: datetime) -> tuple[str, Values]:
    handler = str(ticket.assignee or "")
    return "ticket.reopened", _base(ticket) | {"handler": handler, "due": _answered_by(ticket, now)}


def _closed(ticket: Ticket, event: Event, now: datetime) -> tuple[str, Values]:
    return "ticket.closed", _base(ticket) | {"result": _label(Result, ticket.result)}


def _plain(template: str) -> Any:
    return lambda ticket, event, now: (template, _base(ticket))


def _label(choices: type[models.TextChoices], code: str) -> str | LazyText | None:
    return choices(code).label if code else None


_CUSTOMER_NODES = {
    "ticket.opened": _opened,
    "ticket.replied": _answered,
    "ticket.acknowledged": _answered,
    "ticket.waiting": _waiting,
    "ticket.resolved": _resolved,
    "ticket.reopened": _reopened,
    "ticket.confirmed": _closed,
    "ticket.verified": _closed,
    "ticket.closed": _closed,
    "ticket.cancelled": _plain("ticket.cancelled"),
    "ticket.unreachable": _plain("ticket.unreachable"),
    "ticket.merged": merge_letters.merged,
    "ticket.unmerged": merge_letters.unmerged,
    **dict.fromkeys(appointment_letters.TEMPLATES, appointment_letters.letter),
}


def _tell_worker(ticket: Ticket, event: Event, actor: Any, now: datetime) -> None:
    """The person who works on it learns of an assignment, an answer and a reopening that he did not do himself."""
    template = {
        "ticket.assigned": "work.assigned", "ticket.transferred": "work.assigned",
        "ticket.customer_wrote": "work.customer_answered", "ticket.reopened": "work.reopened",
        "ticket.not_asked": "work.ask_customer", "ticket.unanswered": "work.ask_customer",
    }.get(event.kind)  # fmt: skip
    told = template == "work.ask_customer" or not ticket.historic
    worker = _worker(ticket, event) if template and told else None
    if template is None or worker is None or _did_it(worker, event):
        return
    values = _base(ticket)
    if template != "work.customer_answered":
        values |= _promised(ticket, now)
    if template == "work.assigned":
        values["reason"] = _reason(event.reason) if event.reason not in ("", ERASED) else None
    if template == "work.ask_customer":
        values["reason"] = _label(AskInPerson, event.payload["why"])
    notice_send(
        template=template,
        to=worker,
        about=ticket,
        values=values,
        key=f"event:{event.pk}",
        actor=actor,
        now=now,
    )


def _did_it(worker: User, event: Event) -> bool:
    """Whether it was his own act; the system acts in a person's name ("user:14 Name") when he takes a ticket."""
    key, _space, _name = event.acting_as.partition(" ")
    return worker.pk == event.actor_id or key == f"user:{worker.pk}"


_HANDED = ("ticket.assigned", "ticket.transferred", "ticket.unassigned")


def _worker(ticket: Ticket, event: Event) -> User | None:
    """Who worked on the ticket at this event: a replay after a hand-over must not tell the next person."""
    handed = Event.objects.about("tickets.ticket", ticket.pk).filter(kind__in=_HANDED, id__lte=event.pk)
    last = handed.order_by("-id").first()
    return _person(last.payload.get("to_id") if last else None, ticket)


def _person(pk: int | None, ticket: Ticket) -> User | None:
    if pk is None or pk == ticket.assignee_id:
        return ticket.assignee if pk else None
    return User.objects.filter(pk=pk).first()


def tell_staff(*, event: Event, actor: Any, now: datetime) -> None:
    """A promise in danger goes to its holder; who else learns of a broken one says the ladder (clocks.LadderRung).

    One that was kept or fell away before this is written tells nobody: the ticket's history has it.
    """
    ticket = _worked_on(event, now)
    clock = _clock(event, now)
    if ticket is None or ticket.historic or clock is None:
        return
    lead = _lead(ticket.team)
    owed_by_lead = clock.owed_by == Debtor.LEAD
    holder = lead if owed_by_lead else _person(event.payload.get("holder", ticket.assignee_id), ticket)
    if event.kind == "clock.escalated":
        alerts.escalation_tell(event=event, ticket=ticket, clock=clock, holder=holder, now=now)
        return
    values = _base(ticket) | {"promise": clock.get_promise_display(), "due": clock.due_at}
    if holder is not None:
        alerts.alert(
            person=holder,
            template=event.kind,
            ticket=ticket,
            clock=clock,
            event=event,
            values=values,
            now=now,
        )
    if event.kind == "clock.breached":
        told = {person.pk for person in (holder, lead) if person is not None}
        watching.breach_tell(ticket=ticket, event=event, values=values, told=told, now=now)


def _worked_on(event: Event, now: datetime) -> Ticket | None:
    """The ticket whose people must know: its own promise, or one about what hangs on it (``clock_ticket:<kind>``)."""
    pk: int | None = event.subject_id
    if event.subject_kind != "tickets.ticket":
        pk = facts.ask_one(f"clock_ticket:{event.subject_kind}", [_Row(event.subject_id)], now).get(
            event.subject_id
        )
    found: Ticket | None = Ticket.objects.select_related("assignee", "team__lead").filter(pk=pk or 0).first()
    return found


@dataclass(frozen=True)
class _Row:
    """A row that is known by its key alone."""

    pk: int


def _clock(event: Event, now: datetime) -> Clock | None:
    """The clock of the event, while it still runs; a warning is past when its time is over."""
    clock = (
        Clock.objects.open().filter(pk=event.payload.get("clock")).exclude(state=ClockState.PAUSED).first()
    )
    past = clock is not None and event.kind == "clock.warned" and clock.due_at <= now
    return None if past else clock


def promise_still_open(key: str, now: datetime) -> bool:
    """For a message about a promise that goes out later than it was written; its key names the event."""
    event = Event.objects.filter(pk=key.split(":")[1]).first()
    return event is not None and _clock(event, now) is not None


def _lead(team: Team | None) -> User | None:
    return team.lead if team is not None and team.lead is not None and team.lead.is_active else None


def confirm_link(subject_kind: str, subject_id: int, now: datetime) -> str | None:
    """The signed address in the *resolved* message, made when the message goes out; None when it is overtaken."""
    ticket = Ticket.objects.filter(pk=subject_id, state=TicketState.RESOLVED).first()
    if subject_kind != "tickets.ticket" or ticket is None:
        return None
    token = customer_link_issue(ticket=ticket, purpose=CONFIRM, actor=system_user(), now=now)
    return settings.SITE_URL + reverse("selfservice:confirm", args=[token])
