"""Words of the ticket room: states, grades, kinds, channels, results."""

from datetime import UTC, datetime

from django.db import models
from django.utils.translation import pgettext_lazy


class TicketState(models.TextChoices):
    """Life of a ticket (DESIGN 4). No state leaves the customer without an exit: see the ``reopen`` move."""

    NEW = "new", pgettext_lazy("ticket state", "New")
    TRIAGED = "triaged", pgettext_lazy("ticket state", "Triaged")
    ASSIGNED = "assigned", pgettext_lazy("ticket state", "Assigned")
    IN_PROGRESS = "in_progress", pgettext_lazy("ticket state", "In progress")
    WAITING = "waiting", pgettext_lazy("ticket state", "Waiting")
    RESOLVED = "resolved", pgettext_lazy("ticket state", "Resolved")
    CLOSED = "closed", pgettext_lazy("ticket state", "Closed")
    UNREACHABLE = "unreachable", pgettext_lazy("ticket state", "Customer not reached")
    ARCHIVED = "archived", pgettext_lazy("ticket state", "Archived")
    SEALED = "sealed", pgettext_lazy("ticket state", "Sealed")
    CANCELLED = "cancelled", pgettext_lazy("ticket state", "Cancelled")
    MERGED = "merged", pgettext_lazy("ticket state", "Merged")


S = TicketState
OPEN_STATES: tuple[str, ...] = (S.NEW, S.TRIAGED, S.ASSIGNED, S.IN_PROGRESS, S.WAITING)
"""Somebody still has to do something before the customer can be told a result."""
ACTIVE_STATES: tuple[str, ...] = (*OPEN_STATES, S.RESOLVED)
REVIEW_STATES: tuple[str, ...] = (S.CLOSED, S.UNREACHABLE, S.CANCELLED)
"""Finished, and waiting for a lead's look: the record comes from it."""
UNASSIGNED_STATES: tuple[str, ...] = (S.NEW, S.TRIAGED)
TERMINAL_STATES: tuple[str, ...] = (S.SEALED,)

NO_SUBJECT = "–"
"""The subject of a ticket whose words were erased."""

NO_DUE = datetime(9999, 12, 31, tzinfo=UTC)
"""``next_due_at`` of a ticket without a running clock: sorts last and needs no NULL in the keyset."""


class WaitFor(models.TextChoices):
    """Whose turn it is while a ticket waits; each wait has a time at which the ticket wakes up by itself."""

    CUSTOMER = "customer", pgettext_lazy("waits for", "Customer")
    MERCHANT = "merchant", pgettext_lazy("waits for", "Merchant")
    CARRIER = "carrier", pgettext_lazy("waits for", "Carrier")
    PAYMENT = "payment", pgettext_lazy("waits for", "Payment provider")
    WAREHOUSE = "warehouse", pgettext_lazy("waits for", "Warehouse")
    REPAIR = "repair", pgettext_lazy("waits for", "Repair shop")
    PARTNER = "partner", pgettext_lazy("waits for", "Service partner")
    BANK = "bank", pgettext_lazy("waits for", "Bank")
    AUTHORITY = "authority", pgettext_lazy("waits for", "Authority")
    TECH = "tech", pgettext_lazy("waits for", "Technical department")
    DEPARTMENT = "department", pgettext_lazy("waits for", "Another department")
    SCHEDULED = "scheduled", pgettext_lazy("waits for", "Agreed date")


class Woken(models.TextChoices):
    """What ended a wait."""

    TIME = "time", pgettext_lazy("wait ended", "its time is over")
    EVENT = "event", pgettext_lazy("wait ended", "the answer came")
    PERSON = "person", pgettext_lazy("wait ended", "somebody went on")


class Severity(models.TextChoices):
    """How bad it is (G4.1 level 1–3)."""

    MINOR = "minor", pgettext_lazy("severity", "General")
    MAJOR = "major", pgettext_lazy("severity", "Major")
    CRITICAL = "critical", pgettext_lazy("severity", "Critical")


