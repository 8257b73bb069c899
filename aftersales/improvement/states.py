"""Words of early warning: what surged, how far people are with it, what looks like gaming."""

from django.db import models
from django.utils.translation import pgettext_lazy


class Surged(models.TextChoices):
    """What is watched against its own past (R6.7)."""

    PRODUCT = "product", pgettext_lazy("surge of", "Product")
    MERCHANT = "merchant", pgettext_lazy("surge of", "Merchant")
    BATCH = "batch", pgettext_lazy("surge of", "Batch")
    CARRIER = "carrier", pgettext_lazy("surge of", "Carrier")
    CAUSE = "cause", pgettext_lazy("surge of", "Cause")


NARROWER = (Surged.BATCH, Surged.PRODUCT, Surged.CAUSE, Surged.CARRIER, Surged.MERCHANT)
"""Which of two warnings about the same tickets explains the other: the one that stands first."""


class Period(models.TextChoices):
    """How long a count runs. A batch is counted over all the days since it was sent."""

    DAY = "day", pgettext_lazy("surge in", "Day")
    WEEK = "week", pgettext_lazy("surge in", "Seven days")
    BATCH = "batch", pgettext_lazy("surge in", "Since it was sent")


class Chart(models.TextChoices):
    """Which limit was used."""

    COUNT = "count", pgettext_lazy("chart", "Count (Poisson)")
    RATE = "rate", pgettext_lazy("chart", "Count, orders considered (Poisson)")
    SHARE = "share", pgettext_lazy("chart", "Share of what was sent (p-chart)")


class WarningState(models.TextChoices):
    """Life of a warning. A new surge opens a closed one again."""

    RAISED = "raised", pgettext_lazy("warning state", "Raised")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("warning state", "Looked at")
    ASKED = "asked", pgettext_lazy("warning state", "Action asked")
    ANSWERED = "answered", pgettext_lazy("warning state", "Answered")
    CLOSED = "closed", pgettext_lazy("warning state", "Closed")


OPEN = (WarningState.RAISED, WarningState.ACKNOWLEDGED, WarningState.ASKED, WarningState.ANSWERED)
STATE_COLOURS = {
    WarningState.RAISED: "red",
    WarningState.ACKNOWLEDGED: "amber",
    WarningState.ASKED: "violet",
    WarningState.ANSWERED: "blue",
    WarningState.CLOSED: "grey",
}


class Outcome(models.TextChoices):
    """What a closed warning was."""

    TRUE = "true", pgettext_lazy("warning outcome", "True, something was done")
    FALSE = "false", pgettext_lazy("warning outcome", "False alarm")
    LASTING = "lasting", pgettext_lazy("warning outcome", "Lasting: the new level is the base")


class AskedOf(models.TextChoices):
    """Who is asked to act (source S: the monthly list to buying and quality)."""

    BUYING = "buying", pgettext_lazy("asked of", "Buying")
    QUALITY = "quality", pgettext_lazy("asked of", "Quality")
    MERCHANT = "merchant", pgettext_lazy("asked of", "Merchant")
    CARRIER = "carrier", pgettext_lazy("asked of", "Carrier")


LISTED = (AskedOf.BUYING, AskedOf.QUALITY)
"""Who gets the monthly list."""


class SignKind(models.TextChoices):
    """What looks like gaming. A sign is a question to people, never a finding (S2 of operations)."""

    SELF_ORDER = "self_order", pgettext_lazy("sign", "Orders by the shop's own people")
    SHARED_BUYER = "shared_buyer", pgettext_lazy("sign", "Several buyers with one telephone or address")
    REVIEW_RING = "review_ring", pgettext_lazy("sign", "The same buyers praise the same shops")
    REVIEW_BURST = "review_burst", pgettext_lazy("sign", "Many five-star reviews in one day")
    COPIED_REVIEW = "copied_review", pgettext_lazy("sign", "The same review by several buyers")
    EMPTY_ANSWER = "empty_answer", pgettext_lazy("sign", "Answers without content")
    CLOCK_EDGE = "clock_edge", pgettext_lazy("sign", "Solved just in time and opened again")
    NO_SCAN = "no_scan", pgettext_lazy("sign", "Parcel numbers that no carrier scanned")


class SignState(models.TextChoices):
    """A person decides; a machine only flags."""

    FLAGGED = "flagged", pgettext_lazy("sign state", "To be decided")
    REAL = "real", pgettext_lazy("sign state", "Gaming")
    INNOCENT = "innocent", pgettext_lazy("sign state", "Innocent")


SIGN_COLOURS = {SignState.FLAGGED: "amber", SignState.REAL: "red", SignState.INNOCENT: "green"}
LEFT_OUT = frozenset({
    SignKind.SELF_ORDER, SignKind.SHARED_BUYER, SignKind.REVIEW_RING, SignKind.REVIEW_BURST, SignKind.COPIED_REVIEW,
})  # fmt: skip
"""Kinds whose rows may leave the score once a person found them real: orders and reviews that were not genuine."""
