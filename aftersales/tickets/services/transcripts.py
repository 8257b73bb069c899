"""What was said in a chat or on the telephone, line by line, as one act: lines are messages, the act is one event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.errors import NotPermitted
from aftersales.core.models import Audience
from aftersales.tickets.models import Message, Ticket, TicketText
from aftersales.tickets.services import searching
from aftersales.tickets.services.conversation import QUIET, clean_text
from aftersales.tickets.services.locking import standing_ticket
from aftersales.tickets.states import AuthorKind, TicketState, WaitFor


@dataclass(frozen=True)
class Line:
    """``ref`` is the line's own id; ``author``: the colleague who said it, where he is known."""

    ref: str
    text: str
    by_customer: bool
    at: datetime
    author: Any = None


@dataclass(frozen=True)
class Kept:
    """What became of a transcript: the ticket it joined, how many lines are new, whether the customer said any."""

    ticket: Ticket
    count: int
    heard: bool


def transcript_keep(
    *,
    ticket: Ticket,
    lines: Sequence[Line],
    channel: str,
    source: str,
    actor: Any,
    now: datetime,
    opening: bool = False,
) -> Kept:
    """Lines become messages, each once. Nobody is written to: it was said already.

    What the customer said is heard like his letters, once for all lines: the answer is owed from now on and whoever
    works on it is told, unless a colleague answered him in the conversation itself, or the ticket is new by these
    lines (``opening``). What was said about a merged ticket joins the one that goes on for it.
    """
    if not actor.has_perm("tickets.hear_customer"):
        raise NotPermitted()
    with transaction.atomic():
        ticket = standing_ticket(ticket)
        refs = [line.ref for line in lines]
        known = set(
            Message.objects.filter(source=source, source_ref__in=refs).values_list("source_ref", flat=True)
        )
        fresh = {line.ref: line for line in lines if line.ref not in known and line.text.strip()}
        said = Message.objects.bulk_create(
            _message(ticket, line, channel, source, now) for line in fresh.values()
        )
        TicketText.objects.bulk_create(searching.text_of_message(one) for one in said)
        if not said:
            return Kept(ticket, 0, False)
        heard = any(line.by_customer for line in fresh.values())
        columns: dict[str, Any] = {"last_customer_at": now} if heard else {}
        ticket = moves.change(
            ticket, actor=actor, now=now, event="ticket.transcript_kept", payload={"count": len(said)},
            quiet=QUIET, **columns,
        )  # fmt: skip
        if heard and not opening and (not ticket.is_open or _left_open(list(fresh.values()))):
            ticket = _heard(ticket, said, channel, actor, now)
        if heard and ticket.state == TicketState.WAITING and ticket.wait_for == WaitFor.CUSTOMER:
            ticket = moves.perform(ticket, "resume", actor=system_user(now), now=now)
    return Kept(ticket, len(said), heard)


def _left_open(lines: Sequence[Line]) -> bool:
    """Whether the customer had the last word: no colleague whom we know spoke after him (a machine is none)."""
    last = max(place for place, line in enumerate(lines) if line.by_customer)
    return not any(line.author is not None for line in lines[last + 1 :])


def _heard(ticket: Ticket, said: Sequence[Message], channel: str, actor: Any, now: datetime) -> Ticket:
    """The same event as for a letter, naming his last words."""
    last = [one for one in said if one.author_kind == AuthorKind.CUSTOMER][-1]
    columns: dict[str, Any] = {"ask_in_person": ""} if ticket.is_open else {}
    return moves.change(
        ticket, actor=actor, now=now, event="ticket.customer_wrote", quiet=QUIET,
        payload={"message_id": last.pk, "channel": channel},
        acting_as=f"customer:{ticket.customer_id}" if ticket.customer_id else "customer", **columns,
    )  # fmt: skip


def _message(ticket: Ticket, line: Line, channel: str, source: str, now: datetime) -> Message:
    return Message(
        ticket=ticket, merchant_id=ticket.merchant_id, audience=Audience.CUSTOMER, channel=channel, source=source,
        author_kind=AuthorKind.CUSTOMER if line.by_customer else AuthorKind.STAFF, author=line.author,
        source_ref=line.ref, text=clean_text(line.text), at=min(line.at, now),
    )  # fmt: skip
