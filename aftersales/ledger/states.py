"""Words of the ledger: accounts, kinds of entries, life of a proposal."""

from django.db import models
from django.utils.translation import pgettext_lazy


class AccountKind(models.TextChoices):
    """The chart of accounts. Each is kept once per subject and unit."""

    MERCHANT_DEPOSIT = "merchant_deposit", pgettext_lazy("account", "Merchant's deposit")
    MERCHANT_PAYABLE = "merchant_payable", pgettext_lazy("account", "Owed to the merchant")
    MERCHANT_RECEIVABLE = "merchant_receivable", pgettext_lazy("account", "Owed by the merchant")
    MERCHANT_POINTS = "merchant_points", pgettext_lazy("account", "Merchant's points")
    CUSTOMER = "customer", pgettext_lazy("account", "Paid to the customer")
    STAFF_BONUS = "staff_bonus", pgettext_lazy("account", "Person's bonus")
    STAFF_POINTS = "staff_points", pgettext_lazy("account", "Person's points")
    PLATFORM_CASH = "platform_cash", pgettext_lazy("account", "Platform's money")
    PLATFORM_COST = "platform_cost", pgettext_lazy("account", "Platform's cost")
    PLATFORM_POINTS = "platform_points", pgettext_lazy("account", "Points given out")
    PLATFORM_CLEARING = "platform_clearing", pgettext_lazy("account", "Clearing of wages and settlements")
    CONSUMER_PROTECTION = "consumer_protection", pgettext_lazy("account", "Consumer protection")
    WRITTEN_OFF = "written_off", pgettext_lazy("account", "Written off")


MERCHANT_ACCOUNTS = frozenset(
    {
        AccountKind.MERCHANT_DEPOSIT,
        AccountKind.MERCHANT_PAYABLE,
        AccountKind.MERCHANT_RECEIVABLE,
        AccountKind.MERCHANT_POINTS,
    }
)
STAFF_ACCOUNTS = frozenset({AccountKind.STAFF_BONUS, AccountKind.STAFF_POINTS})
PLATFORM_ACCOUNTS = frozenset(AccountKind) - MERCHANT_ACCOUNTS - STAFF_ACCOUNTS - {AccountKind.CUSTOMER}
DEBIT_SIDE = frozenset(
    {
        AccountKind.MERCHANT_RECEIVABLE,
        AccountKind.CUSTOMER,
        AccountKind.PLATFORM_CASH,
        AccountKind.PLATFORM_COST,
        AccountKind.PLATFORM_POINTS,
        AccountKind.WRITTEN_OFF,
    }
)
"""Accounts that debits make larger; the others grow by credits."""
FLOORED = frozenset(
    {AccountKind.MERCHANT_DEPOSIT, AccountKind.MERCHANT_PAYABLE, AccountKind.CONSUMER_PROTECTION}
)
"""Money that is there or is not: below zero only when somebody says so on purpose."""

POINTS = "points"


class EntryKind(models.TextChoices):
    """Why something was posted."""

    DEPOSIT = "deposit", pgettext_lazy("entry", "Deposit paid in")
    DEPOSIT_BACK = "deposit_back", pgettext_lazy("entry", "Deposit paid back")
    SETTLEMENT = "settlement", pgettext_lazy("entry", "Settlement")
    REFUND = "refund", pgettext_lazy("entry", "Refund")
    COMPENSATION = "compensation", pgettext_lazy("entry", "Compensation")
    FREIGHT = "freight", pgettext_lazy("entry", "Freight")
    ADVANCE = "advance", pgettext_lazy("entry", "Platform paid first")
    RECOVERY = "recovery", pgettext_lazy("entry", "Recovery")
    PENALTY = "penalty", pgettext_lazy("entry", "Penalty")
    INCENTIVE = "incentive", pgettext_lazy("entry", "Incentive")
    WRITE_OFF = "write_off", pgettext_lazy("entry", "Write-off")
    RULING = "ruling", pgettext_lazy("entry", "Ruling")
    PAID = "paid", pgettext_lazy("entry", "Paid by a pay or settlement sheet")
    REVERSAL = "reversal", pgettext_lazy("entry", "Reversal")


