"""The tickets' tests play in the department at work; whatever they do is written by services alone."""

import pytest

from tests.architecture.writes import watched
from tests.department import book, customer, desk, open_ticket, work_off

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]


@pytest.fixture(autouse=True)
def only_services_write(db: None):
    with watched(planting=True):
        yield
