"""Rules, clocks, messages, channels and the machinery."""

from accounts.capabilities.groups import (
    ADMINISTRATORS,
    DESK,
    LEADS,
    MERCHANTS,
    NOBODY,
    OPERATIONS,
    OWN_STAFF,
    READERS,
    STAFF,
    VENDORS,
    R,
    register,
    roles,
)

PLANNERS = roles(R.OPERATIONS, R.SUPERVISOR)
RULE_BOOK = {
    "standards.view_rulebook": STAFF,
    "standards.draft": PLANNERS,
    "standards.activate": PLANNERS,  # a second person, see aftersales.standards.machine
    "standards.keep_registers": OPERATIONS,
    "standards.consult": PLANNERS,
    "standards.comment": MERCHANTS,  # on a draft that is open for comments
    **register("standards.market", view=STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("standards.workcalendar", view=STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("standards.calendarperiod", view=STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("standards.calendarday", view=STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("standards.calendaryear", view=STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("standards.servicestandard", view=STAFF, change=PLANNERS, add=PLANNERS),
    **register("standards.standardversion", view=STAFF),
    **register("standards.parameter", view=STAFF, change=PLANNERS, add=PLANNERS),
    **register("standards.parameterversion", view=STAFF),
    **register("standards.returnrule", view=STAFF, change=PLANNERS, add=PLANNERS),
    **register("standards.returnruleversion", view=STAFF),
    "clocks.run": NOBODY,  # the system alone
    "clocks.give_word": DESK,
    "clocks.exclude": roles(
        R.SUPERVISOR, R.OPERATIONS, R.ADJUDICATOR
    ),  # never of merchants that one looks after
    **register("clocks.clock", view=READERS),
    **register("clocks.ladderrung", view=STAFF),
}

MESSAGE_READERS = roles(LEADS - VENDORS, R.AUDITOR, R.PRIVACY_OFFICER, R.ADMINISTRATOR)
MESSAGES = {
    "notices.view_inbox": STAFF,
    "notices.send": NOBODY,  # node messages follow from events
    "notices.draft_text": roles(R.LEAD, R.SUPERVISOR, R.OPERATIONS),
    "notices.activate_text": roles(R.SUPERVISOR, R.OPERATIONS),
    "notices.play_customer": ADMINISTRATORS,  # demo accounts in demo mode only: notices.selectors
    "notices.retry": roles(R.SUPERVISOR, R.OPERATIONS, R.ADMINISTRATOR),
    "notices.manage_gateways": roles(R.OPERATIONS, R.ADMINISTRATOR),
    **register("notices.gateway", view=roles(LEADS - VENDORS, R.ADMINISTRATOR, R.AUDITOR)),
    **register("notices.notice", view=MESSAGE_READERS),
    **register("notices.noticetemplate", view=OWN_STAFF, change=OPERATIONS),
    **register(
        "notices.noticetext", view=OWN_STAFF, change=roles(PLANNERS, R.LEAD), add=roles(PLANNERS, R.LEAD)
    ),
}
CHANNELS = {
    "channels.decide": DESK - VENDORS,  # letters that no rule could place
    "channels.view_raw": roles(LEADS - VENDORS, R.PRIVACY_OFFICER, R.AUDITOR),
    "channels.manage": roles(R.OPERATIONS, R.ADMINISTRATOR),  # connected systems and their secrets
    "channels.listen": DESK - VENDORS,  # recordings, for a reason
    **register("channels.connection", view=roles(LEADS - VENDORS, R.ADMINISTRATOR, R.AUDITOR)),
    **register("channels.letter", view=roles(DESK - VENDORS, R.AUDITOR, R.PRIVACY_OFFICER)),
}
MACHINERY = {
    "core.export_tickets": roles(R.LEAD, R.SUPERVISOR, R.OPERATIONS, R.AUDITOR, R.AUTHORITY_DESK),
    "core.replay": roles(R.OPERATIONS, R.ADMINISTRATOR),
    **register(
        "core.event", view=roles(R.AUDITOR, R.ADMINISTRATOR, R.OPERATIONS, R.SUPERVISOR, R.PRIVACY_OFFICER)
    ),
    **register("core.job", view=roles(R.OPERATIONS, R.ADMINISTRATOR, R.AUDITOR)),
    **register("core.delivery", view=roles(R.OPERATIONS, R.ADMINISTRATOR, R.AUDITOR)),
    **register("core.series", view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
}