SEVERITY_ORDER: tuple[str, ...] = (Severity.MINOR, Severity.MAJOR, Severity.CRITICAL)


class Nature(models.TextChoices):
    """What sort of matter it is (G4.1 level 4–6 beside ordinary operation)."""

    OPERATION = "operation", pgettext_lazy("nature", "Ordinary service")
    PROCESS = "process", pgettext_lazy("nature", "Process")
    COMPLAINT = "complaint", pgettext_lazy("nature", "Complaint")
    FEEDBACK = "feedback", pgettext_lazy("nature", "Feedback")


class Level(models.TextChoices):
    """The source's single scale, derived from the two axes (R5.1)."""

    L1 = "L1", pgettext_lazy("level", "General")
    L2 = "L2", pgettext_lazy("level", "Major")
    L3 = "L3", pgettext_lazy("level", "Critical")
    L4 = "L4", pgettext_lazy("level", "Process")
    L5 = "L5", pgettext_lazy("level", "Complaint")
    L6 = "L6", pgettext_lazy("level", "Feedback")


class Kind(models.TextChoices):
    """What the customer's problem is about; decides the duty it is dispatched to (R3.2)."""

    ORDER = "order", pgettext_lazy("ticket kind", "Order")
    LOGISTICS = "logistics", pgettext_lazy("ticket kind", "Logistics")
    PAYMENT = "payment", pgettext_lazy("ticket kind", "Payment and refund")
    RETURNS = "returns", pgettext_lazy("ticket kind", "Return and exchange")
    REPAIR = "repair", pgettext_lazy("ticket kind", "Repair")
    QUALITY = "quality", pgettext_lazy("ticket kind", "Product quality")
    SERVICE = "service", pgettext_lazy("ticket kind", "Service attitude")
    INVOICE = "invoice", pgettext_lazy("ticket kind", "Invoice")
    CONSULTATION = "consultation", pgettext_lazy("ticket kind", "Consultation")
    SAFETY = "safety", pgettext_lazy("ticket kind", "Safety")
    OTHER = "other", pgettext_lazy("ticket kind", "Other")


class Channel(models.TextChoices):
    """Where the contact came in (R3.1)."""

    APP = "app", pgettext_lazy("channel", "App")
    WEB = "web", pgettext_lazy("channel", "Web")
    CHAT = "chat", pgettext_lazy("channel", "Chat")
    PHONE = "phone", pgettext_lazy("channel", "Phone")
    MESSAGE = "message", pgettext_lazy("channel", "Message")
    EMAIL = "email", pgettext_lazy("channel", "E-mail")
    SOCIAL = "social", pgettext_lazy("channel", "Social media")
    MERCHANT = "merchant", pgettext_lazy("channel", "Merchant")
    SHEET = "sheet", pgettext_lazy("channel", "Sheet")
    RULE = "rule", pgettext_lazy("channel", "Found by rule")
    STAFF = "staff", pgettext_lazy("channel", "Found by staff")


class Result(models.TextChoices):
    """How a ticket was solved; the first result stays for statistics."""

    EXPLAINED = "explained", pgettext_lazy("result", "Explained")
    REFUNDED = "refunded", pgettext_lazy("result", "Refund arranged")
    RETURNED = "returned", pgettext_lazy("result", "Return arranged")
    EXCHANGED = "exchanged", pgettext_lazy("result", "Exchange arranged")
    REPAIRED = "repaired", pgettext_lazy("result", "Repair arranged")
    RESENT = "resent", pgettext_lazy("result", "Sent again")
    COMPENSATED = "compensated", pgettext_lazy("result", "Compensated")
    DELIVERED = "delivered", pgettext_lazy("result", "Delivered meanwhile")
    CORRECTED = "corrected", pgettext_lazy("result", "Corrected")
    DECLINED = "declined", pgettext_lazy("result", "Request declined with reason")


