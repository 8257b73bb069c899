"""House style that a machine can check (DESIGN 7)."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.source import Source, calls, dotted, product

LONGEST_FILE = 500
LONGEST_FUNCTION = 50

# Where the clock may be read: the edges. Everything else is told the time.
# Moments: a form's field reads the clock at the edge of a request.
EDGES = ("views", "tasks", "commands", "middleware", "admin", "adapters", "signin", "templatetags", "moments")
CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "date.today", "datetime.today"}
CLOCKS |= {"timezone.localtime", "timezone.localdate", "dt.datetime.now", "dt.date.today"}

# Rows whose state is not a machine: claimed and finished by a worker, their rows are the queue itself.
NOT_MACHINES = {
    "aftersales/core/jobs.py": "a job's lease",
    "aftersales/notices/delivery.py": "a message's way out, claimed like a job",
}


def found(look: Callable[[Source], Iterator[ast.AST]]) -> list[str]:
    return [source.at(node) for source in product() for node in look(source)]


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    assert [
        f"{source.name}: {lines}" for source in product() if (lines := source.text.count("\n")) > LONGEST_FILE
    ] == []


def test_no_function_is_longer_than_fifty_lines() -> None:
    def long(source: Source) -> Iterator[ast.AST]:
        for node in source.nodes:
            if (
                not isinstance(node, ast.FunctionDef)
                or (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION
            ):
                continue
            table = len(node.body) == 1 and isinstance(
                node.body[0], ast.Expr
            )  # one call full of declarations
            if not table:
                yield node

    assert found(long) == []


def test_the_clock_is_read_at_the_edges_only() -> None:
    def reads(source: Source) -> Iterator[ast.AST]:
        if source.is_part(*EDGES) or source.path.name.endswith("_admin.py"):
            return
        for node, name in calls(source):
            if name in CLOCKS and not (name.startswith("timezone.local") and node.args):
                yield node

    assert found(reads) == []


def test_the_database_does_not_read_the_clock_either() -> None:
    """Only an event's ``recorded_at`` does, on purpose."""
    sql_clock = re.compile(
        r"\b(now\(\)|current_timestamp|current_date|clock_timestamp\(|statement_timestamp\()", re.I
    )

    def reads(source: Source) -> Iterator[ast.AST]:
        for node in source.nodes:
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if sql_clock.search(text) and re.search(
                r"\b(select|insert|update|delete|values|where)\b", text, re.I
            ):
                yield node

    assert found(reads) == []
    using_now = [source.name for source in product() if re.search(r"functions import .*\bNow\b", source.text)]
    assert using_now == ["aftersales/core/models.py"]


@pytest.mark.parametrize("keyword", ["auto_now", "auto_now_add"])
def test_no_column_sets_its_own_time(keyword: str) -> None:
    def sets(source: Source) -> Iterator[ast.AST]:
        for node, _name in calls(source):
            if any(word.arg == keyword for word in node.keywords):
                yield node

    assert found(sets) == []


def test_no_receiver_of_saves() -> None:
    hidden = {"post_save", "pre_save", "post_delete", "pre_delete", "m2m_changed"}

    def receives(source: Source) -> Iterator[ast.AST]:
        for node in source.nodes:
            names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            if names & hidden or (isinstance(node, ast.Attribute) and node.attr in hidden):
                yield node

    assert found(receives) == []


def test_no_state_is_written_past_the_door() -> None:
    writing = {"update", "update_or_create", "bulk_update"}

    def writes(source: Source) -> Iterator[ast.AST]:
        if source.name in NOT_MACHINES:
            return
        for node, name in calls(source):
            if name.rsplit(".", 1)[-1] not in writing:
                continue
            listed = [ast.unparse(argument) for argument in node.args]
            if any(word.arg == "state" for word in node.keywords) or any(
                "'state'" in text for text in listed
            ):
                yield node

    assert found(writes) == []


