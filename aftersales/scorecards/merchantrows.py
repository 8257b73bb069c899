"""What of this room a merchant reads: his own figures and scores, and by which formula everybody is scored."""

from aftersales.core.rowpolicies import show, through

for name in ("rollup", "standing", "snapshot"):
    show(
        f"scorecards.{name.title()}",
        f"scorecards_{name}.subject_kind = 'merchant' AND scorecards_{name}.subject_id = %(me)s",
    )
for name in ("Formula", "FormulaVersion"):
    show(f"scorecards.{name}", why="formulas of scores are published to everybody whom they judge")
show(
    "scorecards.MerchantMeasure",
    "scorecards_merchantmeasure.merchant_id = %(me)s AND scorecards_merchantmeasure.begins_at IS NOT NULL",
)
for name in ("measurefact", "measurefile", "neutral"):
    show(
        f"scorecards.{name}",
        through(f"scorecards_{name}", "measure_id", "scorecards_merchantmeasure"),
    )
for name in ("ConsequenceRule", "ConsequenceVersion"):
    show(f"scorecards.{name}", why="consequence rules are published to everybody whom they bind")
show("scorecards.Plan", "scorecards_plan.merchant_id = %(me)s")
show("scorecards.PlanFile", through("scorecards_planfile", "plan_id", "scorecards_plan"))
