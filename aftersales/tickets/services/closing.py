"""The closing loop (R3.6): tell the result, ask the customer, hear the answer, or close by silence where allowed."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.services import customer_user, system_user
from aftersales.core import events, moves
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.standards.selectors import duration
from aftersales.tickets import rules
from aftersales.tickets.models import ContactAttempt, CustomerLink, Message, Ticket
from aftersales.tickets.querysets import TicketQuerySet
from aftersales.tickets.selectors import unheard_because
from aftersales.tickets.services.asking import remind_all
from aftersales.tickets.services.conversation import (
    QUIET,
    call_keep,
    confirmation_keep,
    customer_message,
    heard_columns,
    known_message,
    ticket_reply,
)
from aftersales.tickets.services.locking import locked_ticket, standing_ticket
from aftersales.tickets.services.work import ensure_started
from aftersales.tickets.states import ACTIVE_STATES, OPEN_STATES, OwnReason, TicketState

CONFIRM = "confirm"
NOT_SOLVED = OwnReason.NOT_SOLVED.label
SWEEP_LIMIT = 2000


def ticket_resolve(
    *,
    ticket: Ticket,
    result: str,
    text: str,
    actor: Any,
    now: datetime,
    version: int | None = None,
    told_by: str = "",
    source: str = "",
    source_ref: str = "",
) -> Ticket:
    """Register the result and tell the customer in the same act; he is asked whether it is solved.

    ``text`` is the message to the customer, or with ``told_by`` (a channel) what a person told him himself. Where
    neither is possible he has not been told: the promises to him run on until a person reaches him. Silence is counted
    from now where the grade allows it. The same (source, source_ref) twice is one act.
    """
    with transaction.atomic():
        ticket = locked_ticket(ticket)
        if known_message(source, source_ref):
            return ticket
        ticket = ensure_started(locked_ticket(ticket, version=version, actor=actor), actor=actor, now=now)
        told = _tell(ticket, text, told_by, actor, now, source, source_ref)
        silent = rules.may_close_by_silence(ticket.severity, ticket.nature, ticket.kind)
        until = now + duration("silence_hours", now) if silent else None
        return moves.perform(
            ticket,
            "resolve",
            actor=actor,
            now=now,
            result=result,
            wake_at=until,
            told="yes" if told else "no",
        )


def _tell(
    ticket: Ticket, text: str, told_by: str, actor: Any, now: datetime, source: str, source_ref: str
) -> bool:
    """Tell the customer by a message, or take down how a person told him. False when no message can reach him."""
    if told_by:
        contact_attempt_record(
            ticket=ticket, channel=told_by, reached=True, said=text, actor=actor, now=now, source=source,
            source_ref=source_ref,
        )  # fmt: skip
        return True
    return not ticket_reply(
        ticket=ticket, text=text, actor=actor, now=now, source=source, source_ref=source_ref
    ).undelivered


def ticket_agree_solution(
    *,
    ticket: Ticket,
    text: str,
    actor: Any,
    now: datetime,
    version: int | None = None,
    told_by: str = "",
    source: str = "",
    source_ref: str = "",
) -> Ticket:
    """Tell the customer what will be done and register that the solution stands (R3.4, R3.5).

    Meets the promises *analysis and plan* and *solution agreed*; carrying it out has its own time. A customer whom no
    message reaches is told by a person first: ``told_by`` says on which channel (error: unheard). The same
    (source, source_ref) twice is one act.
    """
    if not actor.has_perm("tickets.reply"):
        raise NotPermitted()
    with transaction.atomic():
        ticket = locked_ticket(ticket)
        if known_message(source, source_ref):
            return ticket
        ticket = locked_ticket(ticket, version=version, actor=actor)
        if refusals := list(rules.own_work(ticket, {}, actor, now, None)):
            raise Refused(refusals)
        if not ticket.is_open:
            raise DomainError(_("A solution is registered while the ticket is open."), "wrong_state")
        if not told_by and unheard_because(ticket):
            raise DomainError(
                _("No message reaches this customer: tell the customer in person, and choose how you did."),
                "unheard",
            )
        _tell(ticket, text, told_by, actor, now, source, source_ref)
        return moves.change(ticket, actor=actor, now=now, event="ticket.solution_agreed", quiet=QUIET)


def customer_link_issue(*, ticket: Ticket, purpose: str, actor: Any, now: datetime) -> str:
    """A fresh link token (43 characters, 256 bits); older links of the same purpose end. Only the hash is kept.

    That it was made says nothing yet about the customer: he is asked when the message has gone out.
    """
    if not actor.has_perm("tickets.issue_link"):
        raise NotPermitted()
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        CustomerLink.objects.filter(ticket=ticket, purpose=purpose, used_at=None, revoked_at=None).update(
            revoked_at=now
        )
        link = CustomerLink.objects.create(
            ticket=ticket, purpose=purpose, token_hash=link_hash(token), issued_at=now,
            expires_at=now + duration("confirm_link_days", now),
        )  # fmt: skip
        events.record(
            "ticket.link_issued", subject=ticket, actor=actor, now=now, payload={"link_id": link.pk}
        )
    return token


def link_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def customer_link_open(*, token: str, purpose: str, now: datetime) -> CustomerLink | None:
    """The live link behind a token, with its ticket; None for unknown, used, revoked and expired alike.

    A purpose may name whom it is for: "payee:12" is opened as "payee".
    """
    link: CustomerLink | None = (
        CustomerLink.objects.select_related("ticket__customer").filter(token_hash=link_hash(token)).first()
    )
    if link is None or link.purpose.partition(":")[0] != purpose:
        return None
    if link.used_at or link.revoked_at or link.expires_at < now:
        return None
    return link


def ticket_confirm(
    *,
    link: CustomerLink,
    satisfied: bool,
    now: datetime,
    comment: str = "",
    rating_handling: int | None = None,
    rating_outcome: int | None = None,
) -> Ticket:
    """The customer's answer on the page. Solved closes; not solved reopens as second handling by the same person.

    The link is used up by the first answer, also when two arrive together.
    """
    actor = customer_user()
    with transaction.atomic():
        ticket = standing_ticket(link.ticket)
        locked = CustomerLink.objects.select_for_update().get(pk=link.pk)
        if locked.used_at or locked.revoked_at or locked.expires_at < now:
            raise DomainError(_("This link was already used."), "used")
        locked.used_at, locked.answer = now, "solved" if satisfied else "not_solved"
        locked.rating_handling, locked.rating_outcome = rating_handling, rating_outcome
        locked.save(update_fields=["used_at", "answer", "rating_handling", "rating_outcome"])
        return _answer(ticket, satisfied, actor, now, comment, locked)


def ticket_answer(*, ticket: Ticket, satisfied: bool, actor: Any, now: datetime, comment: str = "") -> Ticket:
    """What the customer's answer does to the ticket; a comment joins the conversation."""
    if not actor.has_perm("tickets.confirm"):
        raise NotPermitted()
    with transaction.atomic():
        return _answer(moves.locked(ticket), satisfied, actor, now, comment)


