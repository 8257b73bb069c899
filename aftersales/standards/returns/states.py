"""Words of the return rules: what is asked for, why, counted from what, who bears which leg of freight."""

from django.db import models
from django.utils.translation import pgettext_lazy


class Chapter(models.TextChoices):
    """Where a rule stands in the book."""

    NO_REASON = "no_reason", pgettext_lazy("chapter of return rules", "No-reason return")
    FAULT = "fault", pgettext_lazy("chapter of return rules", "Faults and wrong deliveries")
    WARRANTY = "warranty", pgettext_lazy("chapter of return rules", "Warranty and repair")
    BEFORE = "before", pgettext_lazy("chapter of return rules", "Before the goods arrive")
    DUTY = "duty", pgettext_lazy("chapter of return rules", "What follows a yes")


class Effect(models.TextChoices):
    """What a rule does to the question it speaks about."""

    GRANTS = "grants", pgettext_lazy("effect of a return rule", "Gives a right")
    EXCLUDES = "excludes", pgettext_lazy("effect of a return rule", "Takes the right away")
    LOOKS = "looks", pgettext_lazy("effect of a return rule", "A person looks")
    PROVES = "proves", pgettext_lazy("effect of a return rule", "Says who must prove")
    OWES = "owes", pgettext_lazy("effect of a return rule", "Says what is owed then")


class Demand(models.TextChoices):
    """What the customer asks for."""

    RETURN = "return", pgettext_lazy("demand", "Return and refund")
    EXCHANGE = "exchange", pgettext_lazy("demand", "Exchange")
    REPAIR = "repair", pgettext_lazy("demand", "Repair")
    REFUND_ONLY = "refund_only", pgettext_lazy("demand", "Refund only")
    COMPENSATION = "compensation", pgettext_lazy("demand", "Compensation")


class Ground(models.TextChoices):
    """Why he asks for it."""

    NO_REASON = "no_reason", pgettext_lazy("ground", "No reason (7 days)")
    QUALITY = "quality", pgettext_lazy("ground", "Quality fault")
    NOT_AS_DESCRIBED = "not_as_described", pgettext_lazy("ground", "Not as described")
    WRONG_ITEM = "wrong_item", pgettext_lazy("ground", "Wrong item")
    MISSING = "missing", pgettext_lazy("ground", "Parts or pieces missing")
    DAMAGED = "damaged", pgettext_lazy("ground", "Damaged on the way")
    NOT_RECEIVED = "not_received", pgettext_lazy("ground", "Not received")
    NOT_SENT = "not_sent", pgettext_lazy("ground", "Not sent yet")
    LATE = "late", pgettext_lazy("ground", "Too late")
    REFUSED = "refused", pgettext_lazy("ground", "Refused at the door")
    WARRANTY = "warranty", pgettext_lazy("ground", "Fault under warranty")
    SERVICE = "service", pgettext_lazy("ground", "Service failure")
    MINOR = "minor", pgettext_lazy("ground", "Bought by a minor")
    OTHER = "other", pgettext_lazy("ground", "Other")


class Stage(models.TextChoices):
    """How far the goods have come."""

    NOT_SENT = "not_sent", pgettext_lazy("stage of goods", "Not sent yet")
    UNDER_WAY = "under_way", pgettext_lazy("stage of goods", "On the way")
    ARRIVED = "arrived", pgettext_lazy("stage of goods", "Arrived")


class Anchor(models.TextChoices):
    """The event a window is counted from; day 1 is the day after it."""

    SIGNED = "signed", pgettext_lazy("anchor", "Signed for")
    INSTALLED = "installed", pgettext_lazy("anchor", "Installed")
    REPLACED = "replaced", pgettext_lazy("anchor", "Replacement signed for")
    REPAIRED = "repaired", pgettext_lazy("anchor", "Handed back after repair")
    PAID = "paid", pgettext_lazy("anchor", "Paid")
    ORDERED = "ordered", pgettext_lazy("anchor", "Ordered")
    ASKED = "asked", pgettext_lazy("anchor", "Asked for")
    GOODS_BACK = "goods_back", pgettext_lazy("anchor", "Goods back at the seller")


AFTER_THE_QUESTION = frozenset({Anchor.ASKED, Anchor.GOODS_BACK})
"""Events that come with or after the request: what is owed then is counted from them, no right is."""


class WindowUnit(models.TextChoices):
    """How a window is counted. All but hours end with the last day at 24:00 in the market's zone."""

    HOURS = "hours", pgettext_lazy("unit", "hours")
    DAYS = "days", pgettext_lazy("unit", "calendar days")
    WORKING_DAYS = "working_days", pgettext_lazy("unit", "working days")
    MONTHS = "months", pgettext_lazy("unit", "months")
    YEARS = "years", pgettext_lazy("unit", "years")


