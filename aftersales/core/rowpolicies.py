"""Which rows and columns the merchants' role reads, declared once per room and put into the database after migrate.

A room's ``merchantrows.py`` calls :func:`show`. A table that nobody declares is closed to that role. Policies stand
for that role alone; the application reads past them (``application_rows``, and BYPASSRLS where it can be given, so
that the planner keeps its statistics).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from aftersales.core.merchantscope import SETTING, inside, merchant_role

ME = f"NULLIF(current_setting('{SETTING}', true), '')::bigint"
"""The merchant of the scope as SQL; null, and so no row, where none was set."""
OWN, APPLICATION = "merchant_rows", "application_rows"


@dataclass(frozen=True)
class Shown:
    """``where``: the condition on a row, with the table's own name; empty: every row, and ``why`` says why.

    ``hidden``: columns that the role may not read; inside the scope they come empty.
    """

    where: str = ""
    hidden: tuple[str, ...] = ()
    why: str = ""


_shown: dict[str, Shown] = {}


def show(label: str, where: str = "", *, hidden: Collection[str] = (), why: str = "") -> None:
    """Let merchants read a table: ``label`` names the model, ``%(me)s`` in ``where`` stands for the merchant."""
    if bool(where) == bool(why):
        raise ValueError(f"{label}: give the rows, or say why every row is shown")
    _shown[label.lower()] = Shown(where % {"me": ME} if where else "", tuple(hidden), why)


def declared() -> Mapping[type[models.Model], Shown]:
    """Every model that merchants read."""
    return {apps.get_model(label): one for label, one in sorted(_shown.items())}


def through(table: str, column: str, of: str, key: str = "id") -> str:
    """The condition that the row of another shown table, to which this one belongs, is shown."""
    return f"EXISTS (SELECT FROM {of} whole WHERE whole.{key} = {table}.{column})"


def hide_columns() -> None:
    """Inside the scope a hidden column comes empty: pages load rows as everywhere, and see nothing in it.

    A text that may be empty is empty; everything else is NULL, which could never be saved by mistake.
    """
    for model, one in declared().items():
        for name in one.hidden:
            field: Any = model._meta.get_field(name)
            field.select_format = _Hidden(field)


class _Hidden:
    """Instead of a field's ``select_format``: the column, or nothing inside a merchant's scope."""

    def __init__(self, field: Any) -> None:
        is_text = isinstance(field, (models.CharField, models.TextField))
        self.nothing = "''" if is_text and field.blank and not field.null else "NULL"
        self.otherwise = field.select_format

    def __call__(self, compiler: Any, statement: str, params: Any) -> tuple[str, Any]:
        if inside() is not None:
            return self.nothing, ()
        found: tuple[str, Any] = self.otherwise(compiler, statement, params)
        return found


# ------------------------------------------------------------------------------------------------- the database
def apply(connection: BaseDatabaseWrapper, application: str) -> None:
    """Make role, rights and policies as declared. Run by the tables' owner after migrate; twice is as once."""
    wanted = declared()
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        if {model._meta.db_table for model in wanted} - existing:
            return  # only some rooms were migrated: the whole comes with the rest
        _make_role(cursor, application)
        with transaction.atomic(using=connection.alias):
            _grant(cursor, wanted)
            _keep_policies(cursor, wanted, application)


def _make_role(cursor: Any, application: str) -> None:
    role = merchant_role()
    statements = [
        f"CREATE ROLE {role} NOLOGIN",
        f"GRANT {role} TO {application}",
    ]
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is None:
        _as_owner(cursor, sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)), statements)
    newer = cursor.connection.info.server_version >= 160000
    cursor.execute(
        f"SELECT pg_has_role(%s, %s, '{'SET' if newer else 'MEMBER'}')", [application, role]
    )  # to act as it on purpose; what it may read is not the application's by inheritance
    if not cursor.fetchone()[0]:
        grant = "GRANT {} TO {} WITH INHERIT FALSE, SET TRUE" if newer else "GRANT {} TO {}"
        given = sql.SQL(grant).format(sql.Identifier(role), sql.Identifier(application))
        _as_owner(cursor, given, statements)
    cursor.execute(
        "SELECT NOT app.rolbypassrls AND (me.rolsuper OR me.rolbypassrls) FROM pg_roles app, pg_roles me "
        "WHERE app.rolname = %s AND me.rolname = current_user",
        [application],
    )
    if (cursor.fetchone() or [False])[0]:
        cursor.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(sql.Identifier(application)))


def _as_owner(cursor: Any, statement: sql.Composed, by_hand: list[str]) -> None:
    try:
        cursor.execute(statement)
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"The owner may not make the role {merchant_role()}. Let a superuser run: {'; '.join(by_hand)}."
        ) from error


def _grant(cursor: Any, wanted: Mapping[type[models.Model], Shown]) -> None:
    role = sql.Identifier(merchant_role())
    cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role))
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    for model, one in wanted.items():
        fields = [field for field in model._meta.concrete_fields if field.name not in one.hidden]
        columns = sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in fields)
        table = sql.Identifier(model._meta.db_table)
        cursor.execute(sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(columns, table, role))


def policies(application: str) -> dict[tuple[str, str], str]:
    """By table and name of the policy: what it says."""
    found: dict[tuple[str, str], str] = {}
    for model, one in declared().items():
        if one.where:
            table = model._meta.db_table
            found[table, OWN] = f"FOR SELECT TO {merchant_role()} USING ({one.where})"
            found[table, APPLICATION] = f'FOR ALL TO "{application}" USING (true) WITH CHECK (true)'
    return found


def _keep_policies(cursor: Any, wanted: Mapping[type[models.Model], Shown], application: str) -> None:
    """Policies are written only where they differ: each takes the table for a moment."""
    said = policies(application)
    marks = {key: hashlib.sha256(text.encode()).hexdigest()[:16] for key, text in said.items()}
    cursor.execute(
        "SELECT c.relname::text, p.polname::text, coalesce(obj_description(p.oid, 'pg_policy'), '') FROM pg_policy p "
        "JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'public'::regnamespace "
        "AND p.polname IN (%s, %s)",
        [OWN, APPLICATION],
    )
    present = {(table, name): mark for table, name, mark in cursor.fetchall()}
    for table, name in sorted(key for key, mark in present.items() if marks.get(key) != mark):
        cursor.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(name), sql.Identifier(table)))
    for table, name in sorted(key for key, mark in marks.items() if present.get(key) != mark):
        names = {"name": sql.Identifier(name), "table": sql.Identifier(table)}
        cursor.execute(
            sql.SQL("CREATE POLICY {name} ON {table} ").format(**names) + sql.SQL(said[table, name])
        )
        comment = sql.SQL("COMMENT ON POLICY {name} ON {table} IS {mark}")
        cursor.execute(comment.format(**names, mark=sql.Literal(marks[table, name])))
    _switch(cursor, {table for table, _name in said})


def _switch(cursor: Any, scoped: set[str]) -> None:
    """Row-level security on where a policy stands, off elsewhere."""
    cursor.execute(
        "SELECT relname::text FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
    )
    present = {table for (table,) in cursor.fetchall()}
    for table, verb in [(t, "ENABLE") for t in scoped - present] + [(t, "DISABLE") for t in present - scoped]:
        cursor.execute(sql.SQL(f"ALTER TABLE {{}} {verb} ROW LEVEL SECURITY").format(sql.Identifier(table)))
