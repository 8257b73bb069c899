"""Everything this room stores."""

from aftersales.scorecards.models.formulas import Formula, FormulaVersion, Scored, Snapshot, Standing
from aftersales.scorecards.models.rectifications import Plan, PlanFile
from aftersales.scorecards.models.rollups import Rollup, Touched

__all__ = [
    "Formula",
    "FormulaVersion",
    "Plan",
    "PlanFile",
    "Rollup",
    "Scored",
    "Snapshot",
    "Standing",
    "Touched",
]
