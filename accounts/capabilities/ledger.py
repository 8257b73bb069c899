"""Rewards and penalties, the journal, statements."""

from accounts.capabilities.groups import LEADS, NOBODY, STAFF, R, roles
from accounts.capabilities.rulebook import PLANNERS

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
