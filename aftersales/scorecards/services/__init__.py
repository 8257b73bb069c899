"""Every write of this room: counting the figures, formulas and their versions, scores of a day and of a month."""

from aftersales.scorecards.services.announcing import formula_announce
from aftersales.scorecards.services.counting import recount, refresh, touch
from aftersales.scorecards.services.formulas import formula_activate, formula_create, formula_draft
from aftersales.scorecards.services.scoring import snapshots_take, standings_count
from aftersales.scorecards.services.shadow import Tried, formula_simulate, shadow_ask, shadow_go

__all__ = [
    "Tried",
    "formula_activate",
    "formula_announce",
    "formula_create",
    "formula_draft",
    "formula_simulate",
    "recount",
    "refresh",
    "shadow_ask",
    "shadow_go",
    "snapshots_take",
    "standings_count",
    "touch",
]