def _answer(
    ticket: Ticket, satisfied: bool, actor: Any, now: datetime, comment: str, link: CustomerLink | None = None
) -> Ticket:
    """The answer to a locked ticket; the marks given on the page stand in the event too."""
    acting_as = f"customer:{ticket.customer_id}"
    if satisfied and ticket.state in OPEN_STATES:  # reopened in the meantime: there is no result to confirm
        raise DomainError(_("We are working on it again; there is nothing to confirm yet."), "in_work")
    if comment.strip():
        customer_message(ticket=ticket, text=comment, actor=actor, now=now, acting_as=acting_as)
    if satisfied:
        if ticket.state == TicketState.RESOLVED:
            ticket = moves.perform(
                ticket, "confirm", actor=actor, now=now, acting_as=acting_as,
                handling=link.rating_handling if link else None, outcome=link.rating_outcome if link else None,
            )  # fmt: skip
        return ticket
    if link is not None and link.ticket_id != ticket.pk and ticket.is_open:  # merged: the work goes on there
        if not comment.strip():
            customer_message(ticket=ticket, text=str(NOT_SOLVED), actor=actor, now=now, acting_as=acting_as)
        return ticket
    events.record(
        "ticket.refused_solution", subject=ticket, actor=actor, now=now, acting_as=acting_as,
        payload={"link_id": link.pk if link else None},
    )  # fmt: skip
    return moves.perform(
        ticket,
        "reopen",
        actor=actor,
        now=now,
        acting_as=acting_as,
        reason=OwnReason.NOT_SOLVED,
    )


def ticket_verify(
    *, ticket: Ticket, how: str, reason: str, actor: Any, now: datetime, version: int | None = None
) -> Ticket:
    """Close after the customer confirmed it to a person; what he said (``reason``) joins the conversation."""
    if not reason.strip():
        raise DomainError(_("Write down what the customer said."), "reason")
    with transaction.atomic():
        moved = moves.perform(ticket, "close_verified", actor=actor, now=now, version=version, how=how)
        confirmation_keep(ticket=moved, text=reason, channel=how, now=now)
    return moved


