"""Words of pay and settlement sheets: what is exported, what was said about it, what does not agree."""

from django.db import models
from django.utils.translation import pgettext_lazy

from aftersales.ledger.states import AccountKind, EntryKind


class ExportKind(models.TextChoices):
    """What is handed to payroll or to the settlement of merchants."""

    PAYROLL = "payroll", pgettext_lazy("export", "Variable pay")
    SETTLEMENT = "settlement", pgettext_lazy("export", "Settlement of merchants")


ACCOUNTS: dict[str, tuple[str, ...]] = {
    ExportKind.PAYROLL: (AccountKind.STAFF_BONUS,),
    ExportKind.SETTLEMENT: (AccountKind.MERCHANT_RECEIVABLE, AccountKind.MERCHANT_DEPOSIT),
}
"""Which accounts a sheet settles: a person's bonus; what a merchant owes, and the deposit he has to fill up again."""
NOT_DUE: tuple[str, ...] = (EntryKind.PAID, EntryKind.DEPOSIT, EntryKind.DEPOSIT_BACK)
"""Entries that settle or move money on purpose; all others make something due."""


class PaidOutcome(models.TextChoices):
    """What payroll or the bank says about one line."""

    PAID = "paid", pgettext_lazy("paid line", "Paid")
    REFUSED = "refused", pgettext_lazy("paid line", "Not paid")


class GapKind(models.TextChoices):
    """How a line and what was said of it disagree."""

    LESS = "less", pgettext_lazy("gap", "Less was paid")
    MORE = "more", pgettext_lazy("gap", "More was paid")
    REFUSED = "refused", pgettext_lazy("gap", "Was not paid")


class GapState(models.TextChoices):
    OPEN = "open", pgettext_lazy("gap", "To be looked into")
    EXPLAINED = "explained", pgettext_lazy("gap", "Explained")
    AGREED = "agreed", pgettext_lazy("gap", "Agrees meanwhile")
