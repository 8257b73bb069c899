"""States and kinds of cases, return parcels and payments. A case is three machines that share no field (DESIGN 4)."""

from django.db import models
from django.utils.translation import pgettext_lazy

from aftersales.standards.returns.states import Ground


class CaseKind(models.TextChoices):
    """What is asked for (R4.1–R4.3, R4.8)."""

    RETURN = "return", pgettext_lazy("case kind", "Return and refund")
    EXCHANGE = "exchange", pgettext_lazy("case kind", "Exchange")
    REPAIR = "repair", pgettext_lazy("case kind", "Repair")
    REFUND_ONLY = "refund_only", pgettext_lazy("case kind", "Refund only")
    COMPENSATION = "compensation", pgettext_lazy("case kind", "Compensation")


GOODS_BACK = frozenset({CaseKind.RETURN, CaseKind.EXCHANGE, CaseKind.REPAIR})
"""Kinds for which the goods come back, unless somebody waives it."""
MONEY_BACK = frozenset({CaseKind.RETURN, CaseKind.REFUND_ONLY})
"""Kinds that end in a refund of what was paid."""


# The reason the customer gives is of the return rules' own list. The first one stays for statistics; the cause found
# is another matter.
SELLERS_FAULT = frozenset({
    Ground.QUALITY, Ground.NOT_AS_DESCRIBED, Ground.WRONG_ITEM, Ground.MISSING, Ground.DAMAGED, Ground.NOT_RECEIVED,
    Ground.NOT_SENT, Ground.LATE, Ground.WARRANTY,
})  # fmt: skip
"""Grounds for which the customer pays no leg of freight (law §24, 三包): the platform settles it with the seller."""


class CaseState(models.TextChoices):
    """The decision. It says nothing about goods or money: those are machines of their own."""

    REQUESTED = "requested", pgettext_lazy("case state", "Asked")
    OFFERED = "offered", pgettext_lazy("case state", "Offer to the customer")
    COUNTERED = "countered", pgettext_lazy("case state", "Counter-offer of the customer")
    APPROVED = "approved", pgettext_lazy("case state", "Approved")
    REJECTED = "rejected", pgettext_lazy("case state", "Refused")
    DISPUTED = "disputed", pgettext_lazy("case state", "In dispute")
    WITHDRAWN = "withdrawn", pgettext_lazy("case state", "Withdrawn")
    CLOSED = "closed", pgettext_lazy("case state", "Done")


OPEN_CASES = frozenset({
    CaseState.REQUESTED, CaseState.OFFERED, CaseState.COUNTERED, CaseState.APPROVED, CaseState.DISPUTED,
})  # fmt: skip
UNDECIDED = frozenset({CaseState.REQUESTED, CaseState.OFFERED, CaseState.COUNTERED})
HIS_TURN = frozenset({CaseState.REQUESTED, CaseState.COUNTERED})
"""States in which the other side, as a rule the merchant, has to say something."""
HOLDS_GOODS = frozenset({*OPEN_CASES, CaseState.CLOSED})
"""States in which a case's pieces are taken: no other case may claim them."""
CASE_COLOURS = {
    CaseState.REQUESTED: "blue",
    CaseState.OFFERED: "amber",
    CaseState.COUNTERED: "amber",
    CaseState.APPROVED: "green",
    CaseState.REJECTED: "red",
    CaseState.DISPUTED: "red",
    CaseState.WITHDRAWN: "bare",
    CaseState.CLOSED: "grey",
}


class Side(models.TextChoices):
    """Who spoke, decided or bears something."""

    CUSTOMER = "customer", pgettext_lazy("side", "Customer")
    MERCHANT = "merchant", pgettext_lazy("side", "Merchant")
    CARRIER = "carrier", pgettext_lazy("side", "Carrier")
    INSURER = "insurer", pgettext_lazy("side", "Insurer")
    PLATFORM = "platform", pgettext_lazy("side", "Platform")


class DecidedBy(models.TextChoices):
    """How a case was decided: a person of the staff, the merchant, a rule, silence, a ruling, an agreement."""

    STAFF = "staff", pgettext_lazy("decided by", "Staff")
    MERCHANT = "merchant", pgettext_lazy("decided by", "Merchant")
    RULE = "rule", pgettext_lazy("decided by", "Rule")
    SILENCE = "silence", pgettext_lazy("decided by", "Silence")
    AGREEMENT = "agreement", pgettext_lazy("decided by", "Agreement")
    RULING = "ruling", pgettext_lazy("decided by", "Ruling")


