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


def transcript_keep(
    *, ticket: Ticket, lines: Sequence[Line], channel: str, source: str, actor: Any, now: datetime
) -> int:
    """Lines become messages, each once; answers how many are new. Nobody is written to: it was said already.

    What was said about a merged ticket joins the one that goes on for it.
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
        if said:
            heard = any(line.by_customer for line in fresh.values())
            columns: dict[str, Any] = {"last_customer_at": now} if heard else {}
            ticket = moves.change(
                ticket, actor=actor, now=now, event="ticket.transcript_kept", payload={"count": len(said)},
                quiet=QUIET, **columns,
            )  # fmt: skip
            if heard and ticket.state == TicketState.WAITING and ticket.wait_for == WaitFor.CUSTOMER:
                moves.perform(ticket, "resume", actor=system_user(now), now=now)
    return len(said)


def _message(ticket: Ticket, line: Line, channel: str, source: str, now: datetime) -> Message:
    return Message(
        ticket=ticket, merchant_id=ticket.merchant_id, audience=Audience.CUSTOMER, channel=channel, source=source,
        author_kind=AuthorKind.CUSTOMER if line.by_customer else AuthorKind.STAFF, author=line.author,
        source_ref=line.ref, text=clean_text(line.text), at=min(line.at, now),
    )  # fmt: skip