class Carry(models.TextChoices):
    """What something later does to a window: nothing, it goes on, or a person says."""

    KEEPS = "keeps", pgettext_lazy("effect on a window", "The window stays as it is")
    GOES_ON = "goes_on", pgettext_lazy("effect on a window", "The window goes on")
    PERSON = "person", pgettext_lazy("effect on a window", "A person says")


class LineRule(models.TextChoices):
    """The no-reason right of an order line as it was told when it was bought."""

    NO_REASON = "no_reason", pgettext_lazy("return rule", "No-reason return")
    SOFT = "soft_exception", pgettext_lazy("return rule", "Excluded if confirmed for this purchase")
    HARD = "hard_exception", pgettext_lazy("return rule", "Excluded by law")


class ExceptionKind(models.TextChoices):
    """Why goods are out of the no-reason right: the first four by law, the rest only when confirmed."""

    CUSTOM_MADE = "custom_made", pgettext_lazy("exception", "Made to order")
    PERISHABLE = "perishable", pgettext_lazy("exception", "Fresh or perishable")
    MEDIA_UNSEALED = "media_unsealed", pgettext_lazy("exception", "Downloaded, or media unsealed")
    PERIODICALS = "periodicals", pgettext_lazy("exception", "Newspapers and magazines")
    OPENED_UNSAFE = "opened_unsafe", pgettext_lazy("exception", "Unsafe or spoilt once opened")
    ACTIVATED = "activated", pgettext_lazy("exception", "Loses much value once activated")
    NEAR_EXPIRY = "near_expiry", pgettext_lazy("exception", "Sold as near expiry or flawed")


class Bearer(models.TextChoices):
    """Who bears a leg of freight."""

    CUSTOMER = "customer", pgettext_lazy("side", "Customer")
    MERCHANT = "merchant", pgettext_lazy("side", "Merchant")
    CARRIER = "carrier", pgettext_lazy("side", "Carrier")
    INSURER = "insurer", pgettext_lazy("side", "Insurer")
    PLATFORM = "platform", pgettext_lazy("side", "Platform")
    NOBODY = "", pgettext_lazy("side", "Nobody")


class Silence(models.TextChoices):
    """What happens when the merchant does not answer in time."""

    APPROVED = "approved", pgettext_lazy("silence", "It is approved")
    PLATFORM = "platform", pgettext_lazy("silence", "The platform decides")
    PERSON = "person", pgettext_lazy("silence", "A person looks")


class Evidence(models.TextChoices):
    """What the customer is asked to show."""

    PHOTO = "photo", pgettext_lazy("evidence", "Photo")
    VIDEO = "video", pgettext_lazy("evidence", "Video")
    LABEL = "label", pgettext_lazy("evidence", "Photo of the shipping label")
    SERIAL = "serial", pgettext_lazy("evidence", "Serial number")
    INVOICE = "invoice", pgettext_lazy("evidence", "Invoice or order")
    WARRANTY_CARD = "warranty_card", pgettext_lazy("evidence", "Warranty card")
    REPAIR_RECORD = "repair_record", pgettext_lazy("evidence", "Repair record")
    CARRIER_NOTE = "carrier_note", pgettext_lazy("evidence", "Carrier's note")


class Condition(models.TextChoices):
    """What must be true of the goods when they come back."""

    INTACT = (
        "intact",
        pgettext_lazy("condition of goods", "Quality and function as sold; opening is no fault"),
    )
    COMPLETE = "complete", pgettext_lazy("condition of goods", "With parts, marks and papers")
    GIFTS = "gifts", pgettext_lazy("condition of goods", "With gifts, or their stated price")


class Mark(models.TextChoices):
    """What is special about an order."""

    PRESALE = "presale", pgettext_lazy("mark of an order", "Presale")
    CROSS_BORDER = "cross_border", pgettext_lazy("mark of an order", "Cross-border")
    GIFT = "gift", pgettext_lazy("mark of an order", "Gift")
    CASH_ON_DELIVERY = "cash_on_delivery", pgettext_lazy("mark of an order", "Cash on delivery")
    MINOR = "minor", pgettext_lazy("mark of an order", "Bought by a minor")


class Verdict(models.TextChoices):
    """The answer. A machine never says no by doubt."""

    YES = "yes", pgettext_lazy("eligibility", "Yes")
    NO = "no", pgettext_lazy("eligibility", "No")
    PERSON = "person", pgettext_lazy("eligibility", "A person must look")


VERDICT_COLOURS: dict[str, str] = {Verdict.YES: "green", Verdict.NO: "red", Verdict.PERSON: "amber"}


class Weight(models.TextChoices):
    """What a reason does to the answer."""

    FOR = "for", pgettext_lazy("reason", "Speaks for it")
    AGAINST = "against", pgettext_lazy("reason", "Speaks against it")
    DOUBT = "doubt", pgettext_lazy("reason", "Needs a person")
    NOTE = "note", pgettext_lazy("reason", "Also true")
