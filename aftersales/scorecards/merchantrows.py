"""What of this room a merchant reads: his own figures and scores, and by which formula everybody is scored."""

from aftersales.core.rowpolicies import show, through

for name in ("rollup", "standing", "snapshot"):
    show(
        f"scorecards.{name.title()}",
        f"scorecards_{name}.subject_kind = 'merchant' AND scorecards_{name}.subject_id = %(me)s",
    )
for name in ("Formula", "FormulaVersion"):
    show(f"scorecards.{name}", why="formulas of scores are published to everybody whom they judge")
show("scorecards.Plan", "scorecards_plan.merchant_id = %(me)s")
show("scorecards.PlanFile", through("scorecards_planfile", "plan_id", "scorecards_plan"))
