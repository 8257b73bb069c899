"""Letters that wait for a person: attach, open, put aside. Locked first, judged then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.channels.models import Letter
from aftersales.channels.services.landing import SOURCE, customer_says, kept_files, open_new, text_of
from aftersales.channels.services.receiving import LAND
from aftersales.channels.states import Outcome, Why
from aftersales.core import events, jobs
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.customers.models import Customer
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import note_add

REASON = 3


def letter_attach(
    *, letter: Letter, ticket: Ticket, from_customer: bool, actor: Any, now: datetime
) -> Letter:
    """It belongs to this ticket: as the customer's words, or as a note when somebody else wrote it.

    Errors: decided, sealed, no_customer.
    """
    with _deciding(letter, actor) as current, kept_files(current, now) as kept:
        if from_customer and ticket.customer_id is None:
            raise DomainError(_("This ticket has no customer whose words these could be."), "no_customer")
        if from_customer:
            current.customer_id = ticket.customer_id
            customer_says(current, ticket, kept, now)
        else:
            note_add(
                ticket=ticket, text=f"{current.sender}\n{text_of(current)}", actor=actor, now=now, files=kept,
                source=SOURCE, source_ref=current.public_id, mentions=False,
            )  # fmt: skip
            current.outcome, current.ticket = Outcome.JOINED, ticket
        _decided(current, "letter.attached", actor, now)
    return current


def letter_open(
    *, letter: Letter, customer: Customer | None, order: Order | None, actor: Any, now: datetime
) -> Letter:
    """A new problem, of this customer and order as far as the person knows them. Error: decided."""
    with _deciding(letter, actor) as current, kept_files(current, now) as kept:
        if not actor.has_perm("tickets.open_ticket"):
            raise NotPermitted()
        current.customer = customer or (order.customer if order else None)
        open_new(current, kept, now, customer=current.customer, order=order, owner_id=actor.pk)
        _decided(current, "letter.opened", actor, now)
    return current


def letter_drop(*, letter: Letter, reason: str, actor: Any, now: datetime) -> Letter:
    """Nothing for us (an advertisement, a fraud); the letter stays readable until its time is over. Error: reason."""
    if len(reason.strip()) < REASON:
        raise DomainError(_("Say why the letter is put aside."), "reason")
    with _deciding(letter, actor) as current:
        current.outcome = Outcome.DROPPED
        _save(current, now)
        events.record("letter.dropped", subject=current, actor=actor, now=now, reason=reason.strip()[:500])
    return current


def letter_again(*, letter: Letter, actor: Any, now: datetime) -> Letter:
    """Read a letter again that could not be read, after whatever stood in the way is mended. Error: decided."""
    with _deciding(letter, actor) as current:
        if current.outcome != Outcome.FAILED or current.why in (Why.TOO_LARGE, Why.EMPTY):
            raise DomainError(_("There is nothing to be read again."), "decided")
        current.outcome, current.why, current.error = Outcome.WAITING, "", ""
        current.save(update_fields=["outcome", "why", "error"])
        jobs.enqueue(LAND, key=f"{LAND}:{current.pk}", payload={"letter": current.pk}, now=now, again=True)
        events.record("letter.again", subject=current, actor=actor, now=now)
    return current


def letter_viewed(*, letter: Letter, reason: str, actor: Any, now: datetime) -> None:
    """Somebody takes the letter as it came, with every header: for a reason, recorded. Errors: reason, erased."""
    if not actor.has_perm("channels.view_raw"):
        raise NotPermitted()
    if len(reason.strip()) < REASON:
        raise DomainError(_("Say what the letter is needed for."), "reason")
    if not letter.stored:
        raise DomainError(_("The letter itself is no longer kept."), "erased")
    events.record("letter.viewed", subject=letter, actor=actor, now=now, reason=reason.strip()[:500])


@contextmanager
def _deciding(letter: Letter, actor: Any) -> Iterator[Letter]:
    """The letter, locked; somebody else's decision a moment earlier stands."""
    if not actor.has_perm("channels.decide"):
        raise NotPermitted()
    with transaction.atomic():
        current = Letter.objects.select_for_update(of=("self",)).get(pk=letter.pk)
        if not current.waits:
            raise DomainError(_("Somebody has decided about this letter already."), "decided")
        yield current


def _decided(letter: Letter, event: str, actor: Any, now: datetime) -> None:
    _save(letter, now)
    events.record(event, subject=letter, actor=actor, now=now, payload={"ticket_id": letter.ticket_id})


def _save(letter: Letter, now: datetime) -> None:
    letter.done_at = now
    letter.save()
