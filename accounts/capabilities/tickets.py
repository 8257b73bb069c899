"""Who works on tickets."""

from accounts.capabilities.groups import (
    DESK,
    LEADS,
    MERCHANTS,
    NOBODY,
    OPERATIONS,
    OWN_STAFF,
    READERS,
    R,
    register,
    roles,
)

WORKERS = roles(DESK)
REVIEWERS = roles(R.LEAD, R.SUPERVISOR, R.VENDOR_LEAD)
TICKETS = {
    "tickets.view_all": roles(
        R.SUPERVISOR,
        R.OPERATIONS,
        R.AUDITOR,
        R.INSPECTOR,
        R.RISK,
        R.PRIVACY_OFFICER,
        R.AUTHORITY_DESK,
        R.ADJUDICATOR,
        R.MERCHANT_MANAGER,
        R.LEAD,
    ),
    "tickets.view_unassigned": roles(R.AGENT, R.LEAD, R.SUPERVISOR, R.OPERATIONS),
    "tickets.open_ticket": WORKERS,
    "tickets.triage": WORKERS,
    "tickets.regrade": WORKERS,
    "tickets.lower_severity": roles(R.LEAD, R.SUPERVISOR),
    "tickets.assign": roles(LEADS),
    "tickets.take": WORKERS,
    "tickets.work": WORKERS,
    "tickets.work_any": roles(R.LEAD, R.SUPERVISOR, R.VENDOR_LEAD),
    "tickets.reply": WORKERS,
    "tickets.promise": WORKERS,  # whoever holds the ticket; a lead may withdraw without a word to the customer
    "tickets.appoint": WORKERS,  # windows agreed with customers, merchants, carriers; whoever holds the ticket
    "tickets.hear_customer": WORKERS,  # what he said is taken down; he himself writes by a signed page
    "tickets.confirm_merchant_rule": MERCHANTS,  # that one has read a change of what merchants owe
    "tickets.hear_merchant": roles(WORKERS, MERCHANTS),  # they write themselves, in the portal
    "tickets.issue_link": NOBODY,  # made when the message goes out
    "tickets.use_answers": WORKERS,
    "tickets.write_own_answer": WORKERS,
    "tickets.write_team_answer": roles(LEADS),  # of the own teams
    "tickets.write_any_answer": roles(R.SUPERVISOR, R.OPERATIONS),
    "tickets.note": roles(WORKERS, R.INSPECTOR, R.MERCHANT_MANAGER, R.RISK),
    "tickets.resolve": WORKERS,
    "tickets.verify": WORKERS,
    "tickets.confirm": NOBODY,
    "tickets.close_by_silence": NOBODY,
    "tickets.reopen": WORKERS,
    "tickets.cancel": roles(R.AGENT, LEADS),
    "tickets.cancel_grave": REVIEWERS,  # major, critical, safety, complaint
    "tickets.merge": WORKERS,  # own ones; what stands in the way of others is asked by the rules
    "tickets.merge_across": roles(R.LEAD, R.SUPERVISOR),  # two customer records of one person
    "tickets.link": WORKERS,
    "tickets.archive": REVIEWERS,
    "tickets.seal": NOBODY,
    "tickets.addendum": roles(R.AGENT, LEADS),
    "tickets.hold": roles(R.SUPERVISOR, R.PRIVACY_OFFICER, R.AUTHORITY_DESK),
    "tickets.erase": roles(R.PRIVACY_OFFICER),
    "tickets.check": WORKERS,  # ticks of checklists
    "tickets.keep_checklists": roles(R.SUPERVISOR, R.OPERATIONS),
    "tickets.use_macros": roles(WORKERS, R.INSPECTOR),
    "tickets.own_macros": WORKERS,  # those for oneself
    "tickets.keep_team_macros": LEADS,
    "tickets.keep_macros": roles(R.SUPERVISOR, R.OPERATIONS),  # everybody's and every team's
    **register("tickets.macro", view=roles(WORKERS, R.INSPECTOR), change=WORKERS, add=WORKERS),
    "tickets.view_archive": roles(READERS),
    "tickets.export": roles(R.LEAD, R.SUPERVISOR, R.OPERATIONS, R.AUDITOR, R.AUTHORITY_DESK),
    "tickets.view_rules": OWN_STAFF,
    "tickets.retry_signal": OPERATIONS,
    **register("tickets.intakerule", view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("tickets.gradingrule", view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("tickets.dutyroute", view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("tickets.ticket", view=READERS),
    **register("tickets.archiverecord", view=READERS),
    **register("tickets.intakeitem", view=roles(R.OPERATIONS, R.SUPERVISOR, R.AUDITOR)),
}
