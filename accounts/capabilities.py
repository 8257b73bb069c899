"""The one table that says which role may do what.

A line reads: this act, by these roles. Codes are ``<room>.<act>``; the admin's own codes
(``<room>.view_<model>``, ``add_``, ``change_``) stand in the same table through ``register``.
Nothing deletes, so no ``delete_`` code exists. ``user.has_perm(code)`` is answered from here without
a query; an unknown code is refused to everybody.
"""

from collections.abc import Iterable
from functools import cache

from accounts.states import MERCHANT_ROLES, STAFF_ROLES, Role

R = Role
NOBODY: frozenset[Role] = frozenset()
STAFF = STAFF_ROLES
VENDORS = frozenset({R.VENDOR_LEAD, R.VENDOR_AGENT})
OWN_STAFF = STAFF - VENDORS
MERCHANTS = MERCHANT_ROLES
DESK = frozenset({R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, R.OPERATIONS, *VENDORS})
LEADS = frozenset({R.LEAD, R.SUPERVISOR, R.OPERATIONS, R.VENDOR_LEAD})
OPERATIONS = frozenset({R.OPERATIONS})
ADMINISTRATORS = frozenset({R.ADMINISTRATOR})
READERS = DESK | {R.INSPECTOR, R.AUDITOR, R.RISK, R.PRIVACY_OFFICER, R.ADJUDICATOR, R.MERCHANT_MANAGER}


def roles(*names: Iterable[Role] | Role) -> frozenset[Role]:
    """Union of single roles and groups of roles."""
    found: set[Role] = set()
    for name in names:
        found |= {name} if isinstance(name, Role) else set(name)
    return frozenset(found)


def register(
    model: str,
    *,
    view: Iterable[Role],
    change: Iterable[Role] = NOBODY,
    add: Iterable[Role] = NOBODY,
) -> dict[str, frozenset[Role]]:
    """The admin codes of one model, ``register("accounts.team", view=…, change=…, add=…)``."""
    room, name = model.split(".")
    return {
        f"{room}.view_{name}": frozenset({*view, *change, *add}),
        f"{room}.change_{name}": frozenset(change),
        f"{room}.add_{name}": frozenset(add),
    }


TEAM_KEEPERS = roles(R.OPERATIONS, R.ADMINISTRATOR)
SHIFT_KEEPERS = roles(LEADS, R.PLANNER, R.ADMINISTRATOR)
ACCOUNTS = {
    "accounts.create_user": ADMINISTRATORS,
    "accounts.set_roles": ADMINISTRATORS,
    "accounts.set_capacity": roles(R.OPERATIONS, R.ADMINISTRATOR),  # of everybody but administrators
    "accounts.set_active": ADMINISTRATORS,
    "accounts.set_own_away": STAFF - {R.AUDITOR},
    "accounts.plan": roles(R.LEAD, R.SUPERVISOR, R.PLANNER, R.OPERATIONS, R.VENDOR_LEAD, R.ADMINISTRATOR),
    "accounts.manage_teams": TEAM_KEEPERS,
    **register("accounts.user", view=STAFF - {R.VENDOR_AGENT}, change=ADMINISTRATORS, add=ADMINISTRATORS),
    **register("accounts.team", view=STAFF, change=TEAM_KEEPERS, add=TEAM_KEEPERS),
    **register("accounts.teammember", view=STAFF, add=TEAM_KEEPERS),
    **register("accounts.shift", view=STAFF, change=SHIFT_KEEPERS, add=SHIFT_KEEPERS),
    **register("accounts.away", view=STAFF, add=STAFF - {R.AUDITOR}),
}

PORTAL_PAGES = {"portal.work": MERCHANTS}  # their own merchants' cases, day by day
DESK_PAGES = {
    "desk.view": READERS,
    "desk.archive": READERS,
    "desk.export": roles(LEADS, R.INSPECTOR, R.AUDITOR),
    "desk.registers": roles(LEADS, R.ADMINISTRATOR, R.AUDITOR, R.MERCHANT_MANAGER, R.PLANNER),
    "desk.roster": roles(LEADS, R.PLANNER, R.ADMINISTRATOR, R.AUDITOR),
    "desk.simulate": roles(LEADS - VENDORS, R.PLANNER, R.AUDITOR),
    "desk.styleguide": roles(R.OPERATIONS, R.ADMINISTRATOR),
    "desk.share_view": LEADS,  # with one of one's own teams
    "desk.share_view_widely": LEADS - VENDORS,
    "desk.keep_views": OPERATIONS,  # shared ones whose owner is gone
}

