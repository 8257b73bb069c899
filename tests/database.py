"""One template with the shipped rule book per set of migrations, a clone per test process, a flush that keeps it.

The tests act as the app role; only the making of databases and the flush between transactional tests act as
the superuser, because the app role may neither TRUNCATE nor touch append-only rows.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from aftersales.core import embedded
from aftersales.core.embedded import address, postgres

ROOT = Path(__file__).resolve().parent.parent
KEPT_TEMPLATES = 6
LOCK = 7_211_042  # any number that nobody else takes on this server
LOADED_AT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)  # when the rule book came, seen from the tests' now
LOADERS = (
    "training/shipping.py",
    "aftersales/**/shipping.py",
    "aftersales/core/shipped.py",
    "aftersales/notices/texts.py",
    "aftersales/**/sheets/profiles.py",
)


def superuser(name: str = "postgres") -> psycopg.Connection[Any]:
    if embedded.embedded_database():
        return postgres.connect(name)
    given = address.parse("DATABASE_OWNER_URL")
    return psycopg.connect(
        host=given["HOST"],
        port=given["PORT"] or None,
        user=given["USER"],
        password=given["PASSWORD"],
        dbname=name,
        autocommit=True,
        **given["OPTIONS"],
    )


def migrations() -> list[Path]:
    """What decides the tables and the rights: every migration and model, the pins and this file."""
    places = [ROOT / "aftersales", ROOT / "accounts", ROOT / "training", ROOT / "tests"]
    files = [path for place in places for path in place.glob("**/migrations/*.py")]
    files += [path for place in places for path in place.glob("**/models.py")]
    files += [path for place in places for path in place.glob("**/models/*.py")]
    files += [path for place in places for path in place.glob("**/merchantrows.py")]
    rights = [ROOT / "aftersales/core" / name for name in ("roles.py", "rowpolicies.py")]
    return [*files, ROOT / "requirements.txt", *rights, Path(__file__)]


def shipped_rows() -> list[Path]:
    """What decides the rows that the product ships: the files and the code that loads them."""
    patterns = (
        "training/shipped/*.toml",
        "aftersales/**/shipped*/*.toml",
        "aftersales/**/shipped.toml",
        *LOADERS,
    )
    return [path for pattern in patterns for path in ROOT.glob(pattern)]


def fingerprint(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(set(files)):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextlib.contextmanager
def signed_in_as(name: str, user: str | None) -> Iterator[None]:
    """Django's one connection, as somebody else for a moment."""
    saved = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update({"NAME": name, "OPTIONS": {**saved.get("OPTIONS", {})}})
    if user:
        connection.settings_dict["USER"] = user
    else:
        connection.settings_dict["OPTIONS"].pop("options", None)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(saved)


def template(admin: psycopg.Connection[Any]) -> str:
    """The template of the present code: migrated, with the rule book. Each of the two steps only when needed."""
    admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        tables = kept(admin, fingerprint(migrations()), "template0", migrate)
        return kept(admin, fingerprint([*migrations(), *shipped_rows()]), tables, load_rule_book)
    finally:
        admin.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def kept(admin: psycopg.Connection[Any], mark: str, source: str, step: Callable[[], None]) -> str:
    """The template of that fingerprint; made from ``source`` by ``step`` when missing."""
    name = f"template_aftersales_{mark}"
    if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        make_template(admin, name, source, step)
        forget_old_templates(admin, {name, source})
    return name


def make_template(admin: psycopg.Connection[Any], name: str, source: str, step: Callable[[], None]) -> None:
    owner = postgres.OWNER if embedded.embedded_database() else None
    unfinished = f"{name}_unfinished"
    drop(admin, unfinished)
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(
            sql.Identifier(unfinished), sql.Identifier(source)
        )
    )
    if owner:
        admin.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(unfinished), sql.Identifier(owner))
        )
    with signed_in_as(unfinished, owner):
        step()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    admin.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name))
    )
    admin.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(name), sql.Literal(str(_newest(admin) + 1))
        )
    )


def migrate() -> None:
    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)


def load_rule_book() -> None:
    """What ``manage.py load_standards`` does, some weeks before the tests' now."""
    from accounts.services import system_user
    from aftersales.core import shipped
    from aftersales.core.models import Delivery
    from aftersales.standards import shipping

    system = system_user(LOADED_AT)
    shipping.load(actor=system, now=LOADED_AT)
    shipped.load(actor=system, now=LOADED_AT)
    Delivery.objects.all().delete()  # what a worker would have done long before the tests begin


def _templates(admin: psycopg.Connection[Any]) -> list[tuple[int, str]]:
    rows = admin.execute(
        "SELECT coalesce(shobj_description(oid, 'pg_database'), '0'), datname FROM pg_database "
        "WHERE datname ~ '^template_aftersales_[0-9a-f]{12}$'"
    )
    return sorted((int(number), name) for number, name in rows)


def _newest(admin: psycopg.Connection[Any]) -> int:
    return max((number for number, _ in _templates(admin)), default=0)


