"""What a customer's page shows: only what stands behind his own link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aftersales.core.models import Audience
from aftersales.standards.selectors import duration
from aftersales.tickets.models import CustomerLink, GivenPromise, Message
from aftersales.tickets.selectors.merging import going_on
from aftersales.tickets.selectors.promises import kept_on
from aftersales.tickets.states import AuthorKind, Result


@dataclass(frozen=True)
class Confirmation:
    """A resolved problem as its customer sees it. ``silent_at``: when no answer counts as solved; None: never."""

    number: str
    problem: str
    result: str
    answer: str
    handler: str
    resolved_at: datetime | None
    took: timedelta | None
    silent_at: datetime | None
    reopen_days: int
    promises: list[GivenPromise]


def confirmation(link: CustomerLink, now: datetime) -> Confirmation:
    """Everything is read from the link's ticket; nothing of it comes from the request."""
    ticket = going_on(link.ticket)
    handler = ticket.assignee or ticket.owner
    return Confirmation(
        number=ticket.number,
        problem=ticket.subject,
        result=str(Result(ticket.result).label) if ticket.result else "",
        answer=_last_answer([link.ticket_id, ticket.pk]),
        handler=str(handler) if handler else "",
        resolved_at=ticket.resolved_at,
        took=ticket.resolved_at - ticket.opened_at if ticket.resolved_at else None,
        silent_at=ticket.silence_closes_at,
        reopen_days=duration("reopen_days", now).days,
        promises=kept_on(ticket.pk),
    )


def _last_answer(ticket_ids: list[int]) -> str:
    """The newest message of the staff to the customer."""
    said = Message.objects.filter(
        ticket_id__in=ticket_ids, author_kind=AuthorKind.STAFF, audience=Audience.CUSTOMER, erased_at=None
    )
    found = said.order_by("-at", "-id").first()
    return found.text if found else ""


def languages_of(link: CustomerLink) -> list[str]:
    """The languages the customer named, in his order."""
    customer = link.ticket.customer
    return list(customer.languages) if customer else []
