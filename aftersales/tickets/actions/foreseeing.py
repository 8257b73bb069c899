"""What an act would make of a ticket, on a copy in memory: the next step is judged on that. Nothing is written."""

from __future__ import annotations

import copy
from typing import Any

from accounts.states import Kind
from aftersales.tickets.actions import judging
from aftersales.tickets.actions.kinds import Asked
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.work import begins_by_words
from aftersales.tickets.states import TicketState

S = TicketState


def copied(ticket: Ticket) -> Ticket:
    return copy.copy(ticket)


def put(ticket: Ticket, **columns: Any) -> None:
    """Set columns of a copy, the protected state too: this row is never saved."""
    ticket.__dict__.update(columns)


def begun(ticket: Ticket) -> Ticket:
    """The same ticket as if its work had begun."""
    found = copied(ticket)
    put(found, state=S.IN_PROGRESS)
    return found


def _hold(ticket: Ticket, person: Any) -> None:
    state = ticket.state if ticket.state == S.WAITING or not ticket.is_open else S.ASSIGNED
    put(ticket, state=state, assignee_id=person.pk)
    ticket._state.fields_cache = {**ticket._state.fields_cache, "assignee": person}


def taken(ticket: Ticket, asked: Asked) -> None:
    _hold(ticket, asked.actor)


def assigned(ticket: Ticket, asked: Asked) -> None:
    if person := judging.person(asked):
        _hold(ticket, person)


def escalated(ticket: Ticket, asked: Asked) -> None:
    if judging.goes_back(ticket, asked):
        put_back(ticket, asked)
    elif ticket.team and ticket.team.lead:
        _hold(ticket, ticket.team.lead)


def put_back(ticket: Ticket, asked: Asked) -> None:
    put(ticket, state=S.TRIAGED, assignee_id=None)
    ticket._state.fields_cache = {**ticket._state.fields_cache, "assignee": None}


def started(ticket: Ticket, asked: Asked) -> None:
    put(ticket, state=S.IN_PROGRESS)


def waits(ticket: Ticket, asked: Asked) -> None:
    put(ticket, state=S.WAITING, wait_for=asked.text("wait_for"), wake_at=judging.wake_up(asked))


def resumed(ticket: Ticket, asked: Asked) -> None:
    put(ticket, state=S.IN_PROGRESS, wait_for="", wake_at=None)


def regraded(ticket: Ticket, asked: Asked) -> None:
    kind, severity, nature = judging.grade_of(ticket, asked)
    put(ticket, kind=kind, severity=severity, nature=nature)


def replied(ticket: Ticket, asked: Asked) -> None:
    """A machine's words begin nothing and are no answer (conversation.ticket_reply)."""
    if asked.actor.kind == Kind.MACHINE:
        return
    if ticket.state == S.ASSIGNED and begins_by_words(ticket, asked.actor):
        put(ticket, state=S.IN_PROGRESS)
    put(ticket, last_staff_at=asked.now, first_reply_at=ticket.first_reply_at or asked.now)


def said(ticket: Ticket, asked: Asked) -> None:
    """Words alone move nothing."""


def resolved(ticket: Ticket, asked: Asked) -> None:
    """Whoever resolves tells the customer in the same act."""
    replied(ticket, asked)
    put(ticket, state=S.RESOLVED, result=asked.text("result"), wait_for="", resolved_at=asked.now)


def cancelled(ticket: Ticket, asked: Asked) -> None:
    put(ticket, state=S.CANCELLED, closed_at=asked.now, wait_for="", wake_at=None)


def archived(ticket: Ticket, asked: Asked) -> None:
    put(ticket, state=S.ARCHIVED)
