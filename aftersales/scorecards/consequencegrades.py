"""Scores of a month as consequences read them, and what they are without what led to something already.

A score and the figures that were missed in it are one fact, and so are the late clocks behind such a figure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from aftersales.scorecards.consequenceclocks import FIGURES, answered
from aftersales.scorecards.consequencedays import DAY, last_of
from aftersales.scorecards.models import Formula, Snapshot
from aftersales.scorecards.scores import kept as scores_kept
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.scores.rules import Score
from aftersales.scorecards.scores.terms import Terms
from aftersales.scorecards.states import SubjectKind, Verdict


@dataclass(frozen=True)
class Scored:
    """``missed``: the figures that were surely bad, with the first day that was counted of each."""

    merchant_id: int
    score: Decimal
    high: Decimal
    grade: str
    missed: Mapping[str, date] = field(default_factory=dict)


def formula(month: date) -> Formula | None:
    """By which merchants were judged at the end of a month, as incentive rules take it."""
    return selectors.judging(SubjectKind.MERCHANT, last_of(month))


def kept(month: date, merchants: Collection[int] | None = None) -> list[Scored]:
    """Of the formula by which merchants are judged; others are kept beside it, for rules that name them."""
    return [
        Scored(
            one.subject_id,
            one.score,
            one.high,
            one.grade,
            {item["metric"]: _first(item, month) for item in _missed(one.details)},
        )
        for one in _rows(formula(month), month, merchants).order_by("subject_id")
    ]


def _rows(of: Formula | None, month: date, merchants: Collection[int] | None) -> QuerySet[Snapshot]:
    rows = Snapshot.objects.filter(formula=of, subject_kind=SubjectKind.MERCHANT, month=month)
    return rows if merchants is None else rows.filter(subject_id__in=merchants)


def counted(month: date) -> list[Scored]:
    """For a simulation only: nobody is touched by a score that was never kept."""
    found, until = formula(month), last_of(month)
    version = selectors.counting(found, until)[0] if found is not None else None
    if version is None:
        return []
    return [
        Scored(
            one.subject.pk, one.score.score, one.score.high, one.score.grade,
            {
                item.item.metric.code: until - (item.counted.days - 1) * DAY
                for item in one.score.items if item.verdict == Verdict.MISSED
            },
        )
        for one in selectors.scores(version, until)
    ]  # fmt: skip


@dataclass(frozen=True)
class Rest:
    """A score counted again without ``spent`` cases. ``grades``: those there are, the best first."""

    score: Score
    grades: list[str]
    spent: int

    @property
    def missed(self) -> set[str]:
        return {one.item.metric.code for one in self.score.items if one.verdict == Verdict.MISSED}


def rests(
    of: Formula | None, month: date, merchants: Collection[int], *, besides: int = 0
) -> dict[int, Rest]:
    """Kept scores of these merchants without the late clocks that led to something already; of those alone in whose
    score there are some. ``besides``: what this rule of the ledger charged is left out.

    One statement, and nine for each figure of clocks.
    """
    rows = list(_rows(of, month, merchants).select_related("rule__formula"))
    by: dict[str, list[tuple[Snapshot, date]]] = {}
    for row in rows:
        for item in row.details.get("items", ()):
            if item["metric"] in FIGURES:
                by.setdefault(item["metric"], []).append((row, _first(item, month)))
    spent: dict[int, dict[str, int]] = {}
    for code, listed in by.items():
        who, since = [row.subject_id for row, _first in listed], min(first for _row, first in listed)
        days = answered(code, since, last_of(month), merchants=who, besides=besides)
        for row, first in listed:
            if many := sum(day >= first for day in days.get(row.subject_id, ())):
                spent.setdefault(row.subject_id, {})[code] = many
    terms: dict[int, Terms] = {}
    found = {}
    for row in rows:
        if row.grade and row.subject_id in spent:
            mine = terms.get(row.rule_id) or terms.setdefault(row.rule_id, selectors.terms_of(row.rule))
            less = spent[row.subject_id]
            grades = [one.code for one in mine.grades]
            found[row.subject_id] = Rest(
                scores_kept.again(_less(row, less), mine), grades, sum(less.values())
            )
    return found


def _less(row: Snapshot, spent: Mapping[str, int]) -> Snapshot:
    """Good is counted, so fewer bad cases are fewer cases. The row is not saved."""
    items = [
        {**one, "den": max(one["den"] - spent.get(one["metric"], 0), one["num"])}
        for one in row.details["items"]
    ]
    row.details = {**row.details, "items": items}
    return row


def _missed(details: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [one for one in details.get("items", ()) if one["verdict"] == Verdict.MISSED]


def _first(item: Mapping[str, Any], month: date) -> date:
    until = last_of(month)
    return until - (int(item.get("days") or until.day) - 1) * DAY
