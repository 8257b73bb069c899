"""What of this room a merchant reads: his accounts and entries, what he was told, the rules that bind him."""

from aftersales.core.rowpolicies import show, through
from aftersales.ledger.states import MERCHANT_ACCOUNTS, PLATFORM_ACCOUNTS

OURS = ", ".join(f"'{kind}'" for kind in sorted(MERCHANT_ACCOUNTS))
PLATFORM = ", ".join(f"'{kind}'" for kind in sorted(PLATFORM_ACCOUNTS))


def _account(column: str) -> str:
    return (
        f"EXISTS (SELECT FROM ledger_account own WHERE own.id = {column} "
        f"AND own.kind IN ({OURS}) AND own.subject_id = %(me)s)"
    )


show(
    "ledger.Account",  # the platform's are named on the other side of an entry; sums come from the entries
    f"ledger_account.kind IN ({OURS}) AND ledger_account.subject_id = %(me)s OR ledger_account.kind IN ({PLATFORM})",
    hidden=("debits", "credits", "transfers"),
)
show("ledger.DayBalance", _account("ledger_daybalance.account_id"))
show(
    "ledger.Transfer",
    f"{_account('ledger_transfer.debit_id')} OR {_account('ledger_transfer.credit_id')}",
    hidden=("debit_balance", "credit_balance"),
)
show(
    "ledger.Journal", through("ledger_journal", "id", "ledger_transfer", "journal_id"), hidden=("actor_name",)
)
show("ledger.Period", why="months and their ends are the same for everybody")
show(
    "ledger.Proposal",
    "ledger_proposal.party = 'merchant' AND ledger_proposal.party_id = %(me)s "
    "AND ledger_proposal.notified_at IS NOT NULL",
)
show("ledger.ProposalFile", through("ledger_proposalfile", "proposal_id", "ledger_proposal"))
for name in ("IncentiveRule", "IncentiveVersion"):
    show(f"ledger.{name}", why="rules of incentives are published to everybody whom they bind")
