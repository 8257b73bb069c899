"""Who reads figures, and what follows from them for merchants and staff."""

from accounts.capabilities.groups import LEADS, READERS, STAFF, VENDORS, R, roles
from accounts.capabilities.registers import KEEPERS
from accounts.capabilities.rulebook import PLANNERS

DASHBOARDS = {
    "dashboards.view": roles(READERS, R.PLANNER),
    "dashboards.today": LEADS,
    "dashboards.exceptions": roles(PLANNERS, R.AUDITOR),
    "dashboards.integrity": roles(LEADS - VENDORS, R.INSPECTOR, R.AUDITOR),
    "scorecards.view_merchants": roles(KEEPERS, R.AUDITOR),
    "core.export_scores": roles(KEEPERS, R.AUDITOR),
    "scorecards.view_people": roles(R.SUPERVISOR, R.AUDITOR),
    "scorecards.view_own": STAFF,  # one's own; a lead those of his teams
}
