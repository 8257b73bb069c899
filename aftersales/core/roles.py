"""Three database roles. The owner migrates; the app role (web, worker, tests) reads and writes rows only; and as the
merchants' role it reads what one merchant may see (:mod:`aftersales.core.rowpolicies`).

Run after every migrate. The app role gets no DDL and no TRUNCATE, and on append-only tables (events,
history, whatever says ``append_only = True``) neither UPDATE nor DELETE. Nothing else is deleted either: business
rows end, they do not vanish. DELETE is granted table by table, where a model says ``deletable = "why"`` or where
the list below does. Works behind PgBouncer: time limits belong to the role, not to the session.
"""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql
from simple_history.models import HistoricalChanges

from aftersales.core import embedded, rowpolicies

# A queue page must never hang behind a forgotten lock; numbers from DESIGN 3.
LIMITS = {
    "lock_timeout": "2s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "search_path": "public",
}
# The second and third come with the sign-in by a provider; its secrets and tokens are never kept in the database.
READ_ONLY_TABLES = ("django_migrations", "socialaccount_socialapp", "socialaccount_socialtoken")
# Rows of other packages that come and go, and why.
DELETABLE_ELSEWHERE = {
    "sessions.session": "a session ends",
    "account.emailaddress": "a copy of the address on the account, taken off with it",
    "account.emailconfirmation": "asked once, then over",
    "mfa.authenticator": "a second factor is taken off or replaced",
    "socialaccount.socialaccount": "a linked sign-in is taken off",
    "axes.accessattempt": "failed sign-ins are forgotten after a good one",
    "axes.accessattemptexpiration": "goes with its failed sign-in",
    "axes.accessfailurelog": "capped for each user name, forgotten when its time is over",
    "axes.accesslog": "who signed in when is an event; this copy is forgotten when its time is over",
}
# Tables without a model: rows of a sheet between upload and apply.
STAGING_TABLES = ("core_sheetrow", "core_sheetverdict")


def deletable(model: type[models.Model]) -> str:
    """Why rows of this model may be deleted by the application; empty for the many whose rows stay."""
    return str(getattr(model, "deletable", "") or DELETABLE_ELSEWHERE.get(model._meta.label_lower, ""))


def deletable_tables() -> list[str]:
    """The only tables from which the app role may delete."""
    found = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if deletable(model)}
    return sorted(found | {*STAGING_TABLES, *_cache_tables()})


def _cache_tables() -> list[str]:
    kept: list[dict[str, Any]] = list(settings.CACHES.values())
    return [str(one["LOCATION"]) for one in kept if str(one["BACKEND"]).endswith("DatabaseCache")]


def append_only_tables() -> list[str]:
    """Tables whose rows are written once: models that say so, and every history."""
    return sorted(model._meta.db_table for model in apps.get_models() if is_append_only(model))


def is_append_only(model: type[models.Model]) -> bool:
    return bool(getattr(model, "append_only", False)) or issubclass(model, HistoricalChanges)


def after_migrate(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Receiver of post_migrate: an owner makes the cache table and grants; the app role changes nothing."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    if may_grant(connection):
        call_command("createcachetable", database=using, verbosity=0)
        grant_app_role(connection)
    if owns_tables(connection):
        rowpolicies.apply(connection, embedded.app_role())


def may_grant(connection: BaseDatabaseWrapper) -> bool:
    """Whether this connection is the owner's and not the app role itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user <> %s", [embedded.app_role()])
        return bool(cursor.fetchone()[0]) and owns_tables(connection)


def owns_tables(connection: BaseDatabaseWrapper) -> bool:
    """Whether this connection is the owner's, be it the app role itself (one role for everything)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'USAGE') "
            "FROM pg_class WHERE oid = to_regclass('django_migrations')"
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def grant_app_role(connection: BaseDatabaseWrapper, role: str = "") -> None:
    """Give the app role exactly its rights. Raises ImproperlyConfigured when the role cannot be made."""
    name = sql.Identifier(role or embedded.app_role())
    with connection.cursor() as cursor:
        make_role(cursor, role or embedded.app_role())
        for statement in GRANTS:
            cursor.execute(sql.SQL(statement).format(role=name))
        existing = set(connection.introspection.table_names(cursor))
        for table in set(deletable_tables()) & existing:
            cursor.execute(GRANT_DELETE.format(sql.Identifier(table), name))
        for table in set(append_only_tables()) & existing:
            cursor.execute(REVOKE_CHANGE.format(sql.Identifier(table), name))
        for table in set(READ_ONLY_TABLES) & existing:
            cursor.execute(REVOKE_WRITE.format(sql.Identifier(table), name))
        limit_role(cursor, role or embedded.app_role())


GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "REVOKE CREATE ON SCHEMA public FROM {role}",
    "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}",
    "REVOKE DELETE, TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public FROM {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
)
GRANT_DELETE = sql.SQL("GRANT DELETE ON {} TO {}")
REVOKE_CHANGE = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}")
REVOKE_WRITE = sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}")


def make_role(cursor: Any, role: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone():
        return
    try:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"The role {role} does not exist and the owner may not create it: CREATE ROLE {role} LOGIN."
        ) from error


def limit_role(cursor: Any, role: str) -> None:
    """Time limits of the role; written only when they differ: parallel test sessions do not collide."""
    cursor.execute(
        "SELECT coalesce(s.setconfig, '{}') FROM pg_roles r "
        "LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0 WHERE r.rolname = %s",
        [role],
    )
    present = set(cursor.fetchone()[0])
    for name, value in LIMITS.items():
        if f"{name}={value}" not in present:
            cursor.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    sql.Identifier(role), sql.Identifier(name), sql.Literal(value)
                )
            )
