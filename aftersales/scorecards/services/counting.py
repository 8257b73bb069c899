"""Counting: only days that were touched, or all of them. A count writes what differs and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction

from aftersales.core import tablestats
from aftersales.scorecards.metrics import Metric, declared, metric, reached
from aftersales.scorecards.metrics.counting import Facts, sums
from aftersales.scorecards.metrics.sources import EXTENSION, READ
from aftersales.scorecards.metrics.touching import FIGURES, MOMENTS, TICKETS
from aftersales.scorecards.models import Rollup, Touched
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import selectors as rule_book

BATCH = 5_000  # touched rows that are counted in one transaction
ROOM = "128MB"  # for one sort or one comparison of a full count, instead of the disk
NEVER: frozenset[str] = frozenset()
GATE = "scorecards touched"


def touch(*, subject_kind: str, subject_id: int = 0) -> None:
    """Note a row to be counted again; without a key all rows of that kind. Kinds that no metric counts are left out."""
    if subject_kind not in _counted():
        return
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, [subject_kind, subject_id])


def refresh(*, waits: bool = True) -> Mapping[str, int]:
    """Count the days of all rows that were touched anew. Says how many rows were touched, and how many figures differ.

    One transaction a batch: what is noted meanwhile waits for the next one. Nothing that was noted before is uncounted
    afterwards: what another holds is waited for. ``waits=False`` leaves it to the other, who counts it.
    """
    counts = {"touched": 0, "figures": 0}
    _believe()
    while True:
        with transaction.atomic():
            rows = _taken(waits=waits)
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
        with transaction.atomic(), connection.cursor() as cursor:
            _alone(cursor, [one])
            found[one.code] = _recount(cursor, one, None)
    return found


def _believe() -> None:
    """Freshly loaded tables pass for empty ones, and each row would be looked for in all of another table."""
    for model in (*READ, Rollup):
        tablestats.freshen(model)


@cache
def _counted() -> frozenset[str]:
    """Kinds of rows that some metric counts."""
    return NEVER.union(*(one.touched_by for one in declared()))


def _taken(*, waits: bool) -> list[tuple[str, int]]:
    """The next touched rows, the oldest first. The gate comes before rows and metrics, so nobody waits in a circle."""
    with connection.cursor() as cursor:
        if not _passed(cursor, waits):
            return []
        cursor.execute(_TAKE, [BATCH])
        return list(cursor.fetchall())


def gate_hold() -> None:
    """Nobody else takes touched rows until the transaction ends. For who counts everything and then what was touched:
    the gate comes before the metrics.
    """
    with connection.cursor() as cursor:
        _passed(cursor, waits=True)


def _passed(cursor: Any, waits: bool) -> bool:
    """Whoever takes rows is behind the gate until they are counted: alone if he waits for it. Sweeps share it, and none
    stands before a shut one.
    """
    if waits:
        cursor.execute(_NO_LIMITS)
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [GATE])
        return True
    cursor.execute("SELECT pg_try_advisory_xact_lock_shared(hashtext(%s))", [GATE])
    return bool(cursor.fetchone()[0])


def _count(rows: Sequence[tuple[str, int]]) -> int:
    """What these rows touch: the cells of tickets, of other rows their days, and every day where a whole load came."""
    ids: dict[str, set[int]] = {}
    for kind, pk in rows:
        ids.setdefault(kind, set()).add(pk)
    with rule_book.one_edition(), connection.cursor() as cursor:
        _alone(cursor, [one for one in declared() if one.touched_by & ids.keys()])
        different = 0
        if TICKETS in ids and 0 not in ids[TICKETS]:
            different += _recount_cells(cursor, sorted(ids.pop(TICKETS)))
        days = {kind: None if 0 in keys else _days(kind, sorted(keys)) for kind, keys in ids.items()}
        for one in declared():
            mine = [days[kind] for kind in one.touched_by if kind in days]
            if mine:
                different += _recount(cursor, one, _joined(mine))
    return different


def _alone(cursor: Any, chosen: Sequence[Metric]) -> None:
    """Nobody else counts these metrics until the transaction ends; all that count take them in the same order."""
    cursor.execute(f"{_NO_LIMITS}; SET LOCAL work_mem = '{ROOM}'")
    for one in chosen:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"scorecards {one.code}"])


def _joined(reached: Sequence[set[date] | None]) -> Sequence[date] | None:
    """All the days for one metric: a day too many does no harm. None: every day."""
    days: set[date] = set()
    for one in reached:
        if one is None:
            return None
        days |= one
    return sorted(days)


def _days(kind: str, ids: Sequence[int]) -> set[date]:
    """Days of the market's zone on which these rows count or counted."""
    sql = f"SELECT DISTINCT (m.at AT TIME ZONE m.zone)::date FROM ({MOMENTS[kind]}) m(at, zone) WHERE m.at IS NOT NULL"
    params: dict[str, Any] = {"ids": list(ids), "zone": rule_book.market_default().zone}
    params["extension"] = timedelta(hours=_number(EXTENSION))
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return {day for (day,) in cursor.fetchall()}


