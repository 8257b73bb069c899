"""The demo's shops are scored by what the formula in force, or the announced one, says of their sixty days."""

from __future__ import annotations

from datetime import datetime

from aftersales.scorecards import services
from aftersales.scorecards.pages import formula_of
from aftersales.scorecards.scores.selectors import counting
from aftersales.scorecards.states import SubjectKind


def count(now: datetime) -> int:
    """Count every figure, for scores and for the boards, then the scores; how many shops."""
    formula = formula_of(SubjectKind.MERCHANT)
    version, _counts = counting(formula, now.date()) if formula is not None else (None, False)
    if version is None:
        return 0
    services.recount()
    return services.standings_count(now=now)
