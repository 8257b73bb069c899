"""Courses, exams, tiers, limits and certificates."""

from accounts.capabilities.groups import LEADS, MERCHANTS, NOBODY, STAFF, R, register, roles
from accounts.capabilities.rulebook import PLANNERS

# Tiers, limits and certificates: who drafts a limit does not bring it into force, and nobody certifies himself.
CERTIFIERS = roles(R.TRAINER, R.SUPERVISOR, R.OPERATIONS)
DRAFTED = ("questions", "courses", "rubrics", "exams", "tiers", "authority_limits", "duty_requirements")
BY_SHEET = (*DRAFTED, "training_numbers", "course_runs")
TRAINING = {
    "training.view_rules": STAFF,
    "training.draft": roles(PLANNERS, R.TRAINER),
    "training.activate": PLANNERS,
    "training.certify": CERTIFIERS,
    "training.run": NOBODY,  # the system alone: states follow the time
    "training.view_courses": STAFF,
    "training.plan_runs": CERTIFIERS,
    "training.mark": roles(CERTIFIERS, R.LEAD),  # in runs that one teaches, never one's own attendance
    "training.enrol": roles(CERTIFIERS, LEADS),
    "training.study": STAFF - {R.AUDITOR},  # the department's own pages of learning
    "training.join": roles(STAFF - {R.AUDITOR}, MERCHANTS),  # people from outside: what they are admitted to
    "training.view_seats": roles(CERTIFIERS, LEADS, R.AUDITOR, R.PLANNER),
    "training.sit": roles(STAFF - {R.AUDITOR}, MERCHANTS),
    "training.view_bank": roles(CERTIFIERS, R.AUDITOR),  # the right answers stand in it
    "training.mark_exams": roles(CERTIFIERS, R.LEAD),  # never one's own, and an appeal never the first marker
    "training.view_attempts": roles(CERTIFIERS, LEADS, R.AUDITOR, R.PLANNER),
    "training.order": roles(CERTIFIERS, R.LEAD),  # for people one sees, never for oneself
    "training.view_orders": roles(CERTIFIERS, LEADS, R.AUDITOR, R.PLANNER),
    **{f"core.import_{sheet}": roles(CERTIFIERS, R.LEAD) for sheet in ("attendance", "retraining_orders")},
    **{f"core.export_{sheet}": roles(CERTIFIERS, R.AUDITOR) for sheet in ("attendance", "certificates")},
    # drafts only, by who may draft and, of questions, see what is right; a second person brings them into force
    **{f"core.import_{sheet}": CERTIFIERS for sheet in BY_SHEET},
    **{f"core.export_{sheet}": roles(CERTIFIERS, R.AUDITOR) for sheet in BY_SHEET},
    **{
        f"core.export_{sheet}": roles(CERTIFIERS, LEADS, R.AUDITOR)
        for sheet in ("exam_results", "training_hours", "assessments", "retraining_orders")
    },
    **register(
        "training.certificate",
        view=roles(CERTIFIERS, R.LEAD, R.AUDITOR, R.ADMINISTRATOR, R.INSPECTOR, R.PLANNER),
    ),
    **register("training.tier", view=STAFF),
    **register("training.limit", view=STAFF),
}
