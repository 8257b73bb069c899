"""States of a recovery, where its money comes from, and what a merchant may say against it (R4.10)."""

from django.db import models
from django.utils.translation import pgettext_lazy


class RecoveryState(models.TextChoices):
    """*Collecting*: nothing came yet; *partly*: some came, the rest is owed."""

    NOTIFIED = "notified", pgettext_lazy("recovery state", "Notice given")
    OBJECTED = "objected", pgettext_lazy("recovery state", "Objection")
    UPHELD = "upheld", pgettext_lazy("recovery state", "Upheld")
    OVERTURNED = "overturned", pgettext_lazy("recovery state", "Fell away")
    COLLECTING = "collecting", pgettext_lazy("recovery state", "Being collected")
    PARTLY = "partly", pgettext_lazy("recovery state", "Partly recovered")
    RECOVERED = "recovered", pgettext_lazy("recovery state", "Recovered")
    WRITTEN_OFF = "written_off", pgettext_lazy("recovery state", "Written off")


OPEN_RECOVERIES = frozenset({
    RecoveryState.NOTIFIED, RecoveryState.OBJECTED, RecoveryState.UPHELD, RecoveryState.COLLECTING,
    RecoveryState.PARTLY,
})  # fmt: skip
BEING_COLLECTED = frozenset({RecoveryState.COLLECTING, RecoveryState.PARTLY})
DONE_RECOVERIES = frozenset({RecoveryState.RECOVERED, RecoveryState.WRITTEN_OFF, RecoveryState.OVERTURNED})
RECOVERY_COLOURS = {
    RecoveryState.NOTIFIED: "blue",
    RecoveryState.OBJECTED: "amber",
    RecoveryState.UPHELD: "blue",
    RecoveryState.OVERTURNED: "bare",
    RecoveryState.COLLECTING: "amber",
    RecoveryState.PARTLY: "amber",
    RecoveryState.RECOVERED: "green",
    RecoveryState.WRITTEN_OFF: "red",
}


class Source(models.TextChoices):
    """Where a step takes from, in this order; *paid* settles what stands as receivable."""

    PAYOUT = "payout", pgettext_lazy("recovery source", "Unsettled payout")
    DEPOSIT = "deposit", pgettext_lazy("recovery source", "Deposit")
    RECEIVABLE = "receivable", pgettext_lazy("recovery source", "Receivable")
    PAID = "paid", pgettext_lazy("recovery source", "Paid by the merchant")
    WRITE_OFF = "write_off", pgettext_lazy("recovery source", "Write-off")


MONEY = (Source.PAID, Source.DEPOSIT, Source.PAYOUT)
"""What really came, in the order in which it is given back: the last one first."""


class Objection(models.TextChoices):
    """Why a merchant says he does not owe it."""

    NOT_OURS = "not_ours", pgettext_lazy("objection", "The fault is not the merchant's")
    PAID_ALREADY = "paid", pgettext_lazy("objection", "The merchant paid the customer himself")
    GOODS = "goods", pgettext_lazy("objection", "The goods never came back")
    AMOUNT = "amount", pgettext_lazy("objection", "The amount is wrong")
    OTHER = "other", pgettext_lazy("objection", "Another reason")


class WriteOffState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("write-off", "Proposed")
    APPROVED = "approved", pgettext_lazy("write-off", "Written off")
    REFUSED = "refused", pgettext_lazy("write-off", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("write-off", "Withdrawn")


WRITE_OFF_COLOURS = {
    WriteOffState.PROPOSED: "amber",
    WriteOffState.APPROVED: "red",
    WriteOffState.REFUSED: "grey",
    WriteOffState.WITHDRAWN: "bare",
}


class WriteOffCause(models.TextChoices):
    """Why nobody expects the rest any more."""

    CLOSED = "closed", pgettext_lazy("write-off", "The merchant is closed or insolvent")
    LOST = "lost", pgettext_lazy("write-off", "Lost in court or not enforceable")
    SMALL = "small", pgettext_lazy("write-off", "Costs more than it brings")
    GOODWILL = "goodwill", pgettext_lazy("write-off", "The platform bears it")
