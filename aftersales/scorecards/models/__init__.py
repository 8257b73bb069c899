"""Everything this room stores."""

from aftersales.scorecards.models.formulas import Formula, FormulaVersion, Scored, Snapshot, Standing
from aftersales.scorecards.models.rollups import Rollup, Touched
from aftersales.scorecards.models.shadow import ShadowDiff, ShadowPart, ShadowRun, ShadowScore

__all__ = [
    "Formula",
    "FormulaVersion",
    "Rollup",
    "Scored",
    "ShadowDiff",
    "ShadowPart",
    "ShadowRun",
    "ShadowScore",
    "Snapshot",
    "Standing",
    "Touched",
]
