"""The app role reads and writes rows, and no more."""

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from aftersales.core import roles

pytestmark = pytest.mark.django_db


def refused(statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(statement)


def test_the_tests_act_as_the_app_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text")
        assert cursor.fetchone() == ("aftersales_app",)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE planted (id int)",
        "ALTER TABLE django_session ADD planted int",
        "DROP TABLE django_session",
        "TRUNCATE django_session",
        "DELETE FROM django_migrations",
        "ALTER TABLE django_session DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_the_app_role_changes_no_structure(statement: str) -> None:
    refused(statement)


@pytest.mark.parametrize(
    "model", [m for m in apps.get_models() if roles.is_append_only(m)], ids=lambda m: m.__name__
)
def test_append_only_tables_take_new_rows_only(model) -> None:
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, 'INSERT')", [table])
        assert cursor.fetchone() == (True,)
    refused(f"UPDATE {table} SET {key} = {key}")
    refused(f"DELETE FROM {table}")
    refused(f"TRUNCATE {table}")


def test_events_are_append_only() -> None:
    assert "core_event" in roles.append_only_tables()


def test_a_forgotten_lock_ends_in_two_seconds() -> None:
    with connection.cursor() as cursor:
        limits = {}
        for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            limits[name] = cursor.fetchone()[0]
    assert limits["lock_timeout"] == "2s"
    assert limits["statement_timeout"] == "30s"
