"""Shared fixtures: the database of this process, the moment that tests call now, and the cast."""

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import settings as properties

from aftersales.core import catalogs
from tests import quick
from tests.cast import cast
from tests.database import TestDatabase

__all__ = ["cast", "django_db_setup", "now"]

# Two busy cores are no reason to fail, and nothing is kept between runs. CI draws the same examples each time: a change
# is judged by what it changed; new examples are looked for here.
properties.register_profile(
    "calm", deadline=None, database=None, max_examples=60, derandomize=bool(os.environ.get("CI"))
)
properties.register_profile(
    "long", parent=properties.get_profile("calm"), derandomize=False, max_examples=1000
)
properties.register_profile("brief", parent=properties.get_profile("calm"), max_examples=10)
properties.load_profile("calm")


# Requests, rows and forms die by their reference counts; looking for circles among a million living objects every few
# hundred new ones took a tenth of the time.
gc.set_threshold(100_000, 50, 100)


def pytest_configure(config: pytest.Config) -> None:
    """The pages speak Chinese by default, so the binary catalogue must be as new as its source."""
    if quick.is_asked(config):
        properties.load_profile("brief")
    if catalogs.compile_stale(settings.LOCALE_PATHS):
        catalogs.reread()  # importing the models has read the catalogue as it was, or that there was none


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """The marks before anybody asks for them, the order after everybody else has had his: pytest-django's puts what
    needs no database last, and what commits before it, which is where most of the long ones are."""
    for item in items:
        if quick.is_quick(item):
            item.add_marker(pytest.mark.quick)
    yield
    quick.long_first(items)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if quick.is_asked(config) and quick.holds_none(collection_path) else None


def pytest_collection_finish() -> None:
    """What stands now lives to the end."""
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[TestDatabase]:
    """A clone of the migrated template on the embedded server (or DATABASE_URL), used as the app role."""
    database = TestDatabase()
    with django_db_blocker.unblock():
        database.create()
    connection.ops.execute_sql_flush = database.flush
    yield database
    with django_db_blocker.unblock():
        database.remove()


@pytest.fixture
def now() -> datetime:
    """A Monday, 10:00 in Shanghai."""
    return datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
