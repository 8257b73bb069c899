"""The demo's shops and people are scored by what the formulas in force, or announced, say of their sixty days."""

from __future__ import annotations

from datetime import datetime

from aftersales.scorecards import services


def count(now: datetime) -> int:
    """Count every figure, for scores, rules and boards, then the scores; how many shops and people."""
    services.recount()
    return services.standings_count(now=now)
