"""Cases, money of customers, recoveries and letters of authorities."""

from accounts.capabilities.groups import MERCHANTS, NOBODY, READERS, VENDORS, R, register, roles

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
    # A merchant's people: what their merchants owe. Staff on behalf of whoever owes it, recorded as such.
    "cases.answer_request": roles(CASE_WORKERS, MERCHANTS),
    **register("cases.case", view=CASE_PARTIES),
    **register("cases.caseparcel", view=CASE_PARTIES),
    **register("cases.casepayment", view=CASE_PARTIES),
    **register("cases.dispute", view=CASE_PARTIES),
    **register("cases.paymentrun", view=roles(R.FINANCE, R.SUPERVISOR, R.AUDITOR)),
}
