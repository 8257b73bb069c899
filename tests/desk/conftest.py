"""The department of the ticket room's tests, and browsers without a second factor at the tests' moment."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine

from tests.department import book, customer, desk, open_ticket, work_off

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]


@pytest.fixture
def at_now(now: datetime, settings: Any) -> Iterator[Any]:
    """The wall clock shows the tests' now; nobody is asked for a second factor."""
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False) as clock:
        yield clock
