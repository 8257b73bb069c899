"""States and kinds of the small requests (R4.0), of what the rule made of a case (R4.6), and of signals of abuse."""

from django.db import models
from django.utils.translation import pgettext_lazy


class RequestKind(models.TextChoices):
    """The most frequent contacts. An appointment has its own place beside the conversation."""

    CANCEL = "cancel", pgettext_lazy("request kind", "Cancel the order")
    ADDRESS = "address", pgettext_lazy("request kind", "Change the address")
    HURRY = "hurry", pgettext_lazy("request kind", "Hurry")
    INVOICE = "invoice", pgettext_lazy("request kind", "Invoice")
    RED_LETTER = "red_letter", pgettext_lazy("request kind", "Red-letter invoice")
    PRICE = "price", pgettext_lazy("request kind", "Price protection")
    RESEND = "resend", pgettext_lazy("request kind", "Send what is missing")
    WARRANTY = "warranty", pgettext_lazy("request kind", "Warranty card")


class RequestState(models.TextChoices):
    ASKED = "asked", pgettext_lazy("request state", "Details missing")
    WITH_PARTY = "with_party", pgettext_lazy("request state", "With the other side")
    DONE = "done", pgettext_lazy("request state", "Done")
    REFUSED = "refused", pgettext_lazy("request state", "Refused")
    LAPSED = "lapsed", pgettext_lazy("request state", "Not answered in time")
    WITHDRAWN = "withdrawn", pgettext_lazy("request state", "Withdrawn")


OPEN_REQUESTS = frozenset({RequestState.ASKED, RequestState.WITH_PARTY})
HOLDS_LINE = frozenset({*OPEN_REQUESTS, RequestState.DONE})
"""States in which a line's price protection is used up."""
UNMET = frozenset({RequestState.REFUSED, RequestState.LAPSED})
"""The customer did not get what he asked for: he may ask again, or it becomes a case."""
REQUEST_COLOURS = {
    RequestState.ASKED: "amber",
    RequestState.WITH_PARTY: "blue",
    RequestState.DONE: "green",
    RequestState.REFUSED: "red",
    RequestState.LAPSED: "red",
    RequestState.WITHDRAWN: "bare",
}


class Hurried(models.TextChoices):
    """What should go faster."""

    DISPATCH = "dispatch", pgettext_lazy("hurry", "Dispatch")
    DELIVERY = "delivery", pgettext_lazy("hurry", "Delivery")
    REFUND = "refund", pgettext_lazy("hurry", "Refund")
    REPAIR = "repair", pgettext_lazy("hurry", "Repair")


class BuyerKind(models.TextChoices):
    """To whom an invoice is made out."""

    PERSON = "person", pgettext_lazy("invoice", "A person")
    COMPANY = "company", pgettext_lazy("invoice", "A company")


class RuleOutcome(models.TextChoices):
    """What the rule made of a case. It never refuses: doubt goes to a person (R4.6)."""

    APPROVED = "approved", pgettext_lazy("outcome of the rule", "Approved by the rule")
    PERSON = "person", pgettext_lazy("outcome of the rule", "A person decides")


class SignalKind(models.TextChoices):
    """What somebody should look at; a mark with reasons, never a decision and never part of what the law gives."""

    SERIAL = "serial", pgettext_lazy("signal", "Returns unusually often")
    EMPTY_BOX = "empty_box", pgettext_lazy("signal", "The parcel came back empty")
    SWAPPED = "swapped", pgettext_lazy("signal", "Another article came back")
    SAME_PHOTO = "same_photo", pgettext_lazy("signal", "The same picture in another case")
    NEVER_SENT = "never_sent", pgettext_lazy("signal", "Paid at once, and the goods were never sent")


class SignalState(models.TextChoices):
    OPEN = "open", pgettext_lazy("signal state", "To be looked at")
    UNFOUNDED = "unfounded", pgettext_lazy("signal state", "Unfounded")
    FOUNDED = "founded", pgettext_lazy("signal state", "Founded")


SIGNAL_COLOURS = {
    SignalState.OPEN: "amber",
    SignalState.UNFOUNDED: "grey",
    SignalState.FOUNDED: "red",
}


class WhyPerson(models.TextChoices):
    """Why the rule left a case to a person."""

    ANSWER = "answer", pgettext_lazy("why a person", "The return rules do not say a plain yes")
    CHANGED = "changed", pgettext_lazy("why a person", "The request was changed after it was asked")
    AMOUNT = "amount", pgettext_lazy("why a person", "The customer names an amount of his own")
    ORDER = "order", pgettext_lazy("why a person", "The articles of the order are not known")
    PARCEL = "parcel", pgettext_lazy("why a person", "A parcel is on its way already")
    NOTHING = "nothing", pgettext_lazy("why a person", "There is nothing to refund")
    ASKED = "asked", pgettext_lazy("why a person", "The customer asked for a person")
    REFUSED = "refused", pgettext_lazy("why a person", "The case could not be approved as it stands")
