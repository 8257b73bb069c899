"""States and codes of disputes: whose turn it is stands beside the state, in ``turn`` and ``turn_until``."""

from django.db import models
from django.utils.translation import pgettext_lazy

from aftersales.cases.states import Side


class DisputeState(models.TextChoices):
    """Platform intervention, from the request to the end (R4.7)."""

    OPENED = "opened", pgettext_lazy("dispute state", "Waits for an answer")
    EVIDENCE = "evidence", pgettext_lazy("dispute state", "Evidence")
    UNDER_REVIEW = "under_review", pgettext_lazy("dispute state", "To be ruled")
    SUSPENDED = "suspended", pgettext_lazy("dispute state", "Suspended")
    RULED = "ruled", pgettext_lazy("dispute state", "Ruled")
    APPEALED = "appealed", pgettext_lazy("dispute state", "Appealed")
    REVIEWED = "reviewed", pgettext_lazy("dispute state", "Ruled on appeal")
    EXECUTED = "executed", pgettext_lazy("dispute state", "Final, being carried out")
    CLOSED = "closed", pgettext_lazy("dispute state", "Closed")
    SETTLED = "settled", pgettext_lazy("dispute state", "Settled")
    WITHDRAWN = "withdrawn", pgettext_lazy("dispute state", "Withdrawn")


D = DisputeState
BEFORE_RULING = frozenset({D.OPENED, D.EVIDENCE, D.UNDER_REVIEW, D.SUSPENDED})
TAKES_EVIDENCE = BEFORE_RULING | {D.APPEALED}
MAY_CHANGE = BEFORE_RULING | {D.RULED, D.APPEALED, D.REVIEWED}
"""States in which the decision of the case may still turn: the case does not end before."""
RULED = frozenset({D.RULED, D.APPEALED, D.REVIEWED, D.EXECUTED, D.CLOSED})
"""The platform has spoken, finally or not yet: the case is not asked for anew."""
OPEN_DISPUTES = MAY_CHANGE | {D.EXECUTED}
UNRULED = TAKES_EVIDENCE
"""The platform has yet to speak, for the first time or on appeal."""
FINAL = frozenset({D.EXECUTED, D.CLOSED, D.SETTLED})
"""Ruled or settled for good: the same case is not disputed again."""
TIMED = frozenset({D.OPENED, D.EVIDENCE, D.SUSPENDED, D.RULED})
"""States that end by themselves when ``turn_until`` is over."""
DISPUTE_COLOURS = {
    D.OPENED: "amber",
    D.EVIDENCE: "amber",
    D.UNDER_REVIEW: "blue",
    D.SUSPENDED: "grey",
    D.RULED: "green",
    D.APPEALED: "red",
    D.REVIEWED: "green",
    D.EXECUTED: "green",
    D.CLOSED: "grey",
    D.SETTLED: "green",
    D.WITHDRAWN: "bare",
}

SIDES = frozenset({Side.CUSTOMER, Side.MERCHANT})
OTHER = {Side.CUSTOMER: Side.MERCHANT, Side.MERCHANT: Side.CUSTOMER, Side.PLATFORM: Side.MERCHANT}
"""Who answers whom; what the platform opened for somebody's silence, the silent merchant answers."""


class RulingOutcome(models.TextChoices):
    """What a ruling says, coded so that it executes itself."""

    FULL_REFUND = "full_refund", pgettext_lazy("ruling", "Refund in full")
    PART_REFUND = "part_refund", pgettext_lazy("ruling", "Refund in part")
    AS_ASKED = "as_asked", pgettext_lazy("ruling", "As the customer asked")
    FOR_MERCHANT = "for_merchant", pgettext_lazy("ruling", "The merchant owes nothing")


REFUNDS = frozenset({RulingOutcome.FULL_REFUND, RulingOutcome.PART_REFUND})


class Obligation(models.TextChoices):
    """What the merchant has to do besides, until a day."""

    NONE = "", pgettext_lazy("obligation", "Nothing")
    REPLACE = "replace", pgettext_lazy("obligation", "Send a replacement")
    REPAIR = "repair", pgettext_lazy("obligation", "Repair")
    RESEND = "resend", pgettext_lazy("obligation", "Send what is missing")
    APOLOGISE = "apologise", pgettext_lazy("obligation", "Apologise to the customer")
    CORRECT = "correct", pgettext_lazy("obligation", "Correct the description")


class SuspendedFor(models.TextChoices):
    """What a dispute may wait for; nothing else stops it."""

    TESTING = "testing", pgettext_lazy("suspended for", "A test by an expert")
    POLICE = "police", pgettext_lazy("suspended for", "Police or court")
    CARRIER = "carrier", pgettext_lazy("suspended for", "The carrier's inquiry")


class GiveBack(models.TextChoices):
    """On what ground the customer gives back what an overturned ruling gave him."""

    NONE = "", pgettext_lazy("give back", "He keeps it")
    CONSENT = "consent", pgettext_lazy("give back", "With his consent")
    JUDGMENT = "judgment", pgettext_lazy("give back", "By judgment")


class EvidenceKind(models.TextChoices):
    """What a piece of evidence is."""

    STATEMENT = "statement", pgettext_lazy("evidence", "Statement")
    EVIDENCE = "evidence", pgettext_lazy("evidence", "Evidence")
    APPEAL = "appeal", pgettext_lazy("evidence", "Grounds of the appeal")


class PenaltyUnit(models.TextChoices):
    """In what a proposed penalty is counted."""

    YUAN = "CNY", pgettext_lazy("penalty", "Yuan")
    POINTS = "points", pgettext_lazy("penalty", "Points")
