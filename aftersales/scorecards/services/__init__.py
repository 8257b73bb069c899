"""Every write of this room: counting the figures, formulas and their versions, scores of a day and of a month."""

from aftersales.scorecards.services.announcing import formula_announce
from aftersales.scorecards.services.consequences import (
    consequence_activate,
    consequence_announce,
    consequence_create,
    consequence_draft,
)
from aftersales.scorecards.services.counting import recount, refresh, touch
from aftersales.scorecards.services.exclusions import rows_count_again, rows_leave_out
from aftersales.scorecards.services.foreseeing import Foreseen, runs_foresee
from aftersales.scorecards.services.formulas import formula_activate, formula_create, formula_draft
from aftersales.scorecards.services.hearing import appeals_remind
from aftersales.scorecards.services.measures import (
    measure_appeal,
    measure_cancel,
    measure_follow,
    measure_hear,
    measure_impose,
    measure_lift,
    measure_recount,
    measure_withdraw,
    measures_raise,
    measures_recount,
    measures_sweep,
)
from aftersales.scorecards.services.months import month_ask, month_run, months_sweep
from aftersales.scorecards.services.scoring import snapshots_sweep, snapshots_take, standings_count
from aftersales.scorecards.services.shadow import (
    Tried,
    formula_simulate,
    scores_forget,
    shadow_ask,
    shadow_go,
)
from aftersales.scorecards.services.weights import weights_take

__all__ = [
    "Foreseen",
    "Tried",
    "appeals_remind",
    "consequence_activate",
    "consequence_announce",
    "consequence_create",
    "consequence_draft",
    "formula_activate",
    "formula_announce",
    "formula_create",
    "formula_draft",
    "formula_simulate",
    "measure_appeal",
    "measure_cancel",
    "measure_follow",
    "measure_hear",
    "measure_impose",
    "measure_lift",
    "measure_recount",
    "measure_withdraw",
    "measures_raise",
    "measures_recount",
    "measures_sweep",
    "month_ask",
    "month_run",
    "months_sweep",
    "recount",
    "refresh",
    "rows_count_again",
    "rows_leave_out",
    "runs_foresee",
    "scores_forget",
    "shadow_ask",
    "shadow_go",
    "snapshots_sweep",
    "snapshots_take",
    "standings_count",
    "touch",
    "weights_take",
]
