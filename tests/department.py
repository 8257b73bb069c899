"""A department at work: the shipped rule book, a team on shift, a customer with an order."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from aftersales.core import deliveries, jobs
from aftersales.customers.models import Customer
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.intake import TicketDraft
from tests.cast import Cast


@pytest.fixture
def book(db: None) -> None:
    """Everything that the product ships as rows: the tests' database has it from its template."""


@pytest.fixture
def desk(book: None, cast: Cast) -> Cast:
    """The team of agent and lead with every duty, the agent on shift."""
    assert cast.team
    cast.shift(cast.agent)
    return cast


@pytest.fixture
def customer(db: None) -> Customer:
    person = Customer(code="C-1", name="林芳", languages=["zh-hans"])
    person.save()
    return person


Opener = Callable[..., Ticket]


@pytest.fixture
def open_ticket(desk: Cast, customer: Customer, now: datetime) -> Opener:
    """Register one problem as the agent does: ``open_ticket(subject=…, text=…)``."""

    def opener(at: datetime | None = None, **columns: Any) -> Ticket:
        moment = at or now
        facts: dict[str, Any] = {
            "source": "form", "source_ref": "", "subject": "耳机左耳没有声音", "text": "左耳没有声音，要求换货。",
            "channel": "web", "opened_at": moment, "kind": "returns", "customer_id": customer.pk,
        }  # fmt: skip
        return services.ticket_open(draft=TicketDraft(**(facts | columns)), actor=desk.agent, now=moment)

    return opener


@pytest.fixture
def work_off() -> Callable[[datetime], None]:
    """Run deliveries and jobs as the worker would, until nothing is due."""

    def run(now: datetime) -> None:
        while deliveries.run(now) + jobs.run_due(now):
            pass

    return run
