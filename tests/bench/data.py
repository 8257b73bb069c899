"""The data sets: 10,000 and 1,000,000 tickets, 5,000 of them active in both.

Each is a database of the server, named after the migrations and the rows' own code, made once and kept; what writes,
writes in a clone.
"""

import ast
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from aftersales.core import embedded
from tests import database
from tests.bench import rows
from tests.bench.rows import LONG, NOW, SHORT

__all__ = ["LONG", "NOW", "SHORT", "Sets", "copy_of", "use"]
Fill = Callable[[str], None]


class Sets:
    """Names of the databases; each is made when it is first asked for."""

    def __init__(self) -> None:
        embedded.hold_database()
        with database.superuser() as admin:
            self._template = database.template(admin)
        self._mark = hashlib.sha256((self._template + _own_code()).encode()).hexdigest()[:12]

    @cached_property
    def base(self) -> str:
        return self._kept("base", lambda: self._template, _by_the_product(rows.furnish))

    @cached_property
    def small(self) -> str:
        return self._kept("10k", lambda: self.base, _tickets(10_000))

    @cached_property
    def medium(self) -> str:
        return self._kept("100k", lambda: self.base, _tickets(100_000))

    @cached_property
    def large(self) -> str:
        return self._kept("1m", lambda: self.base, _tickets(1_000_000))

    def on_base(self, short: str, add: Callable[[], Any], of: str) -> str:
        """The base with what ``add`` writes through the product; made anew when the file ``of`` changes."""
        mark = hashlib.sha256(_code(of).encode()).hexdigest()[:6]
        return self._kept(short, lambda: self.base, _by_the_product(add), f"_{mark}")

    def on_large(self, short: str, fill: Fill, of: Iterable[Path]) -> str:
        """The million tickets with what ``fill`` adds to that database; made anew when the files ``of`` change."""
        code = "".join(_code(str(path)) for path in sorted(of))
        mark = hashlib.sha256((self.large + code).encode()).hexdigest()[:6]
        return self._kept(short, lambda: self.large, fill, f"_{mark}")

    def _kept(self, short: str, source: Callable[[], str], fill: Fill, mark: str = "") -> str:
        name, made_from = f"bench_{short}_{self._mark}{mark}", source()
        with database.superuser() as admin:
            admin.execute("SELECT pg_advisory_lock(hashtext(%s))", [short])
            if not _exists(admin, name):
                print(f"  making {name} …", flush=True)
                _forget_others(admin, short)
                _make(admin, name, made_from, fill)
        return name


def _own_code() -> str:
    return _code(rows.__file__)


def _code(path: str) -> str:
    """The code that makes the rows, without its layout and comments."""
    return ast.dump(ast.parse(Path(path).read_text(encoding="utf-8")))


def _forget_others(admin: psycopg.Connection[Any], short: str) -> None:
    """Sets of other migrations."""
    for (name,) in admin.execute(
        "SELECT datname FROM pg_database WHERE datname ~ %s", [f"^bench_{short}_"]
    ).fetchall():
        database.drop(admin, name)


def _exists(admin: psycopg.Connection[Any], name: str) -> bool:
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _make(admin: psycopg.Connection[Any], name: str, source: str, fill: Fill) -> None:
    unfinished = f"{name}_unfinished"
    database.drop(admin, unfinished)
    clone(admin, unfinished, source)
    fill(unfinished)
    admin.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name))
    )


def _tickets(size: int) -> Fill:
    def fill(name: str) -> None:
        with database.superuser(name) as link:
            rows.fill(link, size)

    return fill


def _by_the_product(write: Callable[[], Any]) -> Fill:
    def fill(name: str) -> None:
        with database.signed_in_as(name, embedded.app_role()):
            write()
        with database.superuser(name) as link:
            link.autocommit = True
            link.execute("ANALYZE")

    return fill


def clone(admin: psycopg.Connection[Any], name: str, source: str) -> None:
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source))
    )


@contextmanager
def copy_of(source: str) -> Iterator[str]:
    """A clone to write in, gone afterwards; Django is connected to it meanwhile."""
    name = f"bench_work_{os.getpid()}"
    with database.superuser() as admin:
        database.drop(admin, name)
        connection.close()
        clone(admin, name, source)
        use(name)
        try:
            yield name
        finally:
            connection.close()
            use(source)
            database.drop(admin, name)


def use(name: str) -> None:
    """Django's connection goes to this database from now on."""
    connection.close()
    connection.settings_dict["NAME"] = name
