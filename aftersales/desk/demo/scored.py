"""The demo's shops and people are scored by what the formulas in force, or announced, say of their sixty days."""

from __future__ import annotations

from datetime import datetime

from aftersales.desk.demo import months
from aftersales.scorecards import services
from aftersales.scorecards.pages import formula_of
from aftersales.scorecards.scores.selectors import counting, terms_of
from aftersales.scorecards.states import SubjectKind


def count(now: datetime) -> int:
    """Count the figures that scores and rules rest on, then the scores; how many shops and people."""
    codes = months.codes()
    for formula in filter(None, (formula_of(SubjectKind.MERCHANT), formula_of(SubjectKind.PERSON))):
        version, _counts = counting(formula, now.date())
        codes += terms_of(version).codes if version is not None else []
    services.recount(codes=dict.fromkeys(codes))
    return services.standings_count(now=now)
