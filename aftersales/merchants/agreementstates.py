"""Codes of agreements with merchants: duties, how deep a change goes, what an owner answered, how a merchant stands."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class Duty(TextChoices):
    """What a clause obliges a merchant to (R6.6, S(三)); ``terms``: a clause that says how things are done."""

    ANSWER = "answer", pgettext_lazy("duty", "Answer")
    ADDRESS = "address", pgettext_lazy("duty", "Return address")
    RECEIPT = "receipt", pgettext_lazy("duty", "Confirm receipt")
    REFUND = "refund", pgettext_lazy("duty", "Refund")
    REPLACEMENT = "replacement", pgettext_lazy("duty", "Replacement")
    REPAIR = "repair", pgettext_lazy("duty", "Repair")
    DISPATCH = "dispatch", pgettext_lazy("duty", "Dispatch in time")
    STAFF = "staff", pgettext_lazy("duty", "After-sales staff")
    INVOICE = "invoice", pgettext_lazy("duty", "Invoice")
    EVIDENCE = "evidence", pgettext_lazy("duty", "Evidence in disputes")
    TERMS = "terms", pgettext_lazy("duty", "General terms")


class ChangeSize(TextChoices):
    """How deep a change goes; the rule book says how long before it is announced (law P2)."""

    ORDINARY = "ordinary", pgettext_lazy("change of an agreement", "Ordinary change")
    MAJOR = "major", pgettext_lazy("change of an agreement", "Touches many merchants or major interests")


class Answer(TextChoices):
    ACCEPTED = "accepted", pgettext_lazy("answer to an agreement", "Accepted")
    DECLINED = "declined", pgettext_lazy("answer to an agreement", "Declined")


class Standing(TextChoices):
    """How a merchant stands to what he is asked to agree to. Computed from answers and days, never stored."""

    ACCEPTED = "accepted", pgettext_lazy("standing of a merchant", "Accepted")
    WAITING = "waiting", pgettext_lazy("standing of a merchant", "Not answered yet")
    OVERDUE = "overdue", pgettext_lazy("standing of a merchant", "In force, not answered")
    DECLINED = "declined", pgettext_lazy("standing of a merchant", "Declined")
    NOTHING = "nothing", pgettext_lazy("standing of a merchant", "Nothing to agree to")


STANDING_MARKS = {
    Standing.ACCEPTED: ("green", "tick"),
    Standing.WAITING: ("blue", "half"),
    Standing.OVERDUE: ("amber", "triangle"),
    Standing.DECLINED: ("red", "cross"),
    Standing.NOTHING: ("bare", "ring"),
}
ANNOUNCED = {
    ChangeSize.ORDINARY: "agreement_announce_days",
    ChangeSize.MAJOR: "agreement_announce_days_major",
}
"""The rule book's number of days by which a changed version is announced before it is in force."""
