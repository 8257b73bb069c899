"""What a merchant can be. The deposit is kept until windows and recoveries end, hence *exiting*."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class MerchantState(TextChoices):
    APPLYING = "applying", pgettext_lazy("merchant state", "Applying")
    ACTIVE = "active", pgettext_lazy("merchant state", "Active")
    RESTRICTED = "restricted", pgettext_lazy("merchant state", "Restricted")
    SUSPENDED = "suspended", pgettext_lazy("merchant state", "Suspended")
    EXITING = "exiting", pgettext_lazy("merchant state", "Exiting")
    CLOSED = "closed", pgettext_lazy("merchant state", "Closed")


TERMINAL = frozenset({MerchantState.CLOSED})
TRADING = frozenset({MerchantState.ACTIVE, MerchantState.RESTRICTED})

# Tones of the badges: see templates/components.
COLOURS = {
    MerchantState.APPLYING: "grey",
    MerchantState.ACTIVE: "green",
    MerchantState.RESTRICTED: "amber",
    MerchantState.SUSPENDED: "red",
    MerchantState.EXITING: "amber",
    MerchantState.CLOSED: "bare",
}


class MemberRole(TextChoices):
    """What a person may do for a merchant in the portal (the grant, not the sign-in role)."""

    OWNER = "owner", pgettext_lazy("merchant member", "Owner")
    CLERK = "clerk", pgettext_lazy("merchant member", "Clerk")


class ContactRole(TextChoices):
    """For what a merchant's contact person is called."""

    AFTERSALES = "aftersales", pgettext_lazy("merchant contact", "After-sales")
    RETURNS = "returns", pgettext_lazy("merchant contact", "Returns desk")
    FINANCE = "finance", pgettext_lazy("merchant contact", "Finance")
    EMERGENCY = "emergency", pgettext_lazy("merchant contact", "Emergency")


class Cause(TextChoices):
    """Why a merchant was restricted, suspended or let in again: a code, so that it can be counted."""

    AGREEMENT = "agreement", pgettext_lazy("merchant cause", "Breach of the agreement")
    COMPLAINTS = "complaints", pgettext_lazy("merchant cause", "Complaints of customers")
    RISK = "risk", pgettext_lazy("merchant cause", "Risk or fraud")
    LAW = "law", pgettext_lazy("merchant cause", "Order of an authority")
    OWN_WISH = "own_wish", pgettext_lazy("merchant cause", "Own wish")
    CURED = "cured", pgettext_lazy("merchant cause", "Cause removed")


class DepositKind(TextChoices):
    """Why the deposit of a merchant is more or less than before."""

    TAKEN = "taken", pgettext_lazy("deposit", "Taken for a recovery")
    GIVEN_BACK = "given_back", pgettext_lazy("deposit", "Given back from a recovery")
    TOPPED_UP = "topped_up", pgettext_lazy("deposit", "Topped up")


class LearnedBy(TextChoices):
    """What finished a course."""

    RUN = "run", pgettext_lazy("merchant training", "Run attended")
    EXAM = "exam", pgettext_lazy("merchant training", "Exam passed")


TAUGHT = frozenset(MerchantState) - {MerchantState.CLOSED}
"""Whose people are taught; who applies is taught before he sells."""
OWES_DEPOSIT = frozenset({MerchantState.ACTIVE, MerchantState.RESTRICTED, MerchantState.SUSPENDED})
"""A merchant who leaves is asked for nothing more."""
