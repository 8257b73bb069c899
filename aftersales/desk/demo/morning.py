"""What a lead finds on the demonstration's morning: tickets that wait or lie open, a newcomer, a job that failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.services import customer_user, system_user
from aftersales.core import jobs, moves, series
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import TicketState, WaitFor

from . import problems


def live(department: Any, now: datetime) -> None:
    """``department``: whose orders the newcomer is about."""
    _last_minutes(now)
    _newcomer(department, now)
    _parked_job(now)


def _last_minutes(now: datetime) -> None:
    """What a lead finds on any morning: tickets that wait, with stopped clocks, and some that nobody has."""
    started = Ticket.objects.filter(state=TicketState.IN_PROGRESS).select_related("assignee").order_by("-pk")
    for ticket, whom in zip(started, (WaitFor.CUSTOMER, WaitFor.MERCHANT, WaitFor.CARRIER), strict=False):
        services.ticket_wait(
            ticket=ticket, wait_for=whom, until=now + timedelta(hours=26), actor=ticket.assignee, now=now
        )
    fresh = Ticket.objects.filter(state=TicketState.ASSIGNED).select_related("assignee").order_by("-pk")
    for ticket in fresh[:3]:
        services.ticket_put_back(
            ticket=ticket, actor=ticket.assignee, now=now, reason="临时支援热线，请重新分派。"
        )


def _newcomer(department: Any, now: datetime) -> None:
    """A ticket registered this minute, which nobody has graded yet."""
    order = department.newest_of(problems.CABINETS, now)
    words = department.words(order)
    ticket = Ticket(
        number=series.next_number("ticket", now),
        source="form",
        source_ref=f"demo-new-{order.pk}",
        subject=problems.NEWCOMER_SUBJECT.format(**words),
        channel="app",
        customer_id=order.customer_id,
        order_id=order.pk,
        merchant_id=order.merchant_id,
        market_id=order.market_id,
        opened_at=now,
        last_customer_at=now,
    )
    payload: dict[str, Any] = {"channel": "app", "kind": "other", "severity": "minor", "nature": "operation"}
    payload |= {"order_id": order.pk, "customer_id": order.customer_id}
    moves.create(ticket, actor=system_user(), now=now, event="ticket.opened", payload=payload)
    text = problems.NEWCOMER_TEXT.format(**words)
    services.customer_message(ticket=ticket, text=text, actor=customer_user(), now=now, channel="app")


def _parked_job(now: datetime) -> None:
    """A job that failed as often as it may, for the operations page: the uploaded sheet it names is gone."""
    long_ago = now - timedelta(days=2)
    jobs.enqueue("sheets.check", key="sheets.check:0", payload={"upload": 0}, now=long_ago)
    for attempt in range(jobs.MAX_ATTEMPTS + 1):
        jobs.run_due(long_ago + timedelta(hours=2 * attempt))
