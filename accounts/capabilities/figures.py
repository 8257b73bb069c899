"""Who reads figures, and what follows from them for merchants and staff."""

from accounts.capabilities.groups import LEADS, MERCHANTS, NOBODY, READERS, STAFF, VENDORS, R, roles
from accounts.capabilities.registers import KEEPERS
from accounts.capabilities.rulebook import PLANNERS

RECTIFIERS = roles(R.MERCHANT_MANAGER, R.OPERATIONS, R.SUPERVISOR)
RECTIFICATION = {
    "scorecards.view_plans": roles(RECTIFIERS, R.AUDITOR),
    "scorecards.rectify": RECTIFIERS,  # of shops that one looks after
    "scorecards.rectify_any": roles(R.OPERATIONS, R.SUPERVISOR),
    "scorecards.answer_plan": MERCHANTS,  # of the merchant one acts for
}
DASHBOARDS = {
    **RECTIFICATION,
    "dashboards.view": roles(READERS, R.PLANNER),
    "dashboards.today": LEADS,
    "dashboards.exceptions": roles(PLANNERS, R.AUDITOR),
    "dashboards.integrity": roles(LEADS - VENDORS, R.INSPECTOR, R.AUDITOR),
    # Read by whoever answers for merchants, and by who decides or hears what rests on the figures.
    "scorecards.view_merchants": roles(KEEPERS, R.SUPERVISOR, R.ADJUDICATOR, R.AUDITOR),
    "core.export_scores": roles(KEEPERS, R.AUDITOR),
    "core.export_month_outcomes": roles(KEEPERS, R.SUPERVISOR, R.AUDITOR),  # each of whom he sees
    "core.export_measures": roles(KEEPERS, R.SUPERVISOR, R.AUDITOR),
    "scorecards.view_people": roles(R.SUPERVISOR, R.AUDITOR),
    "scorecards.simulate": PLANNERS,
    "scorecards.view_trials": roles(PLANNERS, R.AUDITOR),
    "scorecards.view_own": STAFF,  # one's own; a lead those of his teams
    # Ask for a month's proposals after the dry run; of merchants not by who decides about them.
    "scorecards.run_month": roles(R.OPERATIONS, R.SUPERVISOR),
    "scorecards.run_month_of_merchants": roles(R.OPERATIONS),
    # Measures against merchants: proposed by rule, decided and heard by people who do not look after the merchant.
    "scorecards.view_measures": roles(KEEPERS, R.SUPERVISOR, R.ADJUDICATOR, R.FINANCE, R.RISK, R.AUDITOR),
    "scorecards.impose": PLANNERS,
    "scorecards.appeal_measure": roles(
        PLANNERS, R.MERCHANT_MANAGER, R.MERCHANT_OWNER
    ),  # taken down, or by the owner
    "scorecards.hear_measure": roles(PLANNERS, R.ADJUDICATOR),
    "scorecards.view_measures_of_merchant": roles(R.MERCHANT_OWNER),
    "scorecards.take_weights": PLANNERS,
    **dict.fromkeys(("scorecards.raise_measures", "scorecards.end_measure"), NOBODY),  # the system alone
}

JUDGES = roles(R.RISK, R.SUPERVISOR)
IMPROVEMENT = {
    "improvement.view_warning": roles(LEADS - VENDORS, R.INSPECTOR, R.AUDITOR, R.RISK),
    "improvement.view_own": roles(R.MERCHANT_MANAGER),  # of his merchants, and of nobody in particular
    "improvement.open": roles(LEADS - VENDORS, R.INSPECTOR, R.AUDITOR, R.RISK, R.MERCHANT_MANAGER),
    "improvement.handle": roles(R.SUPERVISOR, R.OPERATIONS, R.MERCHANT_MANAGER),
    "improvement.move": NOBODY,  # the system alone
    "improvement.view_sign": roles(JUDGES, R.AUDITOR),
    "improvement.decide": JUDGES,
    "core.export_warnings": roles(LEADS - VENDORS, R.AUDITOR, R.RISK, R.MERCHANT_MANAGER),
    "scorecards.leave_out": JUDGES,
}