def test_bodies_of_moves_save_nothing() -> None:
    def saves(source: Source) -> Iterator[ast.AST]:
        for node in source.nodes:
            if not isinstance(node, ast.FunctionDef):
                continue
            if any(dotted(getattr(mark, "func", mark)) == "transition" for mark in node.decorator_list):
                inside = [part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)]
                if {"save", "objects", "delete", "refresh_from_db"} & set(inside):
                    yield node

    assert found(saves) == []


def test_rules_ask_no_database() -> None:
    def asks(source: Source) -> Iterator[ast.AST]:
        if source.is_part("rules", "states", "machine"):
            for node in source.nodes:
                if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "cursor"}:
                    yield node

    assert found(asks) == []


def test_selectors_write_nothing() -> None:
    writing = {"save", "delete", "create", "bulk_create", "bulk_update", "update_or_create", "get_or_create"}
    writing |= {"select_for_update"}

    def writes(source: Source) -> Iterator[ast.AST]:
        if source.is_part("selectors", "querysets"):
            for node, name in calls(source):
                if name.rsplit(".", 1)[-1] in writing and "." in name:
                    yield node

    assert found(writes) == []


def test_nobody_asks_for_a_superuser() -> None:
    def asks(source: Source) -> Iterator[ast.AST]:
        for node in source.nodes:
            if isinstance(node, ast.Attribute) and node.attr == "is_superuser":
                yield node

    assert found(asks) == []


def test_work_for_later_is_a_row_not_a_hook() -> None:
    """``on_commit`` is a nudge, and the nudge lives in one place; ``delay`` would lose work with its broker."""

    def hooks(source: Source) -> Iterator[ast.AST]:
        if source.name == "aftersales/core/jobs.py":
            return
        for node, name in calls(source):
            if name.endswith((".on_commit", ".delay", ".apply_async")):
                yield node

    assert found(hooks) == []


def test_no_class_is_a_manager() -> None:
    def managers(source: Source) -> Iterator[ast.AST]:
        for node in source.nodes:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Manager"):
                yield node

    assert found(managers) == []


def test_services_know_no_request() -> None:
    def knows(source: Source) -> Iterator[ast.AST]:
        if not source.is_part("services", "rules", "machine", "querysets", "models"):
            return
        for node in source.nodes:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                ("django.http", "django.forms", "django.contrib.admin", "django.shortcuts", "unfold")
            ):
                yield node

    assert found(knows) == []


def test_services_that_write_are_told_by_name_who_and_when() -> None:
    doors = re.compile(
        r"^(moves|registers|events)\.(perform|perform_many|change|create|create_many|save|record)$"
    )

    def careless(source: Source) -> Iterator[ast.AST]:
        if not source.is_part("services"):
            return
        for node in source.tree.body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            if any(doors.match(dotted(part.func)) for part in ast.walk(node) if isinstance(part, ast.Call)):
                named = {argument.arg for argument in node.args.kwonlyargs}
                positional = {argument.arg for argument in node.args.args}
                if "now" not in named or "actor" in positional:
                    yield node

    assert found(careless) == []


# What makemessages looks for; a call by any other name is read by nobody who translates.
EXTRACTED = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
EXTRACTED |= {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}


def test_a_translating_function_keeps_a_name_that_makemessages_knows() -> None:
    def renamed(source: Source) -> Iterator[ast.AST]:
        for node in source.nodes:
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                for name in node.names:
                    if "gettext" in name.name and (name.asname or name.name) not in EXTRACTED:
                        yield node

    assert found(renamed) == []


TRANSLATORS = {"_", "gettext", "gettext_lazy", "pgettext", "pgettext_lazy", "ngettext", "npgettext"}


def test_no_text_to_translate_stands_inside_an_f_string() -> None:
    """``makemessages`` does not look there: the text would never reach the catalogue, and nothing else would tell."""

    def hidden(source: Source) -> Iterator[ast.AST]:
        for node in source.nodes:
            if isinstance(node, ast.JoinedStr):
                yield from (
                    call
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call)
                    and dotted(call.func) in TRANSLATORS
                    and isinstance(call.args[0], ast.Constant)
                )

    assert found(hidden) == []