def ticket_give_up(
    *, ticket: Ticket, reason: str, actor: Any, now: datetime, version: int | None = None
) -> Ticket:
    """Close as *not reached* after enough tries; counted apart from confirmed (operations S2)."""
    return moves.perform(ticket, "give_up", actor=actor, now=now, reason=reason, version=version)


def ticket_cancel(
    *, ticket: Ticket, why: str, reason: str, actor: Any, now: datetime, version: int | None = None
) -> Ticket:
    """End a ticket that needs no handling; the reason is required, and a lead reviews it like any finished one."""
    if not reason.strip():
        raise DomainError(_("Say why the ticket is cancelled."), "reason")
    return moves.perform(ticket, "cancel", actor=actor, now=now, reason=reason, version=version, why=why)


def contact_attempt_record(
    *,
    ticket: Ticket,
    channel: str,
    reached: bool,
    actor: Any,
    now: datetime,
    said: str = "",
    version: int | None = None,
    source: str = "",
    source_ref: str = "",
) -> ContactAttempt:
    """One try to reach the customer while his answer matters; enough tries allow to close as *not reached*.

    Who reached him has answered him: ``said``, then required, joins the conversation as a note. Errors: said,
    wrong_state. The same ``source_ref`` twice is one try.
    """
    if not actor.has_perm("tickets.reply"):
        raise NotPermitted()
    if reached and not said.strip():
        raise DomainError(_("Write down what was said."), "said")
    with transaction.atomic():
        ticket = locked_ticket(ticket)
        if known := _known_try(source_ref):
            return known
        ticket = locked_ticket(ticket, version=version, actor=actor)
        if ticket.state not in ACTIVE_STATES:
            raise DomainError(_("This ticket is finished; nobody needs to be reached for it."), "wrong_state")
        attempt = ContactAttempt.objects.create(
            ticket=ticket, channel=channel, reached=reached, by=actor, at=now, source_ref=source_ref
        )
        note = None
        if said.strip():
            more = {"source": source, "source_ref": source_ref}
            note = call_keep(ticket=ticket, text=said, channel=channel, actor=actor, now=now, **more)
        _note_try(ticket, attempt, note, actor, now)
    return attempt


def _note_try(
    ticket: Ticket, attempt: ContactAttempt, note: Message | None, actor: Any, now: datetime
) -> None:
    """What the try means: who was reached has heard from us, a solved ticket's customer the result."""
    payload: dict[str, Any] = {"channel": attempt.channel, "reached": attempt.reached}
    if note is not None:
        payload["message_id"] = note.pk
    if attempt.reached:
        payload["told"] = "answer" if ticket.is_open else "result"
    columns = heard_columns(ticket, now) if attempt.reached else {"wake_at": _asked_again(ticket, now)}
    moves.change(
        ticket, actor=actor, now=now, event="ticket.contact_tried", quiet=(*QUIET, "wake_at"), payload=payload,
        **columns,
    )  # fmt: skip


def _known_try(source_ref: str) -> ContactAttempt | None:
    if not source_ref:
        return None
    return ContactAttempt.objects.filter(source_ref=source_ref).first()


def _asked_again(ticket: Ticket, now: datetime) -> datetime | None:
    """A resolved ticket that nothing else wakes is looked at the next day: one try in vain is no end."""
    if ticket.state == TicketState.RESOLVED and ticket.wake_at is None:
        return now + duration("verification_hours", now)
    return ticket.wake_at


def silence_sweep(*, now: datetime, limit: int = SWEEP_LIMIT) -> Mapping[str, int]:
    """Close by silence what may be closed; of the others a person is reminded, who asks by telephone."""
    due = _due(TicketState.RESOLVED, now, limit, Q(last_customer_at__gt=F("resolved_at")))
    outcome = moves.perform_many(due, "close_by_silence", actor=system_user(), now=now)
    remind_all(outcome.refused, now)
    return {"closed": len(outcome.done), "refused": len(outcome.refused), "busy": len(outcome.busy)}


def wake_sweep(*, now: datetime, limit: int = SWEEP_LIMIT) -> int:
    """Waiting tickets whose wake-up time has come go on."""
    due = _due(TicketState.WAITING, now, limit)
    return len(moves.perform_many(due, "resume", actor=system_user(), now=now, reason=OwnReason.WAKE_UP).done)


def _due(state: str, now: datetime, limit: int, but: Q | None = None) -> TicketQuerySet:
    """Tickets whose time has come; asked again under the lock, because a person may be faster."""
    waiting = Ticket.objects.to_wake(now, state).order_by()
    rows = waiting.exclude(but) if but else waiting
    ids = rows.order_by("wake_at").values_list("pk", flat=True)[:limit]
    return rows.filter(pk__in=list(ids))
