"""Pure judgement about practical assessments: rubrics, disagreement, the result, who may assess whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError, Refusal

CENT = Decimal("0.01")
ASSESSORS = 2  # a third only where they disagree


@dataclass(frozen=True)
class Criterion:
    """One line of a rubric."""

    name: str
    points: Decimal


def parse(criteria: str) -> list[Criterion]:
    """``criterion | points``, a line for each. Raises ``criteria`` with the line that cannot be read."""
    found = [_criterion(number, line) for number, line in enumerate(criteria.splitlines(), 1) if line.strip()]
    if not found:
        raise DomainError(_("The rubric has no criterion."), "criteria")
    return found


def _criterion(number: int, line: str) -> Criterion:
    name, _bar, points = line.replace("｜", "|").rpartition("|")
    try:
        one = Criterion(name.strip(), Decimal(points.strip()))
        if not one.name or not 0 < one.points <= 100 or one.points != one.points.quantize(CENT):
            raise ValueError
        return one
    except (ValueError, ArithmeticError) as error:
        words = {"n": number}
        text = _("Line %(n)s of the rubric cannot be read. Write: criterion | points, such as: tone | 10.")
        raise DomainError(text % words, "criteria") from error


def sound_scores(criteria: Sequence[Criterion], scores: Sequence[Decimal]) -> bool:
    """One number for each criterion, none above its points."""
    return len(scores) == len(criteria) and all(
        score.is_finite() and 0 <= score <= one.points for one, score in zip(criteria, scores, strict=True)
    )


def disagree(first: Decimal, second: Decimal, most: Decimal, gap_percent: int) -> bool:
    """Whether two assessors lie further apart than the rubric allows."""
    return abs(first - second) * 100 > most * gap_percent


def result(totals: Sequence[Decimal]) -> Decimal:
    """The mean of two, the middle of three: one outlier among three decides nothing."""
    return Decimal(median(totals)).quantize(CENT)


def not_of_oneself(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Nobody assesses himself, whatever he may assess of others."""
    if row.person_id == actor.pk:
        yield Refusal("own_assessment", _("This is your own assessment; somebody else decides about it."))