class ClosedHow(models.TextChoices):
    """Who ended it: counted apart, never mixed (operations S2)."""

    CONFIRMED = "confirmed", pgettext_lazy("closed how", "Confirmed by the customer")
    SILENCE = "silence", pgettext_lazy("closed how", "No answer in time")
    VERIFIED = "verified", pgettext_lazy("closed how", "Confirmed to staff")
    UNREACHABLE = "unreachable", pgettext_lazy("closed how", "Customer not reached")
    CANCELLED = "cancelled", pgettext_lazy("closed how", "Cancelled")
    MERGED = "merged", pgettext_lazy("closed how", "Merged into another ticket")


class AskInPerson(models.TextChoices):
    """Why no message can end a resolved ticket and a person has to ask the customer, best by telephone."""

    NO_CUSTOMER = "no_customer", pgettext_lazy("ask in person", "no customer is known")
    HISTORIC = "historic", pgettext_lazy("ask in person", "historic tickets send no messages")
    NO_ADDRESS = "no_address", pgettext_lazy("ask in person", "no address is known")
    BAD_ADDRESS = "bad_address", pgettext_lazy("ask in person", "the address is not valid")
    OPTED_OUT = "opted_out", pgettext_lazy("ask in person", "the customer wants no messages")
    ERASED = "erased", pgettext_lazy("ask in person", "the personal data was erased")
    OFF = "off", pgettext_lazy("ask in person", "this message is switched off")
    PARKED = "parked", pgettext_lazy("ask in person", "it could not be delivered")
    MISSING = "missing", pgettext_lazy("ask in person", "no message was written")
    UNANSWERED = "unanswered", pgettext_lazy("ask in person", "no answer came and silence does not close it")


class NotDispatched(models.TextChoices):
    """Why dispatch found nobody."""

    NOBODY_HAS_DUTY = "nobody_has_duty", pgettext_lazy("not dispatched", "no team has this duty")
    NOBODY_ON_SHIFT = (
        "nobody_on_shift",
        pgettext_lazy("not dispatched", "everybody with this duty is off shift"),
    )
    NOBODY_FREE = "nobody_free", pgettext_lazy("not dispatched", "everybody on shift has their hands full")
    NOBODY_FIT = "nobody_fit", pgettext_lazy("not dispatched", "nobody on shift may take this one")


class DispatchPart(models.TextChoices):
    """What dispatch weighs, and how heavy a ticket of each severity is."""

    DUTY = "duty", pgettext_lazy("dispatch part", "Duty and certificate")
    LOAD = "load", pgettext_lazy("dispatch part", "Load")
    KNOWN = "known", pgettext_lazy("dispatch part", "Knows the customer")
    SHIFT = "shift", pgettext_lazy("dispatch part", "Shift left")
    GREEN = "green", pgettext_lazy("dispatch part", "Green channel")
    LANGUAGE = "language", pgettext_lazy("dispatch part", "Language")
    IDLE = "idle", pgettext_lazy("dispatch part", "Idle longest")


class LoadFactor(models.TextChoices):
    """How heavy a ticket counts, in per cent of an ordinary one."""

    MINOR = "load_minor", pgettext_lazy("dispatch part", "Weight of a general ticket %")
    MAJOR = "load_major", pgettext_lazy("dispatch part", "Weight of a major ticket %")
    CRITICAL = "load_critical", pgettext_lazy("dispatch part", "Weight of a critical ticket %")


