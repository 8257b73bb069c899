"""Loads must not crawl because PostgreSQL still takes a table for empty."""

from collections.abc import Iterator

import pytest
from django.db import connection

from aftersales.core import tablestats
from aftersales.customers.models import Customer
from tests import database

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