def _number(code: str) -> float:
    """The largest value that a number of the rule book ever had."""
    return max((float(one.value) for one in rule_book.book().parameters.get(code, ())), default=0)


def _recount_cells(cursor: Any, ids: Sequence[int]) -> int:
    """Count what touched tickets reach, and no other row of those days."""
    span = {"quiet": "solved_quiet_days", "repeat": "repeat_problem_days"}
    found = reached.cells(ids, **{name: timedelta(days=_number(code)) for name, code in span.items()})
    _make(cursor, reached.CELL, found)
    cursor.execute(reached.CELL_INDEX)
    _make(cursor, reached.FRESH, Facts(reached.NEW_FRESH))
    for one in reached.passes():
        _make(cursor, reached.FOUND, reached.finding(one, _days_of(cursor, one, one.first.source.by)))
        adding = reached.adding(one)
        cursor.execute(adding.sql, adding.params)
    standing = reached.standing()
    cursor.execute(standing.sql, standing.params)
    different = _put(cursor, *reached.beside())
    for other, kind in reached.by_days():
        different += _recount_kind(cursor, other, kind, _days_of(cursor, other))
    return different


def _days_of(cursor: Any, one: Metric | reached.Pass, by: str = "") -> list[date]:
    """Of the cells that it counts by: those of these moments, or of all."""
    cursor.execute(
        f"SELECT DISTINCT day FROM {reached.CELL} WHERE (NOT around OR %s) AND (by = %s OR %s = '')",
        [one.looks_around, by, by],
    )
    return [day for (day,) in cursor.fetchall()]


def _make(cursor: Any, name: str, made_by: Facts) -> None:
    """A table of this transaction; one of an earlier count in the same transaction goes."""
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    cursor.execute(made_by.sql, made_by.params)


def _recount(cursor: Any, one: Metric, days: Sequence[date] | None) -> int:
    """Count a metric over these days, or all. The caller holds it (``_alone``)."""
    if days is not None and not days:
        return 0
    return sum(_recount_kind(cursor, one, kind, days) for kind in one.kinds)


def _recount_kind(cursor: Any, one: Metric, kind: SubjectKind, days: Sequence[date] | None) -> int:
    within = "" if days is None else " AND r.day = ANY(%(days)s::date[])"
    stood = f"SELECT r.* FROM {FIGURES} r WHERE r.metric = %(metric)s AND r.subject_kind = %(kind)s{within}"
    fresh = sums(one, kind, days=days)
    named = f"SELECT %(metric)s::text AS metric, %(kind)s::text AS subject_kind, f.* FROM ({fresh.sql}) f"
    return _put(cursor, named, stood, fresh.params)


def _put(cursor: Any, fresh: str, stood: str, params: Mapping[str, Any]) -> int:
    """One statement: what is counted beside what stands there; the difference is taken out, changed or added."""
    cursor.execute(_PUT.format(fresh=fresh, stood=stood, table=FIGURES), params)
    return int(cursor.fetchone()[0])


_NO_LIMITS = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"
_TOUCH = f"""
    INSERT INTO {Touched._meta.db_table} (subject_kind, subject_id) VALUES (%s, %s)
"""
_TAKE = f"""
    DELETE FROM {Touched._meta.db_table} WHERE id IN (
        SELECT id FROM {Touched._meta.db_table} ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING subject_kind, subject_id
"""
_PUT = """
    WITH fresh AS ({fresh}), stood AS ({stood}),
    differs AS MATERIALIZED (
        SELECT s.id AS old, f.* FROM fresh f FULL JOIN stood s ON f.subject_id = s.subject_id AND f.day = s.day
           AND f.category = s.category AND f.subject_name = s.subject_name AND f.metric = s.metric
           AND f.subject_kind = s.subject_kind
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
        SELECT metric, subject_kind, subject_id, subject_name, day, category, num, den, samples
          FROM differs WHERE old IS NULL
    )
    SELECT count(*) FROM differs
"""