class OwnReason(models.TextChoices):
    """Reasons that the product gives itself: stored as codes, said in the reader's language."""

    SHIPPED = "shipped", pgettext_lazy("own reason", "comes with the product")
    NOT_SOLVED = "not_solved", pgettext_lazy("own reason", "the customer says that it is not solved")
    WAKE_UP = "wake_up", pgettext_lazy("own reason", "the time to wait is over")
    APPOINTMENT = "appointment", pgettext_lazy("own reason", "until the appointment")
    APPOINTMENT_OVER = "appointment_over", pgettext_lazy("own reason", "the appointment is over")
    WAIT_OVER = "wait_over", pgettext_lazy("own reason", "the wait is over and this person goes on")
    WORSE_SIGNAL = "worse_signal", pgettext_lazy("own reason", "a further signal is worse")
    HANDED_OVER = "handed_over", pgettext_lazy("own reason", "the hand-over sheet is signed by both")
    SAME_ORDER = "same_order", pgettext_lazy("own reason", "a further signal about the same order")
    UNTOUCHED = "untouched", pgettext_lazy("own reason", "nobody began to work on it in time")
    CERTIFICATE_OVER = (
        "certificate_over",
        pgettext_lazy("own reason", "the certificate does not count any more"),
    )
    SHIFT_OVER = "shift_over", pgettext_lazy("own reason", "the shift ended before anybody began")


class CancelReason(models.TextChoices):
    WITHDRAWN = "withdrawn", pgettext_lazy("cancel reason", "Withdrawn by the customer")
    DUPLICATE = "duplicate", pgettext_lazy("cancel reason", "Registered twice")
    MISTAKE = "mistake", pgettext_lazy("cancel reason", "Registered by mistake")


class PromiseState(models.TextChoices):
    """A promise given to somebody (R3.10). Whether it is broken is told by its clock, never stored here."""

    OPEN = "open", pgettext_lazy("promise state", "Open")
    KEPT = "kept", pgettext_lazy("promise state", "Kept")
    WITHDRAWN = "withdrawn", pgettext_lazy("promise state", "Withdrawn")


class PromisedTo(models.TextChoices):
    CUSTOMER = "customer", pgettext_lazy("promised to", "Customer")
    MERCHANT = "merchant", pgettext_lazy("promised to", "Merchant")


class AppointmentKind(models.TextChoices):
    """What was agreed for a window of time."""

    CALL_BACK = "call_back", pgettext_lazy("appointment", "Call back")
    PICK_UP = "pick_up", pgettext_lazy("appointment", "Pick-up")
    VISIT = "visit", pgettext_lazy("appointment", "Technician's visit")
    DELIVERY = "delivery", pgettext_lazy("appointment", "Delivery")


class AppointmentWith(models.TextChoices):
    CUSTOMER = "customer", pgettext_lazy("appointment with", "Customer")
    MERCHANT = "merchant", pgettext_lazy("appointment with", "Merchant")
    CARRIER = "carrier", pgettext_lazy("appointment with", "Carrier")
    PARTNER = "partner", pgettext_lazy("appointment with", "Service partner")


class AppointmentState(models.TextChoices):
    """What became of an appointment. One that was moved points to the next by that one's ``moved_from``."""

    AGREED = "agreed", pgettext_lazy("appointment state", "Agreed")
    KEPT = "kept", pgettext_lazy("appointment state", "Kept")
    MISSED_THEM = "missed_them", pgettext_lazy("appointment state", "Missed by them")
    MISSED_US = "missed_us", pgettext_lazy("appointment state", "Missed by us")
    MOVED = "moved", pgettext_lazy("appointment state", "Moved")
    CANCELLED = "cancelled", pgettext_lazy("appointment state", "Cancelled")


class HandoverSide(models.TextChoices):
    GIVER = "giver", pgettext_lazy("hand-over", "Hands over")
    TAKER = "taker", pgettext_lazy("hand-over", "Takes over")


class HandoverResult(models.TextChoices):
    """What became of a ticket when both had signed."""

    MOVED = "moved", pgettext_lazy("hand-over", "Handed over")
    GONE = "gone", pgettext_lazy("hand-over", "Held by another or solved meanwhile")
    BUSY = "busy", pgettext_lazy("hand-over", "In use at that moment")
    REFUSED = "refused", pgettext_lazy("hand-over", "Refused")


class LinkKind(models.TextChoices):
    """How two tickets belong together. A parent is not resolved before its children."""

    PARENT = "parent", pgettext_lazy("ticket link", "Parent and child")
    SPLIT = "split", pgettext_lazy("ticket link", "Split off")
    RELATED = "related", pgettext_lazy("ticket link", "Related")


