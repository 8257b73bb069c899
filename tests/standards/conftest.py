"""The shipped rule book, loaded by the system: once per file, each test then works in a savepoint of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from accounts.services import system_user
from aftersales.standards import shipping

LOADED_AT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def rule_book_of_file(django_db_setup: Any, django_db_blocker: Any) -> Iterator[shipping.Report]:
    """Loading costs hundreds of statements; the outer transaction is rolled back after the file."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield shipping.load(actor=system_user(LOADED_AT), now=LOADED_AT)
        transaction.set_rollback(True)


@pytest.fixture
def rule_book(rule_book_of_file: shipping.Report, db: None) -> shipping.Report:
    return rule_book_of_file


@pytest.fixture
def system(db: None, now: datetime) -> Any:
    return system_user(now)
