"""Codes of the rule book with their words."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import pgettext_lazy

from aftersales.core.rulebook import RuleState

STATE_COLOURS: dict[str, str] = {
    RuleState.DRAFT: "amber",
    RuleState.ACTIVE: "green",
    RuleState.RETIRED: "grey",
    RuleState.REJECTED: "red",
    RuleState.NOTED: "blue",
}


class Promise(models.TextChoices):
    """What is promised. One promise has at most one running clock on a subject."""

    FIRST_RESPONSE = "first_response", pgettext_lazy("promise", "First response")
    REPLY = "reply", pgettext_lazy("promise", "Reply to a message")
    EMERGENCY_RESPONSE = "emergency_response", pgettext_lazy("promise", "Emergency response")
    PLAN = "plan", pgettext_lazy("promise", "Analysis and plan")
    SOLUTION_AGREED = "solution_agreed", pgettext_lazy("promise", "Solution agreed")
    DONE = "done", pgettext_lazy("promise", "Handled")
    CLOSED_LOOP = "closed_loop", pgettext_lazy("promise", "Closed loop")
    VERIFICATION = "verification", pgettext_lazy("promise", "Verification")
    ARCHIVE = "archive", pgettext_lazy("promise", "Archive record")
    DISCOVERY_TO_TICKET = "discovery_to_ticket", pgettext_lazy("promise", "Reported after discovery")
    MERCHANT_ANSWER = "merchant_answer", pgettext_lazy("promise", "Merchant's answer")
    RETURN_HANDLED = "return_handled", pgettext_lazy("promise", "Return or exchange handled")
    REFUND = "refund", pgettext_lazy("promise", "Refund paid")
    REPAIR = "repair", pgettext_lazy("promise", "Repair done")
    KEPT_WORD = "kept_word", pgettext_lazy("promise", "Given word")
    RETURN_ADDRESS = "return_address", pgettext_lazy("promise", "Return address given")
    RECEIPT = "receipt", pgettext_lazy("promise", "Receipt of the goods confirmed")
    REPLACEMENT = "replacement", pgettext_lazy("promise", "Replacement sent")
    AUTHORITY_REPLY = "authority_reply", pgettext_lazy("promise", "Reply to the authority")
    AUTHORITY_ANSWER = "authority_answer", pgettext_lazy("promise", "Merchant's answer for the authority")


class Place(models.TextChoices):
    """The ends of a way that goods take."""

    DISPATCH = "dispatch", pgettext_lazy("end of a way", "Place of dispatch")
    DELIVERY = "delivery", pgettext_lazy("end of a way", "Place of delivery")


class TradeDuty(models.TextChoices):
    """What is owed of an order itself; no clock watches it, figures do."""

    DISPATCH = "dispatch", pgettext_lazy("promise", "Dispatch of orders")
    DELIVERY = "delivery", pgettext_lazy("promise", "Delivery of orders")


BOTH_ENDS = frozenset(Place)
EXCUSED_AT: Mapping[str, frozenset[Place]] = {
    **dict.fromkeys(Promise, frozenset({Place.DISPATCH})),
    Promise.REPLACEMENT: BOTH_ENDS,
    Promise.REPAIR: BOTH_ENDS,
    TradeDuty.DISPATCH: BOTH_ENDS,
    TradeDuty.DELIVERY: BOTH_ENDS,
}
"""At which ends a disaster excuses what a merchant owes: what has to reach the customer at both, because no carrier
takes it there; everything else where the merchant is."""

LETTERED = frozenset({Promise.AUTHORITY_REPLY, Promise.AUTHORITY_ANSWER})
"""Promises that a letter makes: its own deadline, and what is asked of the merchant because of it."""
OWN_TERMS = LETTERED | {Promise.KEPT_WORD}
"""Promises without a standard: each was made with a time of its own."""


class Family(models.TextChoices):
    """The four kinds of service standard of R1.7."""

    PROCESS = "process", pgettext_lazy("kind of standard", "Process")
    RESPONSE = "response", pgettext_lazy("kind of standard", "Response")
    DELIVERY = "delivery", pgettext_lazy("kind of standard", "Delivery")
    EVALUATION = "evaluation", pgettext_lazy("kind of standard", "Evaluation")


class ClockKind(models.TextChoices):
    """Service clocks pause; statutory ones only for causes the rule names; obligations have consequences."""

    SERVICE = "service", pgettext_lazy("clock kind", "Service")
    STATUTORY = "statutory", pgettext_lazy("clock kind", "Statutory")
    OBLIGATION = "obligation", pgettext_lazy("clock kind", "Obligation")


class Debtor(models.TextChoices):
    """Who owes the promise."""

    TEAM = "team", pgettext_lazy("debtor", "The handling team")
    LEAD = "lead", pgettext_lazy("debtor", "The team's lead")
    PERSON = "person", pgettext_lazy("debtor", "The person handling it")
    OWNER = "owner", pgettext_lazy("debtor", "The first-contact owner")
    MERCHANT = "merchant", pgettext_lazy("debtor", "The merchant")
    CUSTOMER = "customer", pgettext_lazy("debtor", "The customer")
    CARRIER = "carrier", pgettext_lazy("debtor", "The carrier")
    PROVIDER = "provider", pgettext_lazy("debtor", "A service provider")
    DEPARTMENT = "department", pgettext_lazy("debtor", "A department of the platform")


class Unit(models.TextChoices):
    """Units of limits and numbers. Minutes and hours are counted in the calendar's working time."""

    MINUTES = "minutes", pgettext_lazy("unit", "minutes")
    HOURS = "hours", pgettext_lazy("unit", "hours")
    DAYS = "days", pgettext_lazy("unit", "calendar days")
    WORKING_DAYS = "working_days", pgettext_lazy("unit", "working days")