# Trade data. Outsourced people see customers and orders only through their own tickets, never as lists.
TRADE_READERS = roles(READERS - VENDORS, R.FINANCE, R.RETURNS_RECEIVER)
KEEPERS = roles(R.MERCHANT_MANAGER, R.OPERATIONS)
DEPOSIT_READERS = roles(KEEPERS, R.FINANCE, R.LEAD, R.SUPERVISOR, R.AUDITOR)
LESSON_BOOK = roles(KEEPERS, R.SUPERVISOR, R.TRAINER, R.AUDITOR)
MERCHANT_REGISTER = {
    **dict.fromkeys(("merchants.admit", "merchants.restrict", "merchants.close"), KEEPERS),
    **register("merchants.merchant", view=OWN_STAFF, change=KEEPERS, add=KEEPERS),
    "merchants.move_deposit": roles(R.FINANCE),
    "merchants.view_training": roles(LESSON_BOOK, R.PLANNER),
    "merchants.learn": MERCHANTS,  # their own courses in the portal
    "merchants.keep_people": roles(R.MERCHANT_OWNER),  # who else acts for the merchant that one owns
    "merchants.view_agreements": roles(KEEPERS, R.LEAD, R.SUPERVISOR, R.ADJUDICATOR, R.AUDITOR),
    "merchants.accept_agreement": roles(R.MERCHANT_OWNER),  # of the merchant that one owns
    "merchants.keep_returns_address": MERCHANTS,  # of the merchant one acts for
    **{f"core.export_{sheet}": LESSON_BOOK for sheet in ("merchant_lessons", "training_terms")},
    "merchants.view_deposits": DEPOSIT_READERS,
    **{f"core.export_{sheet}": DEPOSIT_READERS for sheet in ("deposit_calls", "deposit_moves")},
    **register("merchants.merchantmember", view=KEEPERS | {R.AUDITOR}, change=KEEPERS, add=KEEPERS),
    **register("merchants.merchantcontact", view=TRADE_READERS, change=KEEPERS, add=KEEPERS),
}
CUSTOMER_REGISTER = {
    "customers.reveal": roles(DESK, R.PRIVACY_OFFICER, R.RISK, R.RETURNS_RECEIVER),
    "customers.reveal_addressee": MERCHANTS,  # of a parcel that they are about to send
    "customers.classify": roles(R.LEAD, R.SUPERVISOR, R.OPERATIONS),
    "customers.erase": roles(R.PRIVACY_OFFICER),
    **register(
        "customers.customer",
        view=TRADE_READERS,
        change=roles(DESK - VENDORS, R.PRIVACY_OFFICER),
        add=OPERATIONS,
    ),
    **register(
        "customers.contact", view=TRADE_READERS, change=roles(DESK - VENDORS), add=roles(DESK - VENDORS)
    ),
    **register("customers.customeraccount", view=TRADE_READERS),
    **register("customers.staffcontact", view=ADMINISTRATORS, add=ADMINISTRATORS),
}
ORDER_REGISTER = {
    **register("orders.order", view=TRADE_READERS, change=OPERATIONS, add=OPERATIONS),
    **register("orders.orderline", view=TRADE_READERS, change=OPERATIONS),
    **register("orders.payment", view=TRADE_READERS),
    **register("orders.shipment", view=TRADE_READERS, change=OPERATIONS),
    **register("orders.trackingevent", view=TRADE_READERS),
    **register("orders.review", view=TRADE_READERS),
    **register("orders.product", view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
    **register("orders.category", view=OWN_STAFF, change=OPERATIONS, add=OPERATIONS),
}

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
DASHBOARDS = {
    "dashboards.view": roles(READERS, R.PLANNER),
    "dashboards.today": LEADS,
    "dashboards.exceptions": roles(PLANNERS, R.AUDITOR),
    "dashboards.integrity": roles(LEADS - VENDORS, R.INSPECTOR, R.AUDITOR),
    "scorecards.view_merchants": roles(KEEPERS, R.AUDITOR),
    "scorecards.view_people": roles(R.SUPERVISOR, R.AUDITOR),
    "scorecards.view_own": STAFF,  # one's own; a lead those of his teams
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

# Sheets: one code per sheet and direction; whole lists leave the house only by these hands.
TRADE_SHEETS = (
    *("merchants", "customers", "categories", "products", "orders", "order_lines"),
    *("payments", "shipments", "reviews", "tickets"),
)
SHEETS = {
    **{f"core.import_{sheet}": OPERATIONS for sheet in TRADE_SHEETS},
    **{f"core.export_{sheet}": roles(R.OPERATIONS, R.SUPERVISOR, R.AUDITOR) for sheet in TRADE_SHEETS},
    # By this sheet operations sets capacities; accounts are created and renamed by administrators (accounts.sheets).
    "core.import_staff": roles(R.OPERATIONS, R.ADMINISTRATOR),
    "core.export_staff": roles(R.OPERATIONS, R.ADMINISTRATOR, R.AUDITOR),
    "core.import_shifts": roles(LEADS - {R.VENDOR_LEAD}, R.PLANNER),
    "core.export_shifts": roles(LEADS - {R.VENDOR_LEAD}, R.PLANNER, R.AUDITOR),
    "sheets.upload": roles(
        LEADS - VENDORS, R.FINANCE, R.AUDITOR, R.ADMINISTRATOR, R.PLANNER, R.TRAINER, R.PAYROLL_READER
    ),
    "core.export_personal": roles(R.PRIVACY_OFFICER, R.OPERATIONS),
    **register(
        "core.columnprofile",
        view=roles(R.OPERATIONS, R.ADMINISTRATOR, LEADS - {R.VENDOR_LEAD}, R.PLANNER),
        change=OPERATIONS,
        add=OPERATIONS,
    ),
}

# Cases: what is decided, where the goods are, what is paid. Who proposes does not approve; who rules does not pay.
CASE_WORKERS = roles(R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, VENDORS)
CASE_READERS = roles(READERS, R.FINANCE, R.RETURNS_RECEIVER)
CASE_PARTIES = roles(CASE_READERS, MERCHANTS)
RECOVERY_WORKERS = roles(R.AGENT, R.LEAD, R.SUPERVISOR, R.AUTHORITY_DESK, R.FINANCE)
RECOVERY_READERS = RECOVERY_WORKERS | roles(R.ADJUDICATOR, R.AUDITOR)
LETTER_DESK = roles(R.AUTHORITY_DESK, R.LEAD, R.SUPERVISOR)
CASES = {
    "cases.view_all": roles(R.FINANCE, R.RETURNS_RECEIVER, R.ADJUDICATOR),
    "cases.open": CASE_WORKERS,
    "cases.decide": roles(CASE_WORKERS, MERCHANTS),  # a merchant's people: of their own merchants
    "cases.turn": CASE_WORKERS,  # into another kind, once it is approved
    "cases.answer": CASE_WORKERS,  # what the customer said is taken down; he himself answers by a signed page
    "cases.dispute": roles(CASE_WORKERS, R.ADJUDICATOR, MERCHANTS),
    "cases.speak": roles(CASE_WORKERS, MERCHANTS),  # for a side of a dispute
    "cases.review_dispute": roles(R.ADJUDICATOR),
    "cases.rule": roles(R.ADJUDICATOR),
    "cases.close": roles(CASE_WORKERS, R.FINANCE),
    "cases.ship": roles(CASE_WORKERS, MERCHANTS),
    "cases.receive": roles(R.RETURNS_RECEIVER, R.LEAD, R.SUPERVISOR, MERCHANTS),
    "cases.inspect": roles(R.RETURNS_RECEIVER, R.LEAD, R.SUPERVISOR, MERCHANTS),
    "cases.propose_payment": roles(CASE_WORKERS, R.FINANCE, MERCHANTS),
    "cases.change_payment": roles(CASE_WORKERS, R.FINANCE),  # call it back, ask for another account
    "cases.name_payee": roles(CASE_WORKERS, R.FINANCE),  # another account; he himself: a signed page
    "cases.show_link": CASE_WORKERS,  # the customer's own page; who looked is recorded
    "cases.approve_payment": roles(R.LEAD, R.SUPERVISOR, R.FINANCE),
    "cases.pay": roles(R.FINANCE),
    "cases.money_board": roles(R.FINANCE, R.LEAD, R.SUPERVISOR, R.AUDITOR),
    "cases.approve_run": roles(R.FINANCE, R.SUPERVISOR),
    "orders.tell_refund": roles(R.FINANCE, R.LEAD, R.SUPERVISOR),  # the order hears what was given back
    "cases.manage_gateways": roles(R.FINANCE, R.ADMINISTRATOR),
    **register("cases.moneygateway", view=roles(R.FINANCE, R.ADMINISTRATOR, R.AUDITOR)),
    "cases.reconcile": roles(R.FINANCE),
    "cases.view_reconciliation": roles(R.FINANCE, R.SUPERVISOR, R.AUDITOR),
    "core.import_statements": roles(R.FINANCE),
    "core.export_statements": roles(R.FINANCE, R.AUDITOR),
    "core.import_payment_results": roles(R.FINANCE),
    "core.export_payment_results": roles(R.FINANCE, R.AUDITOR),
    # The platform pays first and recovers: who decided to pay does not decide the objection, two write off.
    "cases.pay_first": roles(R.LEAD, R.SUPERVISOR, R.FINANCE),
    "cases.object_recovery": RECOVERY_WORKERS,  # what the merchant says is taken down
    "cases.decide_recovery": roles(R.LEAD, R.SUPERVISOR, R.ADJUDICATOR),
    "cases.collect": roles(R.FINANCE),
    "cases.propose_write_off": roles(R.FINANCE, R.LEAD),
    "cases.approve_write_off": roles(R.FINANCE, R.LEAD, R.SUPERVISOR),
    **register("cases.recovery", view=RECOVERY_READERS),
    "cases.repair": roles(CASE_WORKERS, R.RETURNS_RECEIVER, MERCHANTS),
    "cases.take_due": roles(CASE_WORKERS, R.FINANCE),
    "cases.sweep": NOBODY,
    "cases.take_letter": CASE_WORKERS,  # whoever opens the post; the authority desk, leads and supervisors handle it
    "cases.handle_letter": LETTER_DESK,
    "cases.answer_letter": CASE_WORKERS,  # what the merchant answered is taken down
    "cases.approve_letter": LETTER_DESK,  # never one's own draft
    "cases.reveal_reporter": roles(R.AUTHORITY_DESK, R.SUPERVISOR),
    "core.import_authority_cases": LETTER_DESK,
    "core.export_authority_cases": roles(LETTER_DESK, R.AUDITOR),
    **register("cases.authoritycase", view=READERS),
    "cases.settle_flag": roles(R.LEAD, R.SUPERVISOR),
    "cases.open_request": CASE_WORKERS,
    "cases.answer_request": CASE_WORKERS,  # staff on behalf of whoever owes it, recorded as such
    **register("cases.case", view=CASE_PARTIES),
    **register("cases.caseparcel", view=CASE_PARTIES),
    **register("cases.casepayment", view=CASE_PARTIES),
    **register("cases.dispute", view=CASE_PARTIES),
    **register("cases.paymentrun", view=roles(R.FINANCE, R.SUPERVISOR, R.AUDITOR)),
}

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

# The ledger: finance and the auditor read all of it, payroll what concerns people, everybody his own.
LEDGER_READERS = roles(R.FINANCE, R.AUDITOR)
BOOK_READERS = roles(LEDGER_READERS, R.PAYROLL_READER)
PROPOSERS = roles(R.ADJUDICATOR, R.SUPERVISOR, R.OPERATIONS, R.MERCHANT_MANAGER, R.FINANCE)
LEDGER = {
    **dict.fromkeys(("ledger.view", "ledger.view_export"), BOOK_READERS),
    **{f"core.export_{sheet}": BOOK_READERS for sheet in ("journal", "ledger_accounts")},
    "ledger.view_all": LEDGER_READERS,
    "ledger.view_people": roles(R.PAYROLL_READER),
    "ledger.view_merchants": roles(R.MERCHANT_MANAGER, R.OPERATIONS, R.SUPERVISOR),
    "ledger.view_own": STAFF,  # one's own statement and file
    "ledger.view_statements": roles(BOOK_READERS, R.MERCHANT_MANAGER, R.OPERATIONS, R.SUPERVISOR),
    "ledger.view_files": roles(LEADS, R.AUDITOR),  # of the people one leads
    "ledger.view_every_file": roles(R.SUPERVISOR, R.AUDITOR, R.ADMINISTRATOR),
    "ledger.export": roles(R.FINANCE),
    "ledger.gap_move": NOBODY,  # the system alone: what was paid says so
    "core.import_paid_lines": roles(R.FINANCE),
    "core.export_paid_lines": LEDGER_READERS,
    "ledger.view_proposals": roles(LEDGER_READERS, PROPOSERS),
    "ledger.propose": PROPOSERS,
    "ledger.claim_loss": roles(R.FINANCE, R.OPERATIONS),
    "core.export_proposals": roles(LEDGER_READERS, R.OPERATIONS, R.SUPERVISOR),
    "core.export_incentive_rules": roles(PLANNERS, LEDGER_READERS),
    "core.import_incentive_rules": PLANNERS,  # drafts only; a second person brings them into force
    "ledger.view_team_notices": STAFF,  # of one's own teams
    "ledger.withdraw": roles(R.FINANCE, R.SUPERVISOR, R.OPERATIONS),
    "ledger.cancel": NOBODY,  # the system alone: what it rested on was turned back
    "ledger.notify": roles(R.FINANCE, R.SUPERVISOR, R.OPERATIONS, R.ADJUDICATOR, R.MERCHANT_MANAGER),
    "ledger.appeal": roles(STAFF, R.MERCHANT_OWNER),  # about oneself, one's merchant, or taken down
    "ledger.view_of_merchant": roles(R.MERCHANT_OWNER),  # what concerns the merchant that one owns
    "ledger.hear": roles(R.SUPERVISOR, R.ADJUDICATOR, R.FINANCE),
    "ledger.approve": roles(R.SUPERVISOR, R.FINANCE),
    "ledger.post": NOBODY,  # the system alone, with the approval
    **dict.fromkeys(("ledger.reverse", "ledger.close"), roles(R.FINANCE)),
}

TABLE: dict[str, frozenset[Role]] = {
    **ACCOUNTS,
    **DESK_PAGES,
    **PORTAL_PAGES,
    **MERCHANT_REGISTER,
    **CUSTOMER_REGISTER,
    **ORDER_REGISTER,
    **SHEETS,
    **RULE_BOOK,
    **TRAINING,
    **MESSAGES,
    **TICKETS,
    **MACHINERY,
    **CHANNELS,
    **CASES,
    **LEDGER,
    **DASHBOARDS,
}

# What machine accounts may do: the system everything declared (its rules are rows, its acts are recorded),
# the customer only what a signed one-purpose page offers.
CUSTOMER: frozenset[str] = frozenset({
    "tickets.confirm", "tickets.reopen", "tickets.hear_customer", "cases.view_case", "cases.answer", "cases.ship",
    "cases.dispute", "cases.speak", "cases.name_payee",
})  # fmt: skip

# Who sees personal data or decides about money and people shows a second factor at sign-in.
SECOND_FACTOR: frozenset[Role] = STAFF | {R.MERCHANT_OWNER}


def needs_second_factor(held: Iterable[str]) -> bool:
    return any(role in SECOND_FACTOR for role in held)


@cache
def _codes(role: str) -> frozenset[str]:
    if role == Role.SYSTEM:
        return frozenset(TABLE)
    if role == Role.CUSTOMER:
        return CUSTOMER
    return frozenset(code for code, allowed_roles in TABLE.items() if role in allowed_roles)


def allowed(held: Iterable[str], code: str) -> bool:
    return any(code in _codes(role) for role in held)


@cache
def is_outside(code: str) -> bool:
    """Whether nobody but people of merchants holds this one: what opens pages to them."""
    return TABLE.get(code, NOBODY) <= MERCHANTS and code in TABLE


def allowed_in(held: Iterable[str], room: str) -> bool:
    return any(code.startswith(f"{room}.") for role in held for code in _codes(role))


def codes(held: Iterable[str]) -> frozenset[str]:
    """Every capability these roles give together."""
    return frozenset().union(*(_codes(role) for role in held))
