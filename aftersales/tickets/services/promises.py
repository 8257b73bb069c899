"""Promises to customers and merchants (R3.10): given with a reply or by telephone, kept, postponed, withdrawn.

Each has a clock to the time that was said first. Whoever holds the ticket owes it; the clock follows by itself.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.clocks.selectors import open_clocks_of
from aftersales.clocks.services import tell, word_drop, word_give, word_keep
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.files import StoredFile
from aftersales.standards.selectors import duration
from aftersales.tickets import rules
from aftersales.tickets.models import GivenPromise, Message, Ticket
from aftersales.tickets.services.conversation import QUIET, ticket_ask_merchant, ticket_reply
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.states import PromisedTo, PromiseState

LONGEST = 300  # characters: a promise is one sentence
KIND = "tickets.ticket"
NEXT = ("next_due_at", "next_promise", "next_started_at", "next_warn_at")
SAY = {PromisedTo.CUSTOMER: ticket_reply, PromisedTo.MERCHANT: ticket_ask_merchant}


def promise_give(
    *,
    ticket: Ticket,
    what: str,
    due_at: datetime,
    actor: Any,
    now: datetime,
    to: str = PromisedTo.CUSTOMER,
    message: Message | None = None,
    source: str = "",
    source_ref: str = "",
) -> GivenPromise:
    """Note what was promised, to whom and by when; its clock starts. The same (source, source_ref) twice is one.

    Errors: empty, too_long, in_the_past, too_far, wrong_state (nothing is promised on a solved ticket), not_yours.
    """
    _may_promise(actor)
    what = _cleaned(what)
    with transaction.atomic():
        ticket = locked_ticket(ticket)
        if known := _known(source, source_ref):
            return known
        _judge(ticket, actor, now)
        _refuse_time(due_at, now)
        clock = word_give(subject=ticket, due_at=due_at, holder_id=ticket.assignee_id, actor=actor, now=now)
        promise = moves.create(
            GivenPromise(
                ticket=ticket, merchant_id=ticket.merchant_id, clock=clock, message=message, to=to, what=what,
                given_by=actor, given_at=now, first_due_at=due_at, due_at=due_at, source=source, source_ref=source_ref,
            ),
            actor=actor, now=now, event="promise.given", payload={"due_at": due_at.isoformat()},
        )  # fmt: skip
        told = {"promise_id": promise.pk, "due_at": due_at.isoformat(), "to": to}
        _tell(ticket, "ticket.promised", told, actor, now)
    return promise


def promise_judged(*, ticket: Ticket, what: str, due_at: datetime, actor: Any, now: datetime) -> None:
    """Whether this may be promised now, before anything is kept for it: raises as ``promise_give`` does."""
    _may_promise(actor)
    _cleaned(what)
    _judge(ticket, actor, now)
    _refuse_time(due_at, now)


def ticket_reply_promising(
    *,
    ticket: Ticket,
    text: str,
    what: str,
    due_at: datetime,
    actor: Any,
    now: datetime,
    to: str = PromisedTo.CUSTOMER,
    files: Sequence[StoredFile] = (),
    source: str = "",
    source_ref: str = "",
) -> Message:
    """A reply and the promise it makes: both or neither. Words that reach nobody promise nothing (error: unheard)."""
    with transaction.atomic():
        ticket = locked_ticket(ticket)
        message = SAY[PromisedTo(to)](
            ticket=ticket, text=text, actor=actor, now=now, files=files, source=source, source_ref=source_ref
        )
        if message.undelivered:
            raise DomainError(
                _(
                    "No message reaches him, so nothing was promised: call first, then note what you promised."
                ),
                "unheard",
            )
        promise_give(
            ticket=ticket, what=what, due_at=due_at, actor=actor, now=now, to=to, message=message, source=source,
            source_ref=source_ref,
        )  # fmt: skip
    return message


def promise_keep(
    *, promise: GivenPromise, actor: Any, now: datetime, version: int | None = None
) -> GivenPromise:
    """What was promised is done, in time or late."""
    _may_promise(actor)
    with transaction.atomic():
        ticket = _locked_with(promise, actor, now)
        kept: GivenPromise = moves.perform(promise, "keep", actor=actor, now=now, version=version)
        word_keep(clock=kept.clock, subject=ticket, actor=actor, now=now)
        _tell(ticket, "ticket.promise_kept", kept.told(), actor, now)
    return kept


def promise_withdraw(
    *,
    promise: GivenPromise,
    why: str,
    actor: Any,
    now: datetime,
    text: str = "",
    version: int | None = None,
    source: str = "",
    source_ref: str = "",
) -> GivenPromise:
    """Take a promise back, with a reason. Whoever it was given to is told by ``text``; a lead may do it without.

    Errors: reason, untold, unheard, settled. A breach that happened stays a breach.
    """
    _may_promise(actor)
    why = why.strip()[:500]
    if not why:
        raise DomainError(_("Say why the promise is withdrawn."), "reason")
    with transaction.atomic():
        ticket = _locked_with(promise, actor, now)
        _say(promise, ticket, text, actor, now, source, source_ref)
        gone: GivenPromise = moves.perform(
            promise, "withdraw", actor=actor, now=now, version=version, why=why
        )
        word_drop(clock=gone.clock, subject=ticket, actor=actor, now=now)
        _tell(ticket, "ticket.promise_withdrawn", gone.told(), actor, now, why)
    return gone


def promise_postpone(
    *,
    promise: GivenPromise,
    due_at: datetime,
    actor: Any,
    now: datetime,
    text: str = "",
    version: int | None = None,
    source: str = "",
    source_ref: str = "",
) -> GivenPromise:
    """Agree a later time. The clock keeps the first one: once that has passed, the promise is broken all the same.

    Errors: untold, unheard, settled, in_the_past, too_far, sooner.
    """
    _may_promise(actor)
    with transaction.atomic():
        ticket = _locked_with(promise, actor, now)
        current: GivenPromise = moves.locked(promise, version=version)
        if current.state != PromiseState.OPEN:
            raise DomainError(_("This promise is settled already."), "settled")
        _refuse_time(due_at, now)
        if due_at <= current.due_at:
            raise DomainError(_("The new time must lie after the one agreed."), "sooner")
        _say(current, ticket, text, actor, now, source, source_ref)
        current.due_at = due_at
        told = current.told()
        later: GivenPromise = moves.change(
            current, actor=actor, now=now, event="promise.postponed", payload=told, due_at=due_at,
            postponed=current.postponed + 1,
        )  # fmt: skip
        _tell(ticket, "ticket.promise_postponed", told, actor, now)
    return later


def _may_promise(actor: Any) -> None:
    if not actor.has_perm("tickets.promise"):
        raise NotPermitted()


def _cleaned(what: str) -> str:
    words = " ".join(what.replace("\x00", "").split())
    if not words:
        raise DomainError(_("Say what you promise."), "empty")
    if len(words) > LONGEST:
        raise DomainError(_("A promise is one sentence of at most 300 characters."), "too_long")
    return words


def _judge(ticket: Ticket, actor: Any, now: datetime) -> None:
    """Who holds the ticket owes what is promised on it: nobody promises for another, unless a lead does."""
    if not ticket.is_open:
        raise DomainError(_("This ticket is solved; reopen it before you promise anything."), "wrong_state")
    if refusals := list(rules.own_work(ticket, {}, actor, now, None)):
        raise Refused(refusals)


def _refuse_time(due_at: datetime, now: datetime) -> None:
    if due_at <= now:
        raise DomainError(_("A promise needs a time that lies ahead."), "in_the_past")
    longest = duration("longest_wait_days", now)
    if due_at - now > longest:
        raise DomainError(
            _("A promise may lie at most %(days)d days ahead; check the date.") % {"days": longest.days},
            "too_far",
        )


def _known(source: str, source_ref: str) -> GivenPromise | None:
    """What was promised with this reference before; asked under the ticket's lock."""
    if not source_ref:
        return None
    found: GivenPromise | None = GivenPromise.objects.filter(source=source, source_ref=source_ref).first()
    return found


