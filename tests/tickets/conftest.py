"""The tickets' tests play in the department at work; whatever they do is written by services alone."""

from collections.abc import Callable
from datetime import datetime

import pytest

from aftersales.core import facts
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.architecture.writes import watched
from tests.cast import Cast
from tests.department import book, customer, desk, open_ticket, work_off

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]


@pytest.fixture(autouse=True)
def only_services_write(db: None):
    with watched(planting=True):
        yield


@pytest.fixture
def cancel_unguarded(desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[[Ticket], None]:
    """Ends a ticket as if nobody had asked what is still open on it: the guard is one lock, the sheet another."""

    def cancel(ticket: Ticket) -> None:
        with monkeypatch.context() as unguarded:
            unguarded.setitem(facts._providers, "tickets.open_work", [])
            services.ticket_cancel(
                ticket=ticket, why="withdrawn", reason="客户撤回", actor=desk.lead, now=now
            )

    return cancel
