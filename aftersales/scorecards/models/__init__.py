"""Everything this room stores."""

from aftersales.scorecards.models.consequences import (
    ConsequenceRule,
    ConsequenceVersion,
    MeasureFact,
    MeasureFile,
    MerchantMeasure,
    Neutral,
)
from aftersales.scorecards.models.formulas import Formula, FormulaVersion, Scored, Snapshot, Standing
from aftersales.scorecards.models.months import MonthOutcome, MonthRun
from aftersales.scorecards.models.rectifications import Plan, PlanFile
from aftersales.scorecards.models.rollups import Rollup, Touched

__all__ = [
    "Formula",
    "FormulaVersion",
    "MonthOutcome",
    "MonthRun",
    "ConsequenceRule",
    "ConsequenceVersion",
    "MeasureFact",
    "MeasureFile",
    "MerchantMeasure",
    "Neutral",
    "Plan",
    "PlanFile",
    "Rollup",
    "Scored",
    "Snapshot",
    "Standing",
    "Touched",
]
