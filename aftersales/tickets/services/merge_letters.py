"""The customer's letters about a merge: which number to quote from now on, and when that was a mistake, which again.

One letter for each ticket whose number he knows, only when both tickets are his. The second goes out only where the
first did: who was told nothing is told nothing.
"""

from datetime import datetime
from typing import Any

from aftersales.core.errors import Busy
from aftersales.core.models import Event
from aftersales.notices.models import Notice
from aftersales.notices.states import NoticeState
from aftersales.tickets.models import Ticket, TicketMerge
from aftersales.tickets.services.locking import root_of

MERGED, APART = "ticket.merged", "ticket.unmerged"
KIND = "tickets.ticket"
Letter = tuple[str, dict[str, Any]]
NONE: Letter = ("", {})


def merged(ticket: Ticket, event: Event, now: datetime) -> Letter:
    """Which number he quotes from now on: of the ticket that goes on today."""
    key = root_of(ticket.pk)
    into = Ticket.objects.only("number", "customer_id").get(pk=key) if key is not None else None
    if into is None or into.customer_id != ticket.customer_id:
        return NONE
    return MERGED, {"number": ticket.number, "problem": ticket.subject, "into": into.number}


def still_merged(key: str, now: datetime) -> bool:
    """Whether the merge of this letter holds when the letter goes out; its key names the event."""
    event = Event.objects.filter(pk=key.split(":")[1]).first()
    return event is not None and _stands(event)


def _stands(event: Event) -> bool:
    found: bool = TicketMerge.objects.filter(ticket_id=event.subject_id, at=event.at, undone_at=None).exists()
    return found


def unmerged(ticket: Ticket, event: Event, now: datetime) -> Letter:
    """His own number counts again, where he was told of the other one. Raises Busy while that letter is on its way."""
    first = (
        Event.objects.about(KIND, ticket.pk)
        .filter(kind="ticket.merged", id__lt=event.pk)
        .order_by("-id")
        .first()
    )
    letters = (
        set(
            Notice.objects.filter(source=MERGED, source_ref__startswith=f"event:{first.pk}/").values_list(
                "state", flat=True
            )
        )
        if first is not None
        else set()
    )
    if NoticeState.SENT not in letters:
        if NoticeState.SENDING in letters:
            raise Busy()
        return NONE
    return APART, {"number": ticket.number, "problem": ticket.subject, "into": event.payload["into"]}
