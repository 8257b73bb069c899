"""Loads must not crawl because PostgreSQL still takes a table for empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from aftersales.core import tablestats
from aftersales.customers.models import Customer
from aftersales.tickets.models import IntakeItem, IntakeRule
from aftersales.tickets.services.settling import intake_signals
from tests import database
from tests.core.sheets.steps import apply, check, rows_as_csv
from tests.department import book

pytestmark = pytest.mark.django_db
__all__ = ["book"]
TABLE = Customer._meta.db_table
SIGNALS = IntakeItem._meta.db_table


def believed(rows: int, table: str = TABLE) -> None:
    with database.superuser(str(connection.settings_dict["NAME"])) as link:
        link.execute(
            "UPDATE pg_class SET reltuples = %s, relpages = greatest(relpages, 1) WHERE relname = %s",
            [rows, table],
        )


@contextmanager
def left_alone(table: str = TABLE) -> Iterator[None]:
    """Whoever vacuums the table at this moment is sent away: what is locked would not be counted."""
    with database.superuser(str(connection.settings_dict["NAME"])) as link:
        link.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    yield
    believed(-1, table)


def held(table: str = TABLE) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        return float(cursor.fetchone()[0])


@pytest.fixture
def counts_as_empty() -> Iterator[None]:
    """As autovacuum leaves a table whose first load was rolled back."""
    with left_alone():
        Customer.objects.bulk_create([Customer(code=f"T-{number}", name="林芳") for number in range(6000)])
        believed(0)
        yield


@pytest.mark.usefixtures("counts_as_empty")
def test_a_table_that_counts_as_empty_is_counted_once() -> None:
    assert held() == 0
    assert tablestats.freshen(Customer) == 1
    assert held() > 5000
    assert tablestats.freshen(Customer) == 0


@pytest.mark.usefixtures("counts_as_empty")
def test_a_sheet_counts_before_it_looks_rows_up(cast: Any, now: datetime) -> None:
    check("customers", rows_as_csv(["code", "name"], ["T-1", "林芳"]), actor=cast.operations, now=now)
    assert held() > 5000


@pytest.mark.usefixtures("counts_as_empty")
def test_each_chunk_of_a_load_counts_too(cast: Any, now: datetime) -> None:
    """A first load fills the table after its check: what was believed then is long untrue."""
    upload = check(
        "customers", rows_as_csv(["code", "name"], ["T-1", "林方"]), actor=cast.operations, now=now
    )
    believed(0)
    assert apply(upload, now=now).state == "done"
    assert held() > 5000


def test_the_intake_counts_its_signals_before_it_looks_them_up(book: None, now: datetime) -> None:
    """Real trade data, believed to be an empty table, took a minute for each batch of signals."""
    rule = IntakeRule.objects.in_force().first()
    rows = [
        IntakeItem(
            source="test", source_ref=f"S-{number}", signal="late_delivery", happened_at=now, noticed_at=now,
            rule=rule, outcome="waiting" if number == 0 else "refused",
        )
        for number in range(9000)
    ]  # fmt: skip
    with left_alone(SIGNALS):
        IntakeItem.objects.bulk_create(rows)
        believed(0, SIGNALS)
        settled = intake_signals(now=now)
        assert sum(settled.values()) == 1
        assert held(SIGNALS) > 8000
