"""A ticket that holds two problems is split: some order lines go on in a ticket of their own (DESIGN 4).

Nothing is moved: what was said stays where it was said, and is quoted in the new ticket. No time is won by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.clocks import services as clocks
from aftersales.core import moves, series
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Audience
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import DuplicatePair, Message, Ticket, TicketLink, TicketParty, TicketText
from aftersales.tickets.services import searching
from aftersales.tickets.services.intake import TicketDraft, clean_draft, draft_for, lock_orders, register
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.states import ACTIVE_STATES, QUOTED, AuthorKind, LinkKind, PairVerdict


@dataclass(frozen=True)
class _Split:
    """One request to split, judged under the locks."""

    origin: Ticket
    lines: Sequence[OrderLine]
    said: Sequence[Message]
    actor: Any
    now: datetime
    reason: str

    @property
    def merchants(self) -> list[int]:
        return sorted({line.merchant_id for line in self.lines if line.merchant_id})


def ticket_split(
    *,
    ticket: Ticket,
    lines: Sequence[int],
    messages: Sequence[int],
    subject: str,
    actor: Any,
    reason: str,
    now: datetime,
    version: int | None = None,
    source_ref: str = "",
) -> Ticket:
    """Let some order ``lines`` or ``messages`` (keys) go on in a ticket of their own; answers the new one.

    Same customer, order and grade, the merchant of the lines; graded and dispatched as any new one, its clocks counted
    from the original intake. The same ``source_ref`` twice is one split. Errors: reason, subject, nothing, line,
    message, whole, finished, sealed, Conflict, Busy.
    """
    if not actor.has_perm("tickets.open_ticket"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why it is a problem of its own."), "reason")
    if known := _known(source_ref):
        return known
    draft = clean_draft(_draft(ticket, subject, source_ref))
    number = series.take("ticket", 1, now)[0]
    with transaction.atomic():
        lock_orders([ticket.order_id])
        origin = locked_ticket(ticket)
        if known := _known(source_ref):
            return known
        moves.locked(origin, version=version)
        split = _judged(origin, set(lines), set(messages), actor, now, reason)
        return _carry_out(split, draft, number)


def _known(source_ref: str) -> Ticket | None:
    if not source_ref:
        return None
    return Ticket.objects.filter(source=QUOTED, source_ref=source_ref).first()  # type: ignore[no-any-return]


def _draft(ticket: Ticket, subject: str, source_ref: str) -> TicketDraft:
    """What is known before the locks; the rest follows from the original as it then stands."""
    return TicketDraft(
        source=QUOTED, source_ref=source_ref, subject=subject, text="", channel=ticket.channel,
        opened_at=ticket.opened_at,
    )  # fmt: skip


def _judged(
    origin: Ticket, lines: set[int], messages: set[int], actor: Any, now: datetime, reason: str
) -> _Split:
    if origin.state not in ACTIVE_STATES:
        raise DomainError(
            _("Tickets are split while they are worked on; please register the problem anew."), "finished"
        )
    if not lines and not messages:
        raise DomainError(_("Choose what goes into the new ticket."), "nothing")
    all_lines = list(OrderLine.objects.filter(order=origin.order_id).order_by("line_no"))
    chosen = [line for line in all_lines if line.pk in lines]
    if len(chosen) != len(lines):
        raise DomainError(_("Choose lines of the order of this ticket."), "line")
    said = list(origin.messages.filter(pk__in=messages, erased_at=None).order_by("at", "id"))
    if len(said) != len(messages):
        raise DomainError(_("Choose messages of this ticket."), "message")
    if not said and len(chosen) == len(all_lines):
        raise DomainError(_("That is the whole order: there is nothing to split."), "whole")
    return _Split(origin, chosen, said, actor, now, reason.strip())


def _carry_out(split: _Split, known: TicketDraft, number: str) -> Ticket:
    origin, actor, now = split.origin, split.actor, split.now
    merchant_id = split.merchants[0] if len(split.merchants) == 1 else None
    draft = draft_for(
        origin.order, customer=origin.customer, merchant_id=merchant_id if split.lines else origin.merchant_id,
        source=known.source, source_ref=known.source_ref, subject=known.subject, text="", channel=origin.channel,
        opened_at=origin.opened_at, kind=origin.kind, severity=origin.severity, nature=origin.nature,
        owner_id=origin.owner_id, author_kind=AuthorKind.STAFF, historic=origin.historic, beside=True,
    )  # fmt: skip
    part = register([(draft, number)], actor=actor, now=now)[0]
    _parties(split, part)
    _quote(split, part)
    TicketLink.objects.create(
        ticket=origin, other=part, kind=LinkKind.SPLIT, lines=[line.pk for line in split.lines], at=now, by=actor,
        source_ref=known.source_ref,
    )  # fmt: skip
    DuplicatePair.objects.filter(ticket=origin, other=part).update(
        verdict=PairVerdict.APART, decided_at=now, decided_by=actor
    )
    answered = origin.first_reply_at is not None
    clocks.clocks_split(part=part, origin=origin, answered=answered, actor=actor, now=now)
    return _tell(split, part)


def _parties(split: _Split, part: Ticket) -> None:
    """Of an order of several merchants those whose lines were chosen."""
    if split.merchants:
        TicketParty.objects.filter(ticket=part).exclude(merchant__in=split.merchants).delete()


def _quote(split: _Split, part: Ticket) -> None:
    """Copies for the staff that name where each was said; who may read the original there is not asked here."""
    copies = Message.objects.bulk_create(
        Message(
            ticket=part, merchant_id=part.merchant_id, author_kind=one.author_kind, author_id=one.author_id,
            audience=Audience.INTERNAL, channel=one.channel, text=one.text, at=one.at, source=QUOTED,
            source_ref=f"{split.origin.number}:{one.pk}:{part.pk}",
        )
        for one in split.said
    )  # fmt: skip
    TicketText.objects.bulk_create(map(searching.text_of_message, copies))


def _tell(split: _Split, part: Ticket) -> Ticket:
    origin, told = split.origin, {"actor": split.actor, "now": split.now, "reason": split.reason}
    moves.change(
        origin, event="ticket.split", **told,
        payload={
            "other_id": part.pk, "other": part.number, "lines": len(split.lines), "messages": len(split.said)
        },
    )  # fmt: skip
    return moves.change(
        part, event="ticket.split_off", **told, payload={"other_id": origin.pk, "other": origin.number},
        first_reply_at=origin.first_reply_at, last_customer_at=origin.last_customer_at,
        last_staff_at=origin.last_staff_at,
    )  # fmt: skip
