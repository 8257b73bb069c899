"""Timing subject and floor in turns, counting statements, reading plans."""

import gc
import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

Work = Callable[[], Any]
NOT_COUNTED = ("SAVEPOINT", "RELEASE", "ROLLBACK TO", "BEGIN", "COMMIT")


@dataclass
class Result:
    """One figure against its bar. ``at_most`` False means that more is better."""

    name: str
    subject: float | None
    floor: float | None
    ratio: float
    bar: float
    at_most: bool = True
    floors: list[float] = field(default_factory=list)
    note: str = ""
    timed: bool = False
    unit: str = "ms"

    @property
    def ok(self) -> bool:
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    @property
    def noisy(self) -> bool:
        """The floor itself moved by more than twice between its 10th and 90th percentile."""
        if len(self.floors) < 3:
            return False
        ordered = sorted(self.floors)
        edge = len(ordered) // 10
        return ordered[-1 - edge] > 2 * ordered[edge]


def count(name: str, number: float, bar: float, note: str = "") -> Result:
    """A figure without noise."""
    return Result(name, number, None, number, bar, note=note, unit="")


@dataclass
class Race:
    """Seconds per call of subject and floor, taken in turns."""

    subject: list[float]
    floor: list[float]

    @property
    def middle(self) -> tuple[float, float]:
        return statistics.median(self.subject), statistics.median(self.floor)


def race(subject: Work, floor: Work, *, rounds: int, inner: int = 1, warm: int = 2) -> Race:
    """A B A B …: the garbage collector waits, the first calls do not count."""
    for _n in range(warm):
        subject()
        floor()
    taken = Race([], [])
    gc.collect()
    gc.disable()
    try:
        for _n in range(rounds):
            taken.subject.append(seconds(subject, inner))
            taken.floor.append(seconds(floor, inner))
    finally:
        gc.enable()
    return taken


def seconds(work: Work, inner: int = 1) -> float:
    start = time.perf_counter()
    for _n in range(inner):
        work()
    return (time.perf_counter() - start) / inner


def at_most(name: str, taken: Race, bar: float, note: str = "") -> Result:
    """Time of the subject as a multiple of the floor's."""
    subject, floor = taken.middle
    return Result(name, subject * 1000, floor * 1000, subject / floor, bar, True, taken.floor, note, True)


def at_least(name: str, taken: Race, bar: float, note: str = "") -> Result:
    """Speed of the subject as a share of the floor's."""
    subject, floor = taken.middle
    return Result(name, subject * 1000, floor * 1000, floor / subject, bar, False, taken.floor, note, True)


@dataclass
class Asked:
    """Statements that went to the database."""

    statements: list[tuple[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)


@contextmanager
def asking() -> Iterator[Asked]:
    """Every statement but transaction control."""
    asked = Asked()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not str(sql).lstrip().upper().startswith(NOT_COUNTED):
            asked.statements.append((str(sql), params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def statements(work: Work) -> Asked:
    with asking() as asked:
        work()
    return asked


@dataclass
class Plan:
    """What PostgreSQL did for one statement."""

    sql: str
    seq_scans: list[tuple[str, int]]
    buffers: int
    milliseconds: float


def big_tables(more_than: int) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND reltuples > %s",
            [more_than],
        )
        return dict(cursor.fetchall())


def plans(asked: Asked, big: dict[str, int]) -> list[Plan]:
    return [plan(sql, params, big) for sql, params in asked.statements if is_read(sql)]


def is_read(sql: str) -> bool:
    return bool(re.match(r"\s*(SELECT|WITH)\b", sql, re.I)) and not re.search(
        r"\b(INSERT|UPDATE|DELETE)\b", sql
    )


def plan(sql: str, params: Any, big: dict[str, int]) -> Plan:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    top = (json.loads(found) if isinstance(found, str) else found)[0]
    nodes = list(_nodes(top["Plan"]))
    scans = [
        (node["Relation Name"], big[node["Relation Name"]])
        for node in nodes
        if node["Node Type"] == "Seq Scan"
        and node.get("Relation Name") in big
        and node.get("Actual Loops", 1)
    ]
    root = top["Plan"]
    buffers = root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0)
    return Plan(sql, scans, buffers, top["Execution Time"])


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def has_offset(sql: str) -> bool:
    return bool(re.search(r"\bOFFSET\s+\d*[1-9]", sql, re.I))


def counts_without_end(sql: str) -> bool:
    """A count that reads everything: capped ones count a sub-query with a LIMIT."""
    return bool(re.search(r"\bCOUNT\s*\(", sql, re.I)) and not re.search(r"\bLIMIT\b", sql, re.I)
