"""Counting: only days that were touched, or all of them. A count writes what differs and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction

from aftersales.core import tablestats
from aftersales.scorecards.metrics import Metric, declared, metric
from aftersales.scorecards.metrics.counting import sums
from aftersales.scorecards.metrics.sources import READ
from aftersales.scorecards.metrics.touching import MOMENTS
from aftersales.scorecards.models import Rollup, Touched
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import selectors as rule_book

BATCH = 5_000  # touched rows that are counted in one transaction
ROOM = "128MB"  # for one sort or one comparison of a full count, instead of the disk
NARROW = "tickets.ticket"  # rows whose events tell every merchant they were ever laid to
NEVER: frozenset[str] = frozenset()


def touch(*, subject_kind: str, subject_id: int = 0) -> None:
    """Note a row to be counted again; without a key all rows of that kind. Kinds that no metric counts are left out."""
    if subject_kind not in _counted():
        return
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, [subject_kind, subject_id])


def refresh() -> Mapping[str, int]:
    """Count the days of all rows that were touched anew. Says how many rows were touched, and how many figures differ.

    One transaction a batch: what is noted meanwhile waits for the next one.
    """
    counts = {"touched": 0, "figures": 0}
    _believe()
    while True:
        with transaction.atomic():
            rows = _taken()
            counts["touched"] += len(rows)
            counts["figures"] += _count(rows) if rows else 0
        if len(rows) < BATCH:
            return counts


def recount(*, codes: Iterable[str] = ()) -> Mapping[str, int]:
    """Count these metrics, or all, over all days. What stands there already stays; says how many figures differed."""
    chosen = [metric(code) for code in codes] or declared()
    found = {}
    _believe()
    for one in chosen:
        tablestats.freshen(Rollup)
        with transaction.atomic():
            found[one.code] = _recount(one, None)
    return found


def _believe() -> None:
    """Freshly loaded tables pass for empty ones, and each row would be looked for in all of another table."""
    for model in (*READ, Rollup):
        tablestats.freshen(model)


@cache
def _counted() -> frozenset[str]:
    """Kinds of rows that some metric counts."""
    return NEVER.union(*(one.touched_by for one in declared()))


def _taken() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [BATCH])
        return list(cursor.fetchall())


@dataclass
class Reach:
    """What rows of one kind touch. ``days``: for every metric; ``around``: besides, for those that look around.

    None: every day, because a whole load came. ``merchants``: of theirs nobody else's figures; None: of all.
    """

    days: set[date] | None = field(default_factory=set)
    around: set[date] = field(default_factory=set)
    merchants: set[int] | None = None


def _count(rows: Sequence[tuple[str, int]]) -> int:
    """What these rows touch, metric by metric: some days, or every day where a whole load came."""
    ids: dict[str, set[int]] = {}
    for kind, pk in rows:
        ids.setdefault(kind, set()).add(pk)
    reached = {kind: Reach(None) if 0 in keys else _reach(kind, sorted(keys)) for kind, keys in ids.items()}
    different = 0
    with rule_book.one_edition():
        for one in declared():
            mine = [reached[kind] for kind in one.touched_by if kind in reached]
            if mine:
                different += _recount(one, *_joined(mine, looks_around=one.looks_around))
    return different


def _joined(
    reached: Sequence[Reach], *, looks_around: bool
) -> tuple[Sequence[date] | None, Sequence[int] | None]:
    """Days and merchants for one metric: a merchant too many or a day too many does no harm."""
    days: set[date] = set()
    merchants: set[int] = set()
    for one in reached:
        if one.days is None:
            return None, None
        days |= one.days | (one.around if looks_around else set())
        merchants |= one.merchants or set()
    is_narrow = all(one.merchants is not None for one in reached)
    return sorted(days), sorted(merchants) if is_narrow else None


def _reach(kind: str, ids: Sequence[int]) -> Reach:
    """Days of the market's zone on which these rows count or counted, and whose merchants' figures they touch."""
    params: dict[str, Any] = {
        "ids": list(ids),
        "zone": rule_book.market_default().zone,
        "quiet": timedelta(days=_number("solved_quiet_days")),
        "repeat": timedelta(days=_number("repeat_problem_days")),
    }
    narrow = kind == NARROW
    names, columns = (
        ("at, zone, merchant, around", "m.merchant, m.around") if narrow else ("at, zone", "NULL, false")
    )
    sql = (
        f"SELECT DISTINCT (m.at AT TIME ZONE m.zone)::date, {columns} FROM ({MOMENTS[kind]}) m({names}) "
        "WHERE m.at IS NOT NULL"
    )
    days, around, merchants = set[date](), set[date](), set[int]()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for day, merchant, looks_around in cursor.fetchall():
            (around if looks_around else days).add(day)
            if merchant is not None:
                merchants.add(merchant)
    return Reach(days, around, merchants if narrow else None)


def _number(code: str) -> float:
    """The largest value that a number of days ever had."""
    return max((float(one.value) for one in rule_book.book().parameters.get(code, ())), default=0)


def _recount(one: Metric, days: Sequence[date] | None, merchants: Sequence[int] | None = None) -> int:
    if days is not None and not days:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL work_mem = '{ROOM}'"
        )
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"scorecards {one.code}"])
        return sum(
            _put(cursor, one, kind, days, merchants if kind == SubjectKind.MERCHANT else None)
            for kind in one.kinds
        )


def _put(
    cursor: Any, one: Metric, kind: SubjectKind, days: Sequence[date] | None, among: Sequence[int] | None
) -> int:
    """One statement: what is counted beside what stands there; the difference is taken out, changed or added."""
    fresh = sums(one, kind, days=days, among=among)
    within = "" if days is None else " AND r.day = ANY(%(days)s::date[])"
    if among is not None:
        within += " AND r.subject_id = ANY(%(among)s)"
    cursor.execute(_PUT.format(fresh=fresh.sql, table=Rollup._meta.db_table, within=within), fresh.params)
    return int(cursor.fetchone()[0])


_TOUCH = f"""
    INSERT INTO {Touched._meta.db_table} (subject_kind, subject_id) VALUES (%s, %s)