def forget_old_templates(admin: psycopg.Connection[Any], keep: set[str]) -> None:
    for _, name in [row for row in _templates(admin) if row[1] not in keep][: -KEPT_TEMPLATES or None]:
        with contextlib.suppress(psycopg.Error):
            admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def forget_dead_sessions(admin: psycopg.Connection[Any]) -> None:
    """Databases of test processes that were killed."""
    for (name,) in admin.execute(
        "SELECT datname FROM pg_database WHERE datname ~ '^test_aftersales_[0-9]+$'"
    ):
        process = int(re.sub(r"\D", "", name))
        if embedded.embedded_database() and not Path(f"/proc/{process}").exists():
            drop(admin, name)


def drop(admin: psycopg.Connection[Any], name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass
class TestDatabase:
    """The database of this process."""

    __test__ = False
    name: str = field(default_factory=lambda: f"test_aftersales_{os.getpid()}")
    shipped: dict[str, tuple[list[str], bytes]] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    """Which transaction put the shipped rows of a table back last."""

    def create(self) -> None:
        embedded.hold_database()
        with superuser() as admin:
            source = template(admin)
            forget_dead_sessions(admin)
            drop(admin, self.name)
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(self.name), sql.Identifier(source)
                )
            )
        connection.close()
        connection.settings_dict["NAME"] = self.name
        with superuser(self.name) as link:
            self.shipped = {table: read(link, table) for table in filled(link)}

    def remove(self) -> None:
        connection.close()
        with superuser() as admin:
            drop(admin, self.name)

    def flush(self, *_: Any, **__: Any) -> None:
        """Instead of TRUNCATE: empty what is not empty, then put back the rows that the template has.

        Shipped rows that nobody touched stay: most tests write a few tables and read a hundred.
        """
        with self.unguarded() as link:
            whole = self.untouched(link)
            for table in filled(link):
                if table not in whole:
                    link.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            for table in (name for name, has_others in whole.items() if has_others):
                others = sql.SQL("DELETE FROM {} WHERE xmin <> {}::xid")
                link.execute(others.format(sql.Identifier(table), sql.Literal(self.written[table])))
            (mine,) = link.execute("SELECT pg_current_xact_id()::xid::text").fetchone() or ("",)
            for table in self.shipped.keys() - whole.keys():
                write(link, table, *self.shipped[table])
                self.written[table] = mine

    def untouched(self, link: psycopg.Connection[Any]) -> dict[str, bool]:
        """Tables whose shipped rows are all as they were put back, and whether there are others beside them.

        A row that was changed carries the transaction that changed it.
        """
        if not self.written:
            return {}
        question = sql.SQL("SELECT {}, count(*) FILTER (WHERE xmin = {}::xid), count(*) FROM {}")
        parts = [
            question.format(sql.Literal(table), sql.Literal(by), sql.Identifier(table))
            for table, by in self.written.items()
        ]
        rows = link.execute(sql.SQL(" UNION ALL ").join(parts)).fetchall()
        return {
            table: there > kept for table, kept, there in rows if kept == self.shipped[table][1].count(b"\n")
        }

    def empty(self, *rooms: str) -> None:
        """Take out all rows of these rooms, shipped ones too. In transactional tests only: the flush restores them."""
        with self.unguarded() as link:
            for table in filled(link):
                if table.split("_")[0] in rooms:
                    link.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))

    def remove_rows(self, model: type[Any], *keys: int) -> None:
        """Some rows go, as only the owner can make them: the application may not. In transactional tests only."""
        with self.unguarded() as link:
            table = sql.Identifier(model._meta.db_table)
            link.execute(sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(table), [list(keys)])

    @contextlib.contextmanager
    def unguarded(self) -> Iterator[psycopg.Connection[Any]]:
        """One transaction as the superuser, without triggers and foreign keys."""
        with superuser(self.name) as link:
            link.execute("SET session_replication_role = replica")
            with link.transaction():
                yield link


def filled(link: psycopg.Connection[Any]) -> list[str]:
    tables = [
        name for (name,) in link.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
    ]
    question = sql.SQL(", ").join(
        sql.SQL("EXISTS(SELECT FROM {})").format(sql.Identifier(table)) for table in tables
    )
    answer = link.execute(sql.SQL("SELECT ARRAY[{}]").format(question)).fetchone()
    return [table for table, has_rows in zip(tables, answer[0], strict=True) if has_rows] if answer else []


def read(link: psycopg.Connection[Any], table: str) -> tuple[list[str], bytes]:
    columns = [
        name
        for (name,) in link.execute(
            "SELECT column_name::text FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' "
            "ORDER BY ordinal_position",
            [table],
        )
    ]
    with link.cursor().copy(copy_of(table, columns, "TO STDOUT")) as copy:
        return columns, b"".join(bytes(part) for part in copy)


def write(link: psycopg.Connection[Any], table: str, columns: list[str], rows: bytes) -> None:
    with link.cursor().copy(copy_of(table, columns, "FROM STDIN")) as copy:
        copy.write(rows)


def copy_of(table: str, columns: list[str], direction: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) " + direction).format(sql.Identifier(table), names)
