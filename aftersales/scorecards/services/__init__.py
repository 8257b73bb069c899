"""Every write of this room: counting the figures, formulas and their versions, scores of a day and of a month."""

from aftersales.scorecards.services.announcing import formula_announce
from aftersales.scorecards.services.counting import recount, refresh, touch
from aftersales.scorecards.services.exclusions import rows_count_again, rows_leave_out
from aftersales.scorecards.services.formulas import formula_activate, formula_create, formula_draft
from aftersales.scorecards.services.scoring import snapshots_take, standings_count

__all__ = [
    "formula_activate",
    "formula_announce",
    "formula_create",
    "formula_draft",
    "recount",
    "refresh",
    "rows_count_again",
    "rows_leave_out",
    "snapshots_take",
    "standings_count",
    "touch",
]