class Shortage(models.TextChoices):
    """What happens where an account holds less than is to be taken from it."""

    REFUSE = "refuse", pgettext_lazy("shortage", "Refuse")
    COVER = "cover", pgettext_lazy("shortage", "Take what is there")
    OVERDRAW = "overdraw", pgettext_lazy("shortage", "Below zero")


class PeriodState(models.TextChoices):
    OPEN = "open", pgettext_lazy("month", "Open")
    CLOSED = "closed", pgettext_lazy("month", "Closed")


class ProposalKind(models.TextChoices):
    """What a proposal would do once it is posted."""

    PENALTY = "penalty", pgettext_lazy("proposal", "Penalty")
    INCENTIVE = "incentive", pgettext_lazy("proposal", "Incentive")
    DEDUCTION = "deduction", pgettext_lazy("proposal", "Deduction")
    RECOVERY = "recovery", pgettext_lazy("proposal", "Recovery")
    MEASURE = "measure", pgettext_lazy("proposal", "Measure")
    LOSS = "loss", pgettext_lazy("proposal", "Compensation of a loss")


MAIN_KINDS = frozenset(
    {ProposalKind.PENALTY, ProposalKind.DEDUCTION, ProposalKind.MEASURE, ProposalKind.LOSS}
)
"""Of these one fact has one; what a buyer gets back is apart (order 116 §27)."""


class Party(models.TextChoices):
    """Against whom or for whom a proposal is."""

    MERCHANT = "merchant", pgettext_lazy("party", "Merchant")
    PERSON = "person", pgettext_lazy("party", "Person of the department")


class Measure(models.TextChoices):
    """A consequence without money or points (R6.5). Change of post and dismissal are never consequences of a rule."""

    HONOUR = "honour", pgettext_lazy("measure", "Honour title")
    TALK = "talk", pgettext_lazy("measure", "Talk")
    TRAINING = "training", pgettext_lazy("measure", "Training order")
    CRITICISM = "criticism", pgettext_lazy("measure", "Criticism notice inside the team")
    WARNING = "warning", pgettext_lazy("measure", "Warning")


class ProposalState(models.TextChoices):
    """Life of a proposal: the party is told and heard before anything is final."""

    PROPOSED = "proposed", pgettext_lazy("proposal", "Proposed")
    NOTIFIED = "notified", pgettext_lazy("proposal", "Party told, appeal open")
    APPEALED = "appealed", pgettext_lazy("proposal", "Appealed")
    UPHELD = "upheld", pgettext_lazy("proposal", "Appeal rejected")
    APPROVED = "approved", pgettext_lazy("proposal", "Approved")
    POSTED = "posted", pgettext_lazy("proposal", "Posted")
    OVERTURNED = "overturned", pgettext_lazy("proposal", "Overturned on appeal")
    REVERSED = "reversed", pgettext_lazy("proposal", "Turned back")
    WITHDRAWN = "withdrawn", pgettext_lazy("proposal", "Withdrawn")
    CANCELLED = "cancelled", pgettext_lazy("proposal", "Cancelled")


UNDECIDED: frozenset[str] = frozenset(
    {ProposalState.PROPOSED, ProposalState.NOTIFIED, ProposalState.APPEALED, ProposalState.UPHELD}
)
DEAD: frozenset[str] = frozenset(
    {ProposalState.OVERTURNED, ProposalState.REVERSED, ProposalState.WITHDRAWN, ProposalState.CANCELLED}
)
"""Nothing follows from these any more."""


class Fallen(models.TextChoices):
    """Why a consequence fell: with its fact, or as the wrong one of a fact that holds and may have another."""

    FACT = "fact", pgettext_lazy("why a consequence fell", "The fact does not hold: nothing follows from it")
    CONSEQUENCE = (
        "consequence",
        pgettext_lazy(
            "why a consequence fell", "The fact holds, this was the wrong consequence: another may follow"
        ),
    )


class FilePurpose(models.TextChoices):
    """Why a file lies with a proposal."""

    PROOF = "proof", pgettext_lazy("file of a proposal", "Proof of the loss")
    APPEAL = "appeal", pgettext_lazy("file of a proposal", "Brought with the appeal")
