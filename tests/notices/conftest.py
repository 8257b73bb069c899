"""A customer with an e-mail, a merchant, a broken mail server, and a way to run what is due."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.core import jobs
from aftersales.customers.models import Contact, Customer
from aftersales.customers.states import ContactKind
from aftersales.notices.models import Notice
from aftersales.notices.services import notice_send
from tests.records import merchant as make_merchant


@pytest.fixture
def customer(db: None) -> Customer:
    row = Customer.objects.create(code="C-1", name="王小明")
    Contact.objects.create(customer=row, kind=ContactKind.EMAIL, value="xiaoming@example.com")
    return row


@pytest.fixture
def merchant(db: None, now: datetime) -> Any:
    return make_merchant("M-1", now)


@pytest.fixture
def send(customer: Customer, now: datetime) -> Callable[..., list[Notice]]:
    """Write a message to the customer about himself (any row will do)."""

    def act(**changes: Any) -> list[Notice]:
        values = {"number": "TK1", "problem": "耳机没有声音", "order": "8001", "due": now}
        order = {
            "template": "ticket.opened",
            "to": customer,
            "about": customer,
            "values": values,
            "key": "t:1",
        }
        return notice_send(**{**order, "actor": system_user(now), "now": now, **changes})

    return act


@pytest.fixture
def run(now: datetime) -> Callable[..., int]:
    """What a worker does when it wakes up."""
    return lambda at=None: jobs.run_due(at or now)


class Breaking:
    """A mail server that refuses chosen subjects; everything else arrives in ``sent``."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.sent: list[Any] = []
        self.calls = 0

    def __call__(self, mail: Any, fail_silently: bool = False) -> int:
        self.calls += 1
        if any(word in mail.subject for word in self.refused):
            raise ConnectionRefusedError("the server does not answer")
        mail.message()  # headers are checked here
        self.sent.append(mail)
        return 1


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Breaking:
    broken = Breaking()
    monkeypatch.setattr(
        "django.core.mail.EmailMultiAlternatives.send",
        lambda mail, fail_silently=False: broken(mail, fail_silently),
    )
    return broken
