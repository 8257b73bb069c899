"""What an archive record tells besides its own row (R5.6), for the page, its print and the JSON of the ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aftersales.desk import workbench
from aftersales.orders.models import Order
from aftersales.tickets import selectors
from aftersales.tickets.models import ArchiveAddendum, ArchiveRecord, CustomerLink, Message, Ticket
from aftersales.tickets.selectors import Entry, Handler

ENDS = frozenset(
    {
        *("ticket.resolved", "ticket.confirmed", "ticket.verified", "ticket.closed", "ticket.unreachable"),
        *("ticket.cancelled", "ticket.refused_solution", "ticket.reopened", "ticket.archived"),
    }
)
"""How it was handled to its end: results, answers, second handlings."""


@dataclass(frozen=True)
class RecordPage:
    """The record with the problem, the way to its end, the promises and the marks."""

    record: ArchiveRecord
    ticket: Ticket
    problem: Message | None
    order: Order | None
    because: list[str]
    handlers: list[Handler]
    course: list[Entry]
    clocks: list[workbench.ClockCard]
    answers: list[CustomerLink]
    addenda: list[ArchiveAddendum]


def read(record: ArchiveRecord, reader: Any, now: datetime) -> RecordPage:
    """Everything of one record; the number of statements does not depend on it."""
    ticket: Ticket = record.ticket
    changes = selectors.timeline(ticket, reader=reader)
    return RecordPage(
        record=record,
        ticket=ticket,
        problem=problem_of(ticket),
        order=ticket.order,
        because=selectors.rule_names(ticket.graded_by),
        handlers=selectors.handlers_of([record])[record.pk],
        course=[entry for entry in changes if entry.kind in ENDS],
        clocks=workbench.clock_cards(ticket, now, changes),
        answers=selectors.answers(ticket),
        addenda=list(record.addenda.select_related("author").order_by("id")),
    )


def problem_of(ticket: Ticket) -> Message | None:
    """The problem as it came in: the first thing said, by the customer where he said anything."""
    said = list(ticket.messages.prefetch_related("attachments").order_by("at", "id")[:20])
    own = (message for message in said if message.author_kind == "customer")
    return next(own, None) or next(iter(said), None)


def document(record: ArchiveRecord) -> dict[str, Any]:
    """The record as the JSON of its ticket holds it."""
    return {
        "number": record.number,
        "place": record.place,
        "completed_at": record.completed_at,
        "archived_at": record.archived_at,
        "reviewed_by": str(record.reviewed_by),
        "review": record.summary,
        "sealed_at": record.sealed_at,
        "keep_until": record.keep_until,
        "handlers": [
            {"name": one.name, "since": one.since, "until": one.until}
            for one in selectors.handlers_of([record])[record.pk]
        ],
        "addenda": [
            {"at": one.at, "author": str(one.author), "text": one.text}
            for one in record.addenda.select_related("author").order_by("id")
        ],
    }