TIME_UNITS: frozenset[str] = frozenset({Unit.MINUTES, Unit.HOURS})
"""Units counted in working time; the others count days."""


class Measure(models.TextChoices):
    """What a parameter's number counts."""

    SECONDS = "seconds", pgettext_lazy("unit", "seconds")
    MINUTES = "minutes", pgettext_lazy("unit", "minutes")
    HOURS = "hours", pgettext_lazy("unit", "hours")
    DAYS = "days", pgettext_lazy("unit", "calendar days")
    WORKING_DAYS = "working_days", pgettext_lazy("unit", "working days")
    MONTHS = "months", pgettext_lazy("unit", "months")
    YEARS = "years", pgettext_lazy("unit", "years")
    COUNT = "count", pgettext_lazy("unit", "times")
    STARS = "stars", pgettext_lazy("unit", "stars")
    PERCENT = "percent", pgettext_lazy("unit", "per cent")
    POINTS = "points", pgettext_lazy("unit", "points of 100")
    PIECES = "pieces", pgettext_lazy("unit", "pieces")
    YUAN = "yuan", pgettext_lazy("unit", "yuan")
    TICKETS = "tickets", pgettext_lazy("unit", "tickets")
    MIB = "mib", "MiB"
    KIB = "kib", "KiB"
    CHARACTERS = "characters", pgettext_lazy("unit", "characters")
    TEXT = "text", pgettext_lazy("unit", "text")
    CODES = "codes", pgettext_lazy("unit", "list of codes")


class Stance(models.TextChoices):
    """How a parameter is used: a limit acts, a target colours figures, a shown number does neither."""

    LIMIT = "limit", pgettext_lazy("use of a number", "Acts")
    TARGET = "target", pgettext_lazy("use of a number", "Target")
    SHOWN = "shown", pgettext_lazy("use of a number", "Shown only")


class DayKind(models.TextChoices):
    """A day that differs from its weekday."""

    HOLIDAY = "holiday", pgettext_lazy("kind of day", "Holiday")
    MAKE_UP = "make_up", pgettext_lazy("kind of day", "Make-up working day")


class YearState(models.TextChoices):
    """Whether the year's arrangement has been announced."""

    ANNOUNCED = "announced", pgettext_lazy("calendar year", "Announced")
    PROVISIONAL = "provisional", pgettext_lazy("calendar year", "Provisional")


SEVERITY_ORDER: tuple[str, ...] = ("minor", "major", "critical")
"""From harmless to worst: the order in which worse may never wait longer (R3.4)."""


class Taken(models.TextChoices):
    """What became of a comment on a draft."""

    TAKEN = "taken", pgettext_lazy("comment on a rule", "Taken up")
    PARTLY = "partly", pgettext_lazy("comment on a rule", "Taken up in part")
    NOT_TAKEN = "not", pgettext_lazy("comment on a rule", "Not taken up")
