"""Who reads figures, and what follows from them for merchants and staff."""

from accounts.capabilities.groups import LEADS, NOBODY, READERS, STAFF, VENDORS, R, roles
from accounts.capabilities.registers import KEEPERS
from accounts.capabilities.rulebook import PLANNERS

DASHBOARDS = {
    "dashboards.view": roles(READERS, R.PLANNER),
    "dashboards.today": LEADS,
    "dashboards.exceptions": roles(PLANNERS, R.AUDITOR),
    "dashboards.integrity": roles(LEADS - VENDORS, R.INSPECTOR, R.AUDITOR),
    "scorecards.view_merchants": roles(KEEPERS, R.AUDITOR),
    "scorecards.view_people": roles(R.SUPERVISOR, R.AUDITOR),
    "scorecards.view_own": STAFF,  # one's own; a lead those of his teams
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