QUOTED = "split"
"""The source of a ticket that was split off, and of the messages that it quotes."""


class LinkSide(models.TextChoices):
    """A link as one of its two tickets tells it: what the other one is."""

    CHILD = "child", pgettext_lazy("ticket link", "Child")
    PARENT = "parent", pgettext_lazy("ticket link", "Parent")
    PART = "part", pgettext_lazy("ticket link", "Split off from here")
    ORIGIN = "origin", pgettext_lazy("ticket link", "Split off from")
    RELATED = "related", pgettext_lazy("ticket link", "Related to")


class PairVerdict(models.TextChoices):
    """What became of two tickets that look like one problem."""

    OPEN = "open", pgettext_lazy("maybe the same", "Maybe the same")
    MERGED = "merged", pgettext_lazy("maybe the same", "Merged")
    APART = "apart", pgettext_lazy("maybe the same", "Not the same")


class SameReason(models.TextChoices):
    """Why two tickets may be one problem."""

    ORDER = "order", pgettext_lazy("maybe the same", "same order")
    CUSTOMER = "customer", pgettext_lazy("maybe the same", "same customer and kind")
    CONTACT = "contact", pgettext_lazy("maybe the same", "same telephone or e-mail")
    WORDS = "words", pgettext_lazy("maybe the same", "nearly the same words")


class AuthorKind(models.TextChoices):
    CUSTOMER = "customer", pgettext_lazy("message author", "Customer")
    STAFF = "staff", pgettext_lazy("message author", "Staff")
    MERCHANT = "merchant", pgettext_lazy("message author", "Merchant")
    SYSTEM = "system", pgettext_lazy("message author", "System")


class SignalKind(models.TextChoices):
    """What a rule over trade data, a sheet or a person noticed."""

    REVIEW_LOW = "review_low", pgettext_lazy("signal", "Low review")
    PARCEL_LATE = "parcel_late", pgettext_lazy("signal", "Parcel past its promise")
    PAID_CANCELLED = "paid_cancelled", pgettext_lazy("signal", "Paid order cancelled or unavailable")
    SHEET = "sheet", pgettext_lazy("signal", "Row of a sheet")


