"""Everything this room stores."""

from aftersales.scorecards.models.exclusions import RowExclusion
from aftersales.scorecards.models.formulas import Formula, FormulaVersion, Scored, Snapshot, Standing
from aftersales.scorecards.models.rollups import Rollup, Touched

__all__ = ["Formula", "FormulaVersion", "Rollup", "RowExclusion", "Scored", "Snapshot", "Standing", "Touched"]
