"""What touched tickets reach, counted again by itself: cells of a subject and a day, several metrics in one pass.

Three temporary tables of the transaction carry it. *Cells* are the subjects and days whose figures may have changed;
of each source the rows that lie in a cell are *found*; what these rows add up to is *fresh*, metric by metric, and
stands beside the figures then. No other row of those days is weighed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from aftersales.scorecards.metrics import counting, declared
from aftersales.scorecards.metrics.counting import Facts
from aftersales.scorecards.metrics.declaring import Metric, Part
from aftersales.scorecards.metrics.touching import CELLS, FIGURES, TICKETS, TOLD
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import selectors as rule_book

CELL, FOUND, FRESH = "scorecards_cell", "scorecards_found", "scorecards_fresh"
SUBJECT = ("subject_kind", "subject_id", "subject_name", "day")


@dataclass(frozen=True)
class Pass:
    """Parts that read the same rows by the same moment, each with its metric."""

    parts: tuple[tuple[Metric, Part], ...]

    @property
    def first(self) -> Part:
        return self.parts[0][1]

    @property
    def kinds(self) -> list[SubjectKind]:
        return [
            kind
            for kind in SubjectKind
            if kind in TOLD and any(kind in part.kinds for _one, part in self.parts)
        ]

    @property
    def looks_around(self) -> bool:
        return any(one.looks_around for one, _part in self.parts)


def touched() -> list[Metric]:
    """The metrics that tickets move for whom their rows tell, in the order in which they are shown."""
    return [one for one in declared() if _mine(one)]


def by_days() -> list[tuple[Metric, SubjectKind]]:
    """What tickets move for others: nothing tells for whom they counted before, so their whole days are counted."""
    return [
        (one, kind)
        for one in declared()
        for kind in one.kinds
        if kind not in TOLD
        and any(TICKETS in part.source.touched_by and kind in part.kinds for part in one.parts)
    ]


def _mine(one: Metric) -> list[Part]:
    return [part for part in one.parts if TICKETS in part.source.touched_by and part.kinds & TOLD]


def _rest(one: Metric) -> list[Part]:
    """Its parts over rows that tickets do not touch."""
    return [part for part in one.parts if TICKETS not in part.source.touched_by and part.kinds & TOLD]


def passes() -> list[Pass]:
    """Over the rows of tickets alone: what the rest gave is read off the figure (``standing``).

    Raises ``ValueError`` for a metric of which that cannot be told: its tickets have to add to the numerator and the
    rest to the denominator.
    """
    found: dict[tuple[int, tuple[str, ...]], list[tuple[Metric, Part]]] = {}
    for one in touched():
        mine, rest = _mine(one), _rest(one)
        if rest and any([*(part.den != "0" for part in mine), *(part.num != "0" for part in rest)]):
            raise ValueError(f"{one.code}: tickets and other rows add to the same side of it")
        for part in mine:
            if not (part.source.row and part.source.by):
                raise ValueError(f"{one.code}: its source names no row and no moments of a ticket")
            found.setdefault((id(part.source), part.at), []).append((one, part))
    return [Pass(tuple(parts)) for parts in found.values()]


def cells(ids: Sequence[int], *, quiet: timedelta, repeat: timedelta) -> Facts:
    """Makes the table of cells. ``quiet``, ``repeat``: how far a ticket moves what others of its customer are worth."""
    params = {
        "ids": list(ids), "zone": rule_book.market_default().zone, "quiet": quiet, "repeat": repeat,
        "weighed": [one.code for one in touched()],
    }  # fmt: skip
    return Facts(f"CREATE TEMP TABLE {CELL} ON COMMIT DROP AS {CELLS}", params)


def finding(one: Pass, days: Sequence[date]) -> Facts:
    """Makes the table of rows that lie in cells of these days: each once for everybody it is laid to."""
    params: dict[str, Any] = {"zone": rule_book.market_default().zone}
    moment = counting.moment(one.first)
    wanted = [f"{moment} IS NOT NULL", counting.near(one.first.at, days, params)]
    wheres = dict.fromkeys(part.where for _metric, part in one.parts)
    if "true" not in wheres:
        wanted.append(f"({' OR '.join(f'({where})' for where in wheres)})")
    wanted += [f"({when}) IS NOT TRUE" for when in sorted(_never(one))]
    ways: dict[str, list[SubjectKind]] = {}
    for kind in one.kinds:
        ways.setdefault(counting.rows(one.first, kind), []).append(kind)
    listed = [_found(one, rows, kinds, " AND ".join(wanted)) for rows, kinds in ways.items()]
    sql = f"CREATE TEMP TABLE {FOUND} ON COMMIT DROP AS {' UNION ALL '.join(listed)}"
    return Facts(counting.numbered(sql, moment, rule_book.book()), params)


def _never(one: Pass) -> set[str]:
    """What leaves a row out of all the metrics of a pass."""
    return set.intersection(*({out.when for out in part.exclusions} for _metric, part in one.parts))


def _found(one: Pass, rows: str, kinds: Sequence[SubjectKind], wanted: str) -> str:
    """Kinds of subjects that the same rows lead to share one reading; only then is it asked who has a cell that day."""
    source, named, laid = one.first.source, [], []
    for place, kind in enumerate(kinds):
        subject = source.subjects[kind]
        category = subject.category or source.category
        named += [f"{subject.key} AS k{place}", f"{subject.name} AS n{place}", f"{category} AS c{place}"]
        laid.append(f"('{kind.value}', f.k{place}::bigint, f.n{place}::text, f.c{place}::text)")
    return f"""
        SELECT cell.*, v.category, f.item FROM (
            SELECT {counting.day(one.first)} AS day, {source.row} AS item, {", ".join(named)}
              FROM {rows} WHERE {wanted} OFFSET 0
        ) f CROSS JOIN LATERAL (VALUES {", ".join(laid)}) v(kind, subject, name, category)
          JOIN {CELL} cell ON cell.subject_kind = v.kind AND cell.subject_id = v.subject
           AND cell.subject_name = v.name AND cell.day = f.day
           AND cell.by = '{source.by}'{"" if one.looks_around else " AND NOT cell.around"}
    """


def adding(one: Pass) -> Facts:
    """Weighs each row that was found once, whoever it is laid to, and adds up what it gives each metric."""
    source, never = one.first.source, _never(one)
    weighed, summed, listed = [], [], []
    for place, (metric, part) in enumerate(one.parts):
        counts = [
            f"({part.where})",
            *(f"({out.when}) IS NOT TRUE" for out in part.exclusions if out.when not in never),
        ]
        gives = f"ARRAY[{part.num}, {part.den}, {part.seconds or 'NULL'}]::bigint[]"
        weighed.append(f"CASE WHEN {' AND '.join(counts)} THEN {gives} END AS w{place}")
        summed += [f"sum(w{place}[1])::bigint AS n{place}", f"sum(w{place}[2])::bigint AS d{place}"]
        samples = "NULL::int[]"
        if part.seconds:
            times = f"w{place}[3]::int"
            summed.append(
                f"array_agg({times} ORDER BY {times}) FILTER (WHERE w{place}[3] IS NOT NULL) AS s{place}"
            )
            samples = f"s{place}"
        kinds = ", ".join(f"'{kind.value}'" for kind in sorted(part.kinds))
        looks = str(metric.looks_around).lower()
        listed.append(f"('{metric.code}', ARRAY[{kinds}], {looks}, n{place}, d{place}, {samples})")
    key = f"{', '.join(SUBJECT)}, category, around"
    sql = f"""
        WITH weighed AS MATERIALIZED (
            SELECT {source.row} AS item, {", ".join(weighed)} FROM {source.rows}
             WHERE {source.row} IN (SELECT item FROM {FOUND})
        ), summed AS MATERIALIZED (
            SELECT {key}, {", ".join(summed)} FROM {FOUND} JOIN weighed USING (item) GROUP BY {key}
        )
        INSERT INTO {FRESH}
        SELECT m.metric, {", ".join(SUBJECT)}, category, m.num, m.den, m.samples FROM summed
         CROSS JOIN LATERAL (VALUES {", ".join(listed)}) m(metric, kinds, looks, num, den, samples)
         WHERE (m.looks OR NOT around) AND subject_kind = ANY(m.kinds) AND (m.num <> 0 OR m.den <> 0)
    """
    params = {"zone": rule_book.market_default().zone}
    return Facts(counting.numbered(sql, counting.moment(one.first), rule_book.book()), params)


def standing() -> Facts:
    """Adds what the other parts of a metric gave to the figures of these cells: their rows were not touched."""
    sql = f"""
        INSERT INTO {FRESH}
        SELECT metric, {", ".join(SUBJECT)}, category, 0, den, NULL FROM ({_stood()}) r WHERE den <> 0
    """
    return Facts(sql, _chosen([one for one in touched() if _rest(one)]))


def beside() -> tuple[str, str, dict[str, Any]]:
    """What is fresh, what stands in the same cells, and the values of both."""
    named = ", ".join(("metric", *SUBJECT, "category"))
    fresh = f"""
        SELECT {named}, sum(num)::bigint AS num, sum(den)::bigint AS den, max(samples) AS samples FROM {FRESH}
         GROUP BY {named} HAVING sum(num) <> 0 OR sum(den) <> 0
    """
    return fresh, _stood(), _chosen(touched())


def _stood() -> str:
    """Cell by cell, whatever the planner believes of a table that has just been counted anew."""
    same = " AND ".join(f"r.{one} = cell.{one}" for one in SUBJECT)
    return f"""
        SELECT r.* FROM {CELL} cell
          JOIN unnest(%(codes)s::text[], %(by)s::text[], %(looks)s::bool[]) m(metric, by, looks)
            ON m.by = cell.by AND (m.looks OR NOT cell.around)
         CROSS JOIN LATERAL (SELECT * FROM {FIGURES} r WHERE {same} AND r.metric = m.metric OFFSET 0) r
    """


def _chosen(metrics: Sequence[Metric]) -> dict[str, Any]:
    return {
        "codes": [one.code for one in metrics], "by": [_by(one) for one in metrics],
        "looks": [one.looks_around for one in metrics],
    }  # fmt: skip


def _by(one: Metric) -> str:
    """The moments of a ticket by which it counts: those of the one source of it that tickets touch."""
    (found,) = {part.source.by for part in _mine(one)}
    return found


CELL_INDEX = (
    f"CREATE UNIQUE INDEX ON {CELL} (subject_kind, subject_id, day, by, subject_name); ANALYZE {CELL}"
)
NEW_FRESH = f"""
    CREATE TEMP TABLE {FRESH} (
        metric text, subject_kind text, subject_id bigint, subject_name text, day date, category text,
        num bigint, den bigint, samples int[]
    ) ON COMMIT DROP
"""
