"""The shipped rule book, loaded by the system."""

from datetime import datetime
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.standards import shipping


@pytest.fixture
def system(db: None, now: datetime) -> Any:
    return system_user(now)


@pytest.fixture
def rule_book(system: Any, now: datetime) -> shipping.Report:
    return shipping.load(actor=system, now=now)