class CompensationKind(models.TextChoices):
    """What a compensation is for; each kind has its own bound (DESIGN 4)."""

    GOODWILL = "goodwill", pgettext_lazy("compensation", "Goodwill")
    PROMISE = "promise", pgettext_lazy("compensation", "Promised and not kept")
    STATUTORY = "statutory", pgettext_lazy("compensation", "Due by law")


class HeardBy(models.TextChoices):
    """How somebody said what staff took down for him, or that he said it himself."""

    PHONE = "phone", pgettext_lazy("heard by", "On the phone")
    CHAT = "chat", pgettext_lazy("heard by", "In a chat")
    EMAIL = "email", pgettext_lazy("heard by", "By e-mail")
    LETTER = "letter", pgettext_lazy("heard by", "By letter")
    IN_PERSON = "in_person", pgettext_lazy("heard by", "In person")
    OWN_PAGE = "own_page", pgettext_lazy("heard by", "On his own page")


TAKEN_DOWN = [(value, label) for value, label in HeardBy.choices if value != HeardBy.OWN_PAGE]
"""What staff choose from."""


class NoteKind(models.TextChoices):
    """What words on a case are about."""

    ASK = "ask", pgettext_lazy("case note", "Request")
    OFFER = "offer", pgettext_lazy("case note", "Offer")
    COUNTER = "counter", pgettext_lazy("case note", "Counter-offer")
    ACCEPT = "accept", pgettext_lazy("case note", "Acceptance")
    APPROVE = "approve", pgettext_lazy("case note", "Approval")
    REJECT = "reject", pgettext_lazy("case note", "Refusal")
    WITHDRAW = "withdraw", pgettext_lazy("case note", "Withdrawal")
    AMEND = "amend", pgettext_lazy("case note", "Change")
    INSPECT = "inspect", pgettext_lazy("case note", "Inspection")
    DEDUCT = "deduct", pgettext_lazy("case note", "Deduction")
    REPAIR = "repair", pgettext_lazy("case note", "Workshop")
    TURN = "turn", pgettext_lazy("case note", "Turned into")
    ASKED = "asked", pgettext_lazy("case note", "Merchant asked")
    FREIGHT = "freight", pgettext_lazy("case note", "Return freight")


class Direction(models.TextChoices):
    """Which way a parcel of a case goes."""

    INBOUND = "inbound", pgettext_lazy("parcel direction", "From the customer")
    OUTBOUND = "outbound", pgettext_lazy("parcel direction", "To the customer")


class ParcelState(models.TextChoices):
    """Where the goods are, and what was done with them."""

    AWAITED = "awaited", pgettext_lazy("parcel state", "Awaited")
    IN_TRANSIT = "in_transit", pgettext_lazy("parcel state", "On the way")
    RECEIVED = "received", pgettext_lazy("parcel state", "Received")
    LOST = "lost", pgettext_lazy("parcel state", "Lost")
    REFUSED_AT_DOOR = "refused_at_door", pgettext_lazy("parcel state", "Refused at the door")
    INTERCEPTED = "intercepted", pgettext_lazy("parcel state", "Stopped on the way")
    INSPECTED = "inspected", pgettext_lazy("parcel state", "Inspected")
    KEPT = "kept", pgettext_lazy("parcel state", "Kept")
    SENT_BACK = "sent_back", pgettext_lazy("parcel state", "Sent back")
    DELIVERED_BACK = "delivered_back", pgettext_lazy("parcel state", "Delivered back")
    DELIVERED = "delivered", pgettext_lazy("parcel state", "Delivered")
    UNCLAIMED = "unclaimed", pgettext_lazy("parcel state", "Not claimed")
    EXPIRED = "expired", pgettext_lazy("parcel state", "Never sent")
    CANCELLED = "cancelled", pgettext_lazy("parcel state", "Cancelled")


DONE_PARCELS = frozenset({
    ParcelState.KEPT, ParcelState.DELIVERED_BACK, ParcelState.DELIVERED, ParcelState.UNCLAIMED, ParcelState.EXPIRED,
    ParcelState.CANCELLED,
})  # fmt: skip
"""Nothing more has to happen with these goods; *lost* is over only when it was settled with the customer."""
PARCEL_COLOURS = {
    ParcelState.AWAITED: "amber",
    ParcelState.IN_TRANSIT: "blue",
    ParcelState.RECEIVED: "blue",
    ParcelState.LOST: "red",
    ParcelState.REFUSED_AT_DOOR: "amber",
    ParcelState.INTERCEPTED: "amber",
    ParcelState.INSPECTED: "blue",
    ParcelState.KEPT: "green",
    ParcelState.SENT_BACK: "blue",
    ParcelState.DELIVERED_BACK: "grey",
    ParcelState.DELIVERED: "green",
    ParcelState.UNCLAIMED: "amber",
    ParcelState.EXPIRED: "grey",
    ParcelState.CANCELLED: "bare",
}


