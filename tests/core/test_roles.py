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


EVERY_MODEL = apps.get_models(include_auto_created=True)


@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: model._meta.label)
def test_rows_stay_unless_their_model_says_why_they_may_go(model) -> None:
    """Business rows are never deleted (DESIGN 3): PostgreSQL refuses it to the application."""
    table = model._meta.db_table
    if reason := roles.deletable(model):
        assert len(reason) > 10, "say why these rows may go"
        assert not roles.is_append_only(model)
        connection.cursor().execute(f"DELETE FROM {table} WHERE false")
    else:
        refused(f"DELETE FROM {table} WHERE false")


def test_nothing_else_may_be_deleted_from() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace "
            "AND has_table_privilege(oid, 'DELETE')"
        )
        open_to_all = {name for (name,) in cursor.fetchall()}
    assert open_to_all <= set(roles.deletable_tables())
    assert {"tickets_ticket", "tickets_message", "clocks_clock", "customers_contact"} & open_to_all == set()


def test_the_list_of_what_may_go_is_short_and_names_no_business_row() -> None:
    own = {model._meta.label for model in EVERY_MODEL if roles.deletable(model)}
    assert own - {"toy.Parcel"} == {
        "channels.HookRefusal",
        "improvement.SurgeCount",
        "scorecards.Rollup",
        "scorecards.Standing",
        "scorecards.Touched",
        "desk.ViewPin",
        "tickets.Alert",
        "tickets.TicketParty",
        "tickets.TicketPrint",
        "tickets.Unsent",
        "tickets.UnsentFile",
        "tickets.Watcher",
        "account.EmailAddress",
        "account.EmailConfirmation",
        "axes.AccessAttempt",
        "axes.AccessAttemptExpiration",
        "axes.AccessFailureLog",
        "axes.AccessLog",
        "core.Delivery",
        "core.Job",
        "mfa.Authenticator",
        "sessions.Session",
        "socialaccount.SocialAccount",
        "tickets.TicketText",
    }


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
