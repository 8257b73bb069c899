"""Answers about waits for others. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from aftersales.clocks.selectors import open_clocks_of
from aftersales.standards.selectors import book
from aftersales.tickets.models import Ticket, TicketWait
from aftersales.tickets.states import TicketState, WaitFor

KIND = "tickets.ticket"
FRESH = timedelta(days=7)  # who has not begun after a week is told by the clocks, not by this list
WORKED_ON = (TicketState.ASSIGNED, TicketState.IN_PROGRESS)


@dataclass(frozen=True)
class Waits:
    """Of one person: what woke up for him and nobody has answered since, and what his tickets wait for."""

    woken: list[TicketWait] = field(default_factory=list)
    running: dict[int, TicketWait] = field(default_factory=dict)


def of_person(person: Any, now: datetime, limit: int) -> Waits:
    """The waits that make somebody's day. One query."""
    fresh = Q(woken_for=person.pk, ended_at__gte=now - FRESH, ticket__state__in=WORKED_ON)
    fresh &= Q(ticket__last_staff_at=None) | Q(ticket__last_staff_at__lt=F("ended_at"))
    fresh &= Q(ticket__assignee=person.pk)
    running = Q(ended_at=None, ticket__assignee=person.pk, ticket__state=TicketState.WAITING)
    rows = (
        TicketWait.objects.filter(fresh | running).select_related("ticket__customer").order_by("-id")[:limit]
    )
    found = Waits()
    for row in rows:
        if row.ended_at is None:
            found.running[row.ticket_id] = row
        else:
            found.woken.append(row)
    return found


def running_on(ticket: Ticket) -> TicketWait | None:
    """What a waiting ticket waits for, in words. One query."""
    if ticket.state != TicketState.WAITING:
        return None
    rows = TicketWait.objects.filter(ticket=ticket, ended_at=None).select_related("next_person")
    found: TicketWait | None = rows.first()
    return found


@dataclass(frozen=True)
class Stops:
    """For one kind of wait: which of the ticket's promises stop meanwhile, and which run on."""

    label: str
    stops: Sequence[str]
    runs: Sequence[str]


def clocks_by_wait(ticket: Ticket) -> list[Stops]:
    """Which open clocks stop for which wait: the version of the standard that each one follows says it. One query."""
    versions, clocks = book().by_id, open_clocks_of(KIND, [ticket.pk]).get(ticket.pk, [])
    found = []
    for code, label in WaitFor.choices:
        stops: list[str] = []
        runs: list[str] = []
        for clock in clocks:
            version = versions.get(clock.standard_version_id or 0)
            pauses = version.pauses_on if version is not None else ()
            here = stops if f"ticket.waiting?for={code}" in pauses or "ticket.waiting" in pauses else runs
            here.append(str(clock.get_promise_display()))
        found.append(Stops(str(label), stops, runs))
    return found
