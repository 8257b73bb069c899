"""Loads must not crawl because PostgreSQL still takes a table for empty."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from aftersales.core import tablestats
from aftersales.customers.models import Customer
from tests import database
from tests.core.sheets.steps import apply, check, rows_as_csv

pytestmark = pytest.mark.django_db
TABLE = Customer._meta.db_table


def believed(rows: int) -> None:
    with database.superuser(str(connection.settings_dict["NAME"])) as link:
        link.execute(
            "UPDATE pg_class SET reltuples = %s, relpages = greatest(relpages, 1) WHERE relname = %s",
            [rows, TABLE],
        )


def held() -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT reltuples FROM pg_class WHERE relname = '{TABLE}'")
        return float(cursor.fetchone()[0])


@pytest.fixture
def counts_as_empty() -> Iterator[None]:
    """As autovacuum leaves a table whose first load was rolled back."""
    Customer.objects.bulk_create([Customer(code=f"T-{number}", name="林芳") for number in range(6000)])
    believed(0)
    yield
    believed(-1)


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