class IntakeOutcome(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("intake", "Waiting")
    OPENED = "opened", pgettext_lazy("intake", "Ticket opened")
    ATTACHED = "attached", pgettext_lazy("intake", "Attached to an open ticket")
    TOO_OLD = "too_old", pgettext_lazy("intake", "Older than the horizon")
    REFUSED = "refused", pgettext_lazy("intake", "Refused")


class GuardedMove(models.TextChoices):
    """Moves that may wait for a checklist."""

    RESOLVE = "resolve", pgettext_lazy("checklist", "Resolving the ticket")


class MacroScope(models.TextChoices):
    """Who finds a macro."""

    OWN = "own", pgettext_lazy("macro scope", "Only me")
    TEAM = "team", pgettext_lazy("macro scope", "One team")
    ALL = "all", pgettext_lazy("macro scope", "Everybody")


class Trigger(models.TextChoices):
    """When a rule looks at a ticket: at something that happened, or so many hours after a moment."""

    OPENED = "opened", pgettext_lazy("trigger", "A ticket was opened")
    CUSTOMER_WROTE = "customer_wrote", pgettext_lazy("trigger", "The customer wrote")
    MERCHANT_WROTE = "merchant_wrote", pgettext_lazy("trigger", "The merchant answered")
    WAIT_OVER = "wait_over", pgettext_lazy("trigger", "A wait is over")
    ASSIGNED = "assigned", pgettext_lazy("trigger", "A ticket was assigned")
    RAISED = "raised", pgettext_lazy("trigger", "The severity was raised")
    REOPENED = "reopened", pgettext_lazy("trigger", "A ticket was reopened")
    RESOLVED = "resolved", pgettext_lazy("trigger", "A ticket was resolved")
    WARNED = "warned", pgettext_lazy("trigger", "A promise is due soon")
    BREACHED = "breached", pgettext_lazy("trigger", "A promise was broken")
    SINCE_OPENED = "opened_at", pgettext_lazy("trigger", "Hours since it was opened")
    SINCE_ASSIGNED = "assigned_at", pgettext_lazy("trigger", "Hours since it was assigned")
    SINCE_CUSTOMER = "last_customer_at", pgettext_lazy("trigger", "Hours since the customer wrote")
    SINCE_STAFF = "last_staff_at", pgettext_lazy("trigger", "Hours since we wrote")
    SINCE_RESOLVED = "resolved_at", pgettext_lazy("trigger", "Hours since it was resolved")


TIME_TRIGGERS: tuple[str, ...] = (
    Trigger.SINCE_OPENED,
    Trigger.SINCE_ASSIGNED,
    Trigger.SINCE_CUSTOMER,
    Trigger.SINCE_STAFF,
    Trigger.SINCE_RESOLVED,
)
"""Their values name the moment's column."""


class RuleOutcome(models.TextChoices):
    """What a rule did to a ticket, or why it did nothing."""

    DONE = "done", pgettext_lazy("outcome", "Done")
    REFUSED = "refused", pgettext_lazy("outcome", "Refused")
    LOOP = "loop", pgettext_lazy("outcome", "Stopped: its own doing")
    DEPTH = "depth", pgettext_lazy("outcome", "Stopped: too many rules in a row")
    OFTEN = "often", pgettext_lazy("outcome", "Stopped: too often on one day")
    AGAIN = "again", pgettext_lazy("outcome", "Left out: done a moment ago")
    FAILED = "failed", pgettext_lazy("outcome", "Failed")


class RowOutcome(models.TextChoices):
    """What became of one ticket of a run."""

    WAITING = "waiting", pgettext_lazy("outcome", "Waiting")
    DONE = "done", pgettext_lazy("outcome", "Done")
    REFUSED = "refused", pgettext_lazy("outcome", "Refused")
    BUSY = "busy", pgettext_lazy("outcome", "Busy")


STATE_TONES: dict[str, str] = {
    S.NEW: "grey", S.TRIAGED: "grey", S.ASSIGNED: "blue", S.IN_PROGRESS: "blue", S.WAITING: "amber",
    S.RESOLVED: "green", S.CLOSED: "bare", S.UNREACHABLE: "bare", S.ARCHIVED: "bare", S.SEALED: "bare",
    S.CANCELLED: "bare", S.MERGED: "bare",
}  # fmt: skip
STATE_MARKS: dict[str, str] = {
    S.NEW: "dashed", S.TRIAGED: "ring", S.ASSIGNED: "quarter", S.IN_PROGRESS: "half", S.WAITING: "pause",
    S.RESOLVED: "tick", S.CLOSED: "full", S.UNREACHABLE: "full", S.ARCHIVED: "full", S.SEALED: "full",
    S.CANCELLED: "cross", S.MERGED: "full",
}  # fmt: skip


class AnswerScope(models.TextChoices):
    """For whom an answer template is."""

    OWN = "own", pgettext_lazy("answer template", "Only me")
    TEAM = "team", pgettext_lazy("answer template", "One team")
    ALL = "all", pgettext_lazy("answer template", "Everybody")


class SentBack(models.TextChoices):
    """Why words that were on their way are a draft again."""

    TAKEN = "taken", pgettext_lazy("unsent words", "taken back")
    OVER = "over", pgettext_lazy("unsent words", "the ticket was finished meanwhile")
    NO_ACCESS = "no_access", pgettext_lazy("unsent words", "the writer may not answer it any more")
    REFUSED = "refused", pgettext_lazy("unsent words", "sending was refused")
    LEFT = "left", pgettext_lazy("unsent words", "its writer no longer works here")
