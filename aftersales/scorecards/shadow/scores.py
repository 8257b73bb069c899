"""Everybody's score of a day by the version that counts and by a draft: who moves, by how much, who falls."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from aftersales.scorecards.models import FormulaVersion, ShadowRun, ShadowScore
from aftersales.scorecards.scores import kept, selectors
from aftersales.scorecards.scores.selectors import Result
from aftersales.scorecards.shadow import drafts
from aftersales.scorecards.states import SubjectKind

MONTHS = 3


@dataclass(frozen=True)
class Day:
    """The rows of one day, what they sum up to, and a fingerprint of the figures they were counted from."""

    rows: list[ShadowScore]
    counts: dict[str, Any]
    inputs: str


def days_of(last: date) -> list[date]:
    """The ends of the last three months that had settled by a day, and the day itself where a month still runs."""
    end = _month_end(last)
    ends = [] if end == last else [last]
    day = last if end == last else last.replace(day=1) - timedelta(days=1)
    for _month in range(MONTHS):
        ends.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return sorted(ends)


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def played(run: ShadowRun, draft: FormulaVersion, against: FormulaVersion, day: date) -> Day:
    """One day by both. Six statements, whatever the number of subjects."""
    before = {one.subject.pk: one for one in selectors.scores(against, day)}
    after = selectors.scores(draft, day)
    pairs = [(before[one.subject.pk], one) for one in after if one.subject.pk in before]
    kind = SubjectKind(draft.formula.subject_kind)
    rows = [_row(run, kind, day, was, will) for was, will in pairs]
    figures = [[one.subject_id, one.details_before, one.details_after] for one in rows]
    return Day(rows, _counts(rows, run.least), drafts.fingerprint(figures))


def _row(run: ShadowRun, kind: SubjectKind, day: date, was: Result, will: Result) -> ShadowScore:
    before, after = was.score, will.score
    return ShadowScore(
        run=run.pk, day=day, subject_kind=kind, subject_id=was.subject.pk,
        subject_name="" if kind == SubjectKind.PERSON else was.subject.name, category=was.subject.category,
        before=before.score, after=after.score, size=abs(after.score - before.score), grade_before=before.grade,
        grade_after=after.grade, falls=_falls(before.score, after.score, run.least),
        details_before=kept.details(before), details_after=kept.details(after),
    )  # fmt: skip


def _falls(before: Decimal, after: Decimal, least: Decimal | None) -> bool:
    return least is not None and before >= least > after


def _counts(rows: Sequence[ShadowScore], least: Decimal | None) -> dict[str, Any]:
    """Sums of one day: how many move, whose grade changes, who falls, and the columns of both distributions.

    Who did too little has the neutral score either way and is counted apart (``few``).
    """
    grades = Counter(f"{one.grade_before}>{one.grade_after}" for one in rows)
    few = sum(not one.grade_before and not one.grade_after for one in rows)
    up, down = (sum(1 for one in rows if sign * (one.after - one.before) > 0) for sign in (1, -1))
    return {
        "subjects": len(rows) - few, "few": few, "up": up, "down": down, "falls": sum(one.falls for one in rows),
        "rises": sum(1 for one in rows if least is not None and one.before < least <= one.after),
        "regraded": sum(1 for one in rows if one.grade_before != one.grade_after),
        "grades": dict(sorted(grades.items())),
        "before": _columns(one.before for one in rows if one.grade_before),
        "after": _columns(one.after for one in rows if one.grade_after),
    }  # fmt: skip


def _columns(scores: Any) -> dict[str, int]:
    """How many have how many whole points."""
    counted = Counter(int(one) for one in scores)
    return {str(column): number for column, number in sorted(counted.items())}
