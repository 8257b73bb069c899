"""The shipped rule book, as the tests' database has it from its template."""

from datetime import datetime
from typing import Any

import pytest

from accounts.services import system_user


@pytest.fixture
def rule_book(db: None) -> None:
    """Every number that is shipped, in force."""


@pytest.fixture
def system(db: None, now: datetime) -> Any:
    return system_user(now)