class PaymentKind(models.TextChoices):
    REFUND = "refund", pgettext_lazy("payment kind", "Refund")
    COMPENSATION = "compensation", pgettext_lazy("payment kind", "Compensation")
    FREIGHT = "freight", pgettext_lazy("payment kind", "Return freight")
    ADVANCE = "advance", pgettext_lazy("payment kind", "Advance of the platform")
    SUPPLEMENT = "supplement", pgettext_lazy("payment kind", "Paid beyond the order")


class PaymentState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("payment state", "Proposed")
    AWAITING_APPROVAL = "awaiting_approval", pgettext_lazy("payment state", "Waits for a second person")
    APPROVED = "approved", pgettext_lazy("payment state", "Approved")
    SUBMITTED = "submitted", pgettext_lazy("payment state", "With the bank")
    SUCCEEDED = "succeeded", pgettext_lazy("payment state", "Paid")
    FAILED = "failed", pgettext_lazy("payment state", "Failed")
    UNKNOWN = "unknown", pgettext_lazy("payment state", "Outcome unknown")
    RETURNED = "returned_by_bank", pgettext_lazy("payment state", "Returned by the bank")
    PAYEE_NEEDED = "payee_needed", pgettext_lazy("payment state", "Needs another payee")
    REPLACED = "replaced", pgettext_lazy("payment state", "Paid anew")
    REVERSED = "reversed", pgettext_lazy("payment state", "Reversed")
    REJECTED = "rejected", pgettext_lazy("payment state", "Not approved")
    CANCELLED = "cancelled", pgettext_lazy("payment state", "Cancelled")


OPEN_PAYMENTS = frozenset({
    PaymentState.PROPOSED, PaymentState.AWAITING_APPROVAL, PaymentState.APPROVED, PaymentState.SUBMITTED,
    PaymentState.FAILED, PaymentState.UNKNOWN, PaymentState.RETURNED, PaymentState.PAYEE_NEEDED,
})  # fmt: skip
COUNTS_AS_PAID = frozenset({*OPEN_PAYMENTS, PaymentState.SUCCEEDED})
"""States in which a payment takes of what a case may still pay."""
PAYMENT_COLOURS = {
    PaymentState.PROPOSED: "grey",
    PaymentState.AWAITING_APPROVAL: "amber",
    PaymentState.APPROVED: "blue",
    PaymentState.SUBMITTED: "blue",
    PaymentState.SUCCEEDED: "green",
    PaymentState.FAILED: "red",
    PaymentState.UNKNOWN: "red",
    PaymentState.RETURNED: "red",
    PaymentState.PAYEE_NEEDED: "amber",
    PaymentState.REPLACED: "bare",
    PaymentState.REVERSED: "bare",
    PaymentState.REJECTED: "red",
    PaymentState.CANCELLED: "bare",
}


class Gateway(models.TextChoices):
    """How the money goes out."""

    BATCH_FILE = "batch_file", pgettext_lazy("gateway of money", "Bank file")
    HTTP = "http", pgettext_lazy("gateway of money", "Payment service")
    IN_KIND = "in_kind", pgettext_lazy("gateway of money", "Back in kind")


CALLABLE_BACK = frozenset({
    PaymentState.PROPOSED, PaymentState.AWAITING_APPROVAL, PaymentState.APPROVED, PaymentState.FAILED,
    PaymentState.RETURNED, PaymentState.PAYEE_NEEDED,
})  # fmt: skip
"""States of a payment from which nothing can go out by itself any more: it is cancelled with its case."""


class RunState(models.TextChoices):
    """A bank file: collected, released by a second person, written, and every answer there."""

    DRAFT = "draft", pgettext_lazy("run state", "Collected")
    APPROVED = "approved", pgettext_lazy("run state", "Released")
    EXPORTED = "exported", pgettext_lazy("run state", "With the bank")
    SETTLED = "settled", pgettext_lazy("run state", "All answered")
    CANCELLED = "cancelled", pgettext_lazy("run state", "Cancelled")


RUN_COLOURS = {
    RunState.DRAFT: "amber",
    RunState.APPROVED: "blue",
    RunState.EXPORTED: "blue",
    RunState.SETTLED: "green",
    RunState.CANCELLED: "bare",
}


class BankOutcome(models.TextChoices):
    """What the bank says of one payment."""

    PAID = "paid", pgettext_lazy("bank outcome", "Paid")
    FAILED = "failed", pgettext_lazy("bank outcome", "Failed")
    RETURNED = "returned", pgettext_lazy("bank outcome", "Returned")


