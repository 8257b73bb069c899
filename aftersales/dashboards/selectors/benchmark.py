"""How the shops of a category do in each metric, and where one of them stands: read from the scores as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from aftersales.dashboards.selectors.merchants import Board, standings
from aftersales.scorecards.models import Standing
from aftersales.scorecards.scores import kept
from aftersales.scorecards.scores.rules import Judged
from aftersales.scorecards.scores.terms import Item
from aftersales.scorecards.states import Verdict

ALL = ""
OUTER = (0.1, 0.9)
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Spread:
    """Rates of one metric among shops with enough cases: median, quartiles, outer tenths."""

    number: int
    low_tenth: float
    quarter: float
    median: float
    three_quarters: float
    high_tenth: float


@dataclass(frozen=True)
class Place:
    """Where one shop stands in a metric: the judged figure, of a hundred others better than and equal to how many,
    and whether none is better.
    """

    judged: Judged
    better_than: int | None
    others: int
    equal: int = 0
    is_best: bool = False


@dataclass(frozen=True)
class Line:
    """A metric in one category. ``spread`` is None where fewer shops than the floor have enough cases."""

    item: Item
    number: int
    spread: Spread | None
    outer: bool
    place: Place | None = None


Spreads = Mapping[tuple[str, str], Spread]


def spreads(user: Any, found: Board) -> Spreads:
    """By category (empty: all) and metric; only rates of enough cases. One statement, whatever the number of shops."""
    sql, params = _rates(user, found)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT r.category, r.metric, grouping(r.category), count(*),
                       percentile_cont(%s::float8[]) WITHIN GROUP (ORDER BY r.rate)
                  FROM ({sql}) r GROUP BY GROUPING SETS ((r.category, r.metric), (r.metric))""",
            [[OUTER[0], *QUARTERS, OUTER[1]], *params],
        )
        return {
            (ALL if is_all else category, metric): Spread(number, *values)
            for category, metric, is_all, number, values in cursor.fetchall()
            if is_all or category
        }


def _rates(user: Any, found: Board) -> tuple[str, Sequence[Any]]:
    """Each shop's rate of each metric with enough cases: ``category, subject_id, metric, rate``."""
    rows = standings(user, found.formula).exclude(grade="").order_by()
    sql, params = rows.values("subject_id", "category", "details").query.sql_with_params()
    return (
        f"""SELECT s.category, s.subject_id, i.one->>'metric' AS metric, (i.one->>'rate')::float8 AS rate
              FROM ({sql}) s CROSS JOIN LATERAL jsonb_array_elements(s.details->'items') i(one)
             WHERE i.one->>'verdict' <> '{Verdict.TOO_FEW.value}' AND i.one->>'rate' IS NOT NULL""",
        params,
    )


def places(user: Any, found: Board, row: Standing, category: str) -> Mapping[str, Place]:
    """Where one shop stands among those of a category (empty: among all). One statement."""
    score = kept.score_of(row, found.terms)
    sql, params = _rates(user, found)
    mine = {
        one.item.metric.code: one
        for one in score.items
        if one.verdict != Verdict.TOO_FEW and one.rate is not None
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT r.metric, count(*), count(*) FILTER (WHERE r.rate < m.rate),
                       count(*) FILTER (WHERE r.rate > m.rate)
                  FROM ({sql}) r JOIN unnest(%s::text[], %s::float8[]) m(metric, rate) USING (metric)
                 WHERE r.subject_id <> %s AND (%s = '' OR r.category = %s) GROUP BY 1""",
            [
                *params,
                list(mine),
                [float(one.rate or 0) for one in mine.values()],
                row.subject_id,
                category,
                category,
            ],
        )
        counted = {metric: (number, less, more) for metric, number, less, more in cursor.fetchall()}
    return {one.item.metric.code: _place(one, counted.get(one.item.metric.code)) for one in score.items}


def _place(one: Judged, counted: tuple[int, int, int] | None) -> Place:
    if counted is None or not counted[0] or one.verdict == Verdict.TOO_FEW:
        return Place(one, None, 0)
    number, less, more = counted
    worse, better = (less, more) if one.item.higher_is_better else (more, less)
    equal = number - less - more
    return Place(one, worse * 100 // number, number, -(-equal * 100 // number), better == 0)


def lines(
    found: Board, among: Spreads, category: str, floor: int, mine: Mapping[str, Place] | None = None
) -> list[Line]:
    """The formula's metrics in one category: quartiles from ``floor`` shops on, outer tenths from its peers."""
    listed = []
    for item in found.terms.items:
        spread = among.get((category, item.metric.code))
        number = spread.number if spread is not None else 0
        listed.append(
            Line(
                item, number, spread if number >= floor else None, number >= found.terms.peers,
                mine.get(item.metric.code) if mine else None,
            )
        )  # fmt: skip
    return listed


def medians(found: Board, among: Spreads, floor: int) -> list[tuple[str, list[Decimal | None], list[int]]]:
    """Category by category (the empty one: all) the medians of the metrics, and of how many shops."""
    categories = sorted({category for category, _metric in among})
    rows = []
    for category in categories:
        spread_of = [among.get((category, one.metric.code)) for one in found.terms.items]
        rows.append((
            category,
            [Decimal(str(one.median)) if one is not None and one.number >= floor else None for one in spread_of],
            [one.number if one is not None else 0 for one in spread_of],
        ))  # fmt: skip
    return rows
