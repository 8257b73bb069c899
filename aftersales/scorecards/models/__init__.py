"""Everything this room stores."""

from aftersales.scorecards.models.consequences import (
    ConsequenceRule,
    ConsequenceVersion,
    MeasureFact,
    MeasureFile,
    MerchantMeasure,
    Neutral,
)
from aftersales.scorecards.models.exclusions import RowExclusion
from aftersales.scorecards.models.formulas import Formula, FormulaVersion, Scored, Snapshot, Standing
from aftersales.scorecards.models.months import MonthOutcome, MonthRun
from aftersales.scorecards.models.rectifications import Plan, PlanFile
from aftersales.scorecards.models.rollups import Rollup, Touched
from aftersales.scorecards.models.shadow import ShadowDiff, ShadowPart, ShadowRun, ShadowScore

__all__ = [
    "ConsequenceRule",
    "ConsequenceVersion",
    "Formula",
    "FormulaVersion",
    "MeasureFact",
    "MeasureFile",
    "MerchantMeasure",
    "MonthOutcome",
    "MonthRun",
    "Neutral",
    "Plan",
    "PlanFile",
    "Rollup",
    "RowExclusion",
    "Scored",
    "ShadowDiff",
    "ShadowPart",
    "ShadowRun",
    "ShadowScore",
    "Snapshot",
    "Standing",
    "Touched",
]