class NameCheck(models.TextChoices):
    """Whether the holder of another account is the payer."""

    SAME = "same", pgettext_lazy("name check", "Same name as the payer")
    PROVEN = "proven", pgettext_lazy("name check", "Another name, with proof")


class StatementSide(models.TextChoices):
    OUT = "out", pgettext_lazy("statement", "Money out")
    BACK = "back", pgettext_lazy("statement", "Money back")


class DifferenceKind(models.TextChoices):
    """How a statement and our payments disagree."""

    UNKNOWN = "unknown", pgettext_lazy("difference", "The statement names a payment we do not know")
    AMOUNT = "amount", pgettext_lazy("difference", "Another amount")
    NOT_BOOKED = "not_booked", pgettext_lazy("difference", "Paid there, not here")
    NOT_RETURNED = "not_returned", pgettext_lazy("difference", "Came back there, counts as paid here")
    TWICE = "twice", pgettext_lazy("difference", "Paid twice")
    STILL_OUT = "still_out", pgettext_lazy("difference", "Returned here, still out there")
    NOT_TOLD = "not_told", pgettext_lazy("difference", "Paid here, the statement does not know it")


class DifferenceState(models.TextChoices):
    OPEN = "open", pgettext_lazy("difference state", "Open")
    EXPLAINED = "explained", pgettext_lazy("difference state", "Explained")
    CORRECTED = "corrected", pgettext_lazy("difference state", "Put right")


DIFFERENCE_COLOURS = {
    DifferenceState.OPEN: "red",
    DifferenceState.EXPLAINED: "grey",
    DifferenceState.CORRECTED: "green",
}


COMING = frozenset({
    ParcelState.AWAITED, ParcelState.IN_TRANSIT, ParcelState.RECEIVED, ParcelState.REFUSED_AT_DOOR,
    ParcelState.INTERCEPTED,
})  # fmt: skip
"""Goods on which nobody has judged yet: what was agreed stands until then."""
HERE = frozenset({ParcelState.RECEIVED, ParcelState.REFUSED_AT_DOOR, ParcelState.INTERCEPTED})
JUDGED = frozenset({ParcelState.INSPECTED, ParcelState.KEPT})


class Grade(models.TextChoices):
    """How the goods came back."""

    NEW = "new", pgettext_lazy("grade of goods", "As new")
    OPENED = "opened", pgettext_lazy("grade of goods", "Opened, complete")
    WORN = "worn", pgettext_lazy("grade of goods", "Traces of use")
    BROKEN = "broken", pgettext_lazy("grade of goods", "Broken or incomplete")


class FoundCause(models.TextChoices):
    """What the inspection found, beside the reason the customer gave."""

    NONE = "none", pgettext_lazy("cause found", "No fault found")
    FAULT = "fault", pgettext_lazy("cause found", "Fault of the article")
    DESCRIPTION = "description", pgettext_lazy("cause found", "Differs from its description")
    PACKING = "packing", pgettext_lazy("cause found", "Badly packed by the seller")
    CARRIER = "carrier", pgettext_lazy("cause found", "Damaged by the carrier")
    USE = "use", pgettext_lazy("cause found", "Damaged in use")
    INCOMPLETE = "incomplete", pgettext_lazy("cause found", "Parts are missing")
    OTHER_ITEM = "other_item", pgettext_lazy("cause found", "Another article lay in the parcel")


class ReviewCause(models.TextChoices):
    """Why a person should look at a case again; a mark, never a decision (R4.6)."""

    SHORT = "short", pgettext_lazy("review of a case", "Less came back than was refunded")
    NEVER_SENT = "never_sent", pgettext_lazy("review of a case", "Refunded, and the goods were never sent")
    DELIVERED = "delivered", pgettext_lazy("review of a case", "Refunded, and the customer has the goods")
    PERSON = "person", pgettext_lazy("review of a case", "Approved by rule; the customer asks for a person")
    NO_ADDRESS = (
        "no_address",
        pgettext_lazy("review of a case", "The merchant gave no return address in time"),
    )
    UNCONFIRMED = (
        "unconfirmed",
        pgettext_lazy("review of a case", "The merchant did not confirm the goods in time"),
    )
    NOT_SENT = (
        "not_sent",
        pgettext_lazy("review of a case", "The merchant did not send the replacement in time"),
    )


class PhotoOf(models.TextChoices):
    """What a picture of the receiving desk shows."""

    OPENING = "opening", pgettext_lazy("photo", "Opening")
    GOODS = "goods", pgettext_lazy("photo", "Goods")
    UNKNOWN = "unknown", pgettext_lazy("photo", "Unknown parcel")