def _locked_with(promise: GivenPromise, actor: Any, now: datetime) -> Ticket:
    """The promise's ticket, locked first (lock order), judged then."""
    ticket = locked_ticket(Ticket(pk=promise.ticket_id))
    if refusals := list(rules.own_work(ticket, {}, actor, now, None)):
        raise Refused(refusals)
    return ticket


def _say(
    promise: GivenPromise, ticket: Ticket, text: str, actor: Any, now: datetime, source: str, source_ref: str
) -> None:
    """A promise does not change behind the back of whoever it was given to; only a lead may say nothing."""
    lead = actor.has_perm("tickets.work_any")
    if not text.strip():
        if not lead:
            raise DomainError(_("Tell him: write the sentence he gets, or ask your lead."), "untold")
        return
    said = SAY[PromisedTo(promise.to)](
        ticket=ticket, text=text, actor=actor, now=now, source=source, source_ref=source_ref
    )
    if said.undelivered and not lead:
        raise DomainError(_("No message reaches him: call, and let your lead change the promise."), "unheard")


def _tell(
    ticket: Ticket, event: str, payload: dict[str, Any], actor: Any, now: datetime, reason: str = ""
) -> None:
    """The ticket's own timeline, and the nearest clock on its row, so that a queue sorts by the promise."""
    tell(ticket, open_clocks_of(KIND, [ticket.pk]).get(ticket.pk, []))
    columns = {name: getattr(ticket, name) for name in NEXT}
    moves.change(
        ticket, actor=actor, now=now, event=event, payload=payload, reason=reason, quiet=QUIET, **columns
    )