"""
_TAKE = f"""
    DELETE FROM {Touched._meta.db_table} WHERE id IN (
        SELECT id FROM {Touched._meta.db_table} ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING subject_kind, subject_id
"""
_PUT = """
    WITH fresh AS ({fresh}),
    stood AS (
        SELECT r.id, r.subject_id, r.subject_name, r.day, r.category, r.num, r.den, r.samples FROM {table} r
         WHERE r.metric = %(metric)s AND r.subject_kind = %(kind)s{within}
    ),
    differs AS MATERIALIZED (
        SELECT s.id AS old, f.* FROM fresh f FULL JOIN stood s ON f.subject_id = s.subject_id AND f.day = s.day
           AND f.category = s.category AND f.subject_name = s.subject_name
         WHERE (f.num, f.den, f.samples) IS DISTINCT FROM (s.num, s.den, s.samples)
    ),
    gone AS (
        DELETE FROM {table} r WHERE r.id = ANY(ARRAY(SELECT d.old FROM differs d WHERE d.day IS NULL))
    ),
    changed AS (
        UPDATE {table} r SET num = d.num, den = d.den, samples = d.samples FROM differs d
         WHERE r.id = d.old AND d.day IS NOT NULL
           AND r.id = ANY(ARRAY(SELECT o.old FROM differs o WHERE o.day IS NOT NULL AND o.old IS NOT NULL))
    ),
    added AS (
        INSERT INTO {table} (metric, subject_kind, subject_id, subject_name, day, category, num, den, samples)
        SELECT %(metric)s, %(kind)s, subject_id, subject_name, day, category, num, den, samples
          FROM differs WHERE old IS NULL
    )
    SELECT count(*) FROM differs
"""
