"""The set of a minute, ``make quick``: every short test without a database, and of each room a few files with one."""

import re
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parent
LONG = frozenset({"slow", "browser", "concurrency", "sample", "bench"})
DATABASE = frozenset({"db", "transactional_db", "django_db_setup"})
WHOLE_FILE = re.compile(r"^pytestmark = .*\bdjango_db\b", re.MULTILINE)
FILES = frozenset(
    f"{room}/test_{name}.py"
    for room, names in {
        "accounts": ("services", "planning", "sign_in"),
        "architecture": ("machines", "registries", "writes"),
        "cases": ("settling", "refunding"),
        "channels": ("nobodys",),
        "clocks": ("accounts", "engine", "sweep"),
        "core": (
            *("deliveries", "events", "folding", "forgetting", "health", "jobs", "machine", "merchant_scope"),
            *("moves", "reasons", "roles", "series"),
        ),
        "core/sheets": ("files", "keeping", "registers"),
        "customers": ("masking",),
        "dashboards": ("promise", "exceptions"),
        "desk": ("appearance", "home", "navigation"),
        "ledger": ("hearing", "own_hands", "posting", "proposals"),
        "merchants": ("merchants",),
        "notices": ("sending", "true_words"),
        "orders": ("orders", "returning"),
        "portal": ("published",),
        "scorecards": ("formula_rules",),
        "standards": ("return_rules", "services"),
        "tickets": ("given_words", "grading", "erlang"),
        "training": ("authority", "certificates", "door", "rules"),
    }.items()
    for name in names
)
"""With the database; chosen by what they guard and by their milliseconds. The rooms' faces are left to the whole."""


def within(path: Path) -> bool:
    return path.is_relative_to(TESTS) and path.relative_to(TESTS).as_posix() in FILES


def is_quick(item: pytest.Item) -> bool:
    return not is_long(item) and (within(item.path) or not uses_database(item))


def is_long(item: pytest.Item) -> bool:
    return any(mark.name in LONG for mark in item.iter_markers())


def uses_database(item: pytest.Item) -> bool:
    return "django_db" in item.keywords or not DATABASE.isdisjoint(getattr(item, "fixturenames", ()))


def long_first(items: list[pytest.Item]) -> None:
    """Files with long tests come first: the last of them would run alone while the other workers are done.

    Of them those that need no database: the others wait for one another while the first of them makes it.
    """
    long = {item.path for item in items if is_long(item)}
    stored = {item.path for item in items if uses_database(item)}
    items.sort(key=lambda item: (item.path not in long, item.path in long & stored))


def is_asked(config: Any) -> bool:
    return bool(config.getoption("markexpr") == "quick")


def holds_none(path: Path) -> bool:
    """A file that says in its head that all of it uses the database need not be read to be left out."""
    return path.suffix == ".py" and not within(path) and bool(WHOLE_FILE.search(path.read_text("utf-8")))
