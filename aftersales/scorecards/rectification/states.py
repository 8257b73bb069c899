"""Words of rectification plans."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class PlanState(TextChoices):
    """Whose turn it is, and how it ended."""

    OPENED = "opened", pgettext_lazy("rectification", "Merchant answers")
    ANSWERED = "answered", pgettext_lazy("rectification", "Answer to be judged")
    ACCEPTED = "accepted", pgettext_lazy("rectification", "Merchant carries it out")
    PROVEN = "proven", pgettext_lazy("rectification", "To be looked at again")
    FULFILLED = "fulfilled", pgettext_lazy("rectification", "Fulfilled")
    FAILED = "failed", pgettext_lazy("rectification", "Failed")
    WITHDRAWN = "withdrawn", pgettext_lazy("rectification", "Withdrawn")


TERMINAL = frozenset({PlanState.FULFILLED, PlanState.FAILED, PlanState.WITHDRAWN})
MERCHANTS_TURN = frozenset({PlanState.OPENED, PlanState.ACCEPTED})
"""While it stands so, the merchant has to act by ``due_at``."""
OPEN = frozenset(PlanState) - TERMINAL

MARKS: dict[str, tuple[str, str]] = {
    PlanState.OPENED: ("amber", "dashed"),
    PlanState.ANSWERED: ("blue", "half"),
    PlanState.ACCEPTED: ("amber", "quarter"),
    PlanState.PROVEN: ("blue", "ring"),
    PlanState.FULFILLED: ("green", "tick"),
    PlanState.FAILED: ("red", "cross"),
    PlanState.WITHDRAWN: ("bare", "bar"),
}
"""Tone and mark of the badges."""


class PlanCause(TextChoices):
    """Why it was opened: a code, so that it can be counted."""

    METRIC = "metric", pgettext_lazy("rectification", "A figure below its target")
    BREACHES = "breaches", pgettext_lazy("rectification", "Broken obligations")
    COMPLAINTS = "complaints", pgettext_lazy("rectification", "Complaints and disputes")
    MEASURE = "measure", pgettext_lazy("rectification", "A measure in force")
    OTHER = "other", pgettext_lazy("rectification", "Something else")


class PlanFilePurpose(TextChoices):
    """With what a file came."""

    ANSWER = "answer", pgettext_lazy("rectification", "With the answer")
    PROOF = "proof", pgettext_lazy("rectification", "Proof")
