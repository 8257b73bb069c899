"""A resolved ticket of a customer, and the link of its message."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.services import system_user
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.department import book, customer, desk, open_ticket, work_off

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]


@pytest.fixture(autouse=True)
def _counters() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def at(now: datetime) -> Any:
    """The visitor comes when the tests say now; ``at.shift(…)`` lets time pass."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def resolve(open_ticket: Any, desk: Any, now: datetime) -> Callable[..., Ticket]:
    def act(**columns: Any) -> Ticket:
        ticket = open_ticket(**columns)
        return services.ticket_resolve(
            ticket=ticket, result="exchanged", text="新耳机 <b>已寄出</b>。", actor=desk.agent, now=now
        )

    return act


@pytest.fixture
def ticket(resolve: Any) -> Ticket:
    return resolve()


@pytest.fixture
def token(ticket: Ticket, now: datetime) -> str:
    return services.customer_link_issue(ticket=ticket, purpose="confirm", actor=system_user(), now=now)


@pytest.fixture
def page(token: str) -> str:
    return reverse("selfservice:confirm", args=[token])


@pytest.fixture
def visitor() -> Client:
    """A browser without any cookie; CSRF checks are on, as for everybody."""
    return Client(enforce_csrf_checks=True)
