"""Everything this room stores."""

from aftersales.scorecards.models.formulas import Formula, FormulaVersion, Scored, Snapshot, Standing
from aftersales.scorecards.models.months import MonthOutcome, MonthRun
from aftersales.scorecards.models.rollups import Rollup, Touched

__all__ = [
    "Formula",
    "FormulaVersion",
    "MonthOutcome",
    "MonthRun",
    "Rollup",
    "Scored",
    "Snapshot",
    "Standing",
    "Touched",
]
