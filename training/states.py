"""Words of the training room: kinds of decision, life of a certificate."""

from django.db import models
from django.utils.translation import pgettext_lazy


class Decision(models.TextChoices):
    """What somebody decides for the house: each kind has limits of its own (R1.3, R4.8)."""

    APPROVE_RETURN = "approve_return", pgettext_lazy("kind of decision", "Approve a return")
    REFUND = "refund", pgettext_lazy("kind of decision", "Refund")
    WAIVE_RETURN = "waive_return", pgettext_lazy("kind of decision", "Waive the goods")
    GOODWILL = "goodwill", pgettext_lazy("kind of decision", "Compensation: goodwill")
    PROMISE = "promise", pgettext_lazy("kind of decision", "Compensation: promised")
    STATUTORY = "statutory", pgettext_lazy("kind of decision", "Compensation: by law")
    FREIGHT = "freight", pgettext_lazy("kind of decision", "Freight")
    PRICE = "price", pgettext_lazy("kind of decision", "Price protection")
    ADVANCE = "advance", pgettext_lazy("kind of decision", "Platform pays first")
    PENALTY = "penalty", pgettext_lazy("kind of decision", "Penalty")
    RULING = "ruling", pgettext_lazy("kind of decision", "Ruling")
    WRITE_OFF = "write_off", pgettext_lazy("kind of decision", "Write-off")


class Severity(models.TextChoices):
    """How bad the problem is: the codes of the tickets, whose room stands above this one."""

    MINOR = "minor", pgettext_lazy("severity", "General")
    MAJOR = "major", pgettext_lazy("severity", "Major")
    CRITICAL = "critical", pgettext_lazy("severity", "Critical")


class CertificateState(models.TextChoices):
    """Life of a certificate. What counts is the time: past its end it gives nothing, whatever its state says."""

    PROPOSED = "proposed", pgettext_lazy("certificate", "Waits for a second person")
    CERTIFIED = "certified", pgettext_lazy("certificate", "Certified")
    EXPIRING = "expiring", pgettext_lazy("certificate", "Ends soon")
    EXPIRED = "expired", pgettext_lazy("certificate", "Ended")
    SUSPENDED = "suspended", pgettext_lazy("certificate", "Suspended")
    REVOKED = "revoked", pgettext_lazy("certificate", "Revoked")
    DECLINED = "declined", pgettext_lazy("certificate", "Declined")


LIVE: frozenset[str] = frozenset({CertificateState.CERTIFIED, CertificateState.EXPIRING})
NEVER_HELD: frozenset[str] = frozenset({CertificateState.PROPOSED, CertificateState.DECLINED})


class Asked(models.TextChoices):
    """What a tier can ask for before somebody is certified (R1.2, R1.3)."""

    HOURS = "hours", pgettext_lazy("requirement", "Hours of training")
    ONBOARDING = "onboarding", pgettext_lazy("requirement", "Hours of onboarding before the first ticket")
    COURSE = "course", pgettext_lazy("requirement", "Course in date")
    EXAM = "exam", pgettext_lazy("requirement", "Exam passed")
    PRACTICAL = "practical", pgettext_lazy("requirement", "Practical assessment passed")
    HANDLED = "handled", pgettext_lazy("requirement", "Tickets handled")
    SATISFACTION = "satisfaction", pgettext_lazy("requirement", "Satisfaction")
    INSPECTION = "inspection", pgettext_lazy("requirement", "Inspection score")
    NO_SUSPENSION = "no_suspension", pgettext_lazy("requirement", "No suspended certificate")
    TIME_BELOW = "time_below", pgettext_lazy("requirement", "Days in the tiers below")


class Holder(models.TextChoices):
    """Whose sum a counter keeps."""

    PERSON = "person", pgettext_lazy("counter", "Person")
    CUSTOMER = "customer", pgettext_lazy("counter", "Customer")


class CourseKind(models.TextChoices):
    """What a course is for (R1.1, R1.2)."""

    ONBOARDING = "onboarding", pgettext_lazy("kind of course", "Onboarding")
    SERVICE = "service", pgettext_lazy("kind of course", "Service basics")
    PRODUCT = "product", pgettext_lazy("kind of course", "Product knowledge")
    COMMUNICATION = "communication", pgettext_lazy("kind of course", "Communication")
    EMERGENCY = "emergency", pgettext_lazy("kind of course", "Emergency handling")
    REFRESHER = "refresher", pgettext_lazy("kind of course", "Refresher")
    PROMOTION = "promotion", pgettext_lazy("kind of course", "Promotion training")
    MERCHANT = "merchant", pgettext_lazy("kind of course", "Merchant training")


class RunState(models.TextChoices):
    """Life of one run of a course."""

    PLANNED = "planned", pgettext_lazy("course run", "Planned")
    OPEN = "open", pgettext_lazy("course run", "Open for enrolment")
    RUNNING = "running", pgettext_lazy("course run", "Running")
    DONE = "done", pgettext_lazy("course run", "Done")
    CANCELLED = "cancelled", pgettext_lazy("course run", "Cancelled")


class SeatState(models.TextChoices):
    """One person in one run."""

    ENROLLED = "enrolled", pgettext_lazy("seat", "Enrolled")
    PRESENT = "present", pgettext_lazy("seat", "Was there")
    ABSENT = "absent", pgettext_lazy("seat", "Was missing")
    WITHDRAWN = "withdrawn", pgettext_lazy("seat", "Withdrawn")


class Way(models.TextChoices):
    """How it is known that somebody was there, or how he was enrolled."""

    TRAINER = "trainer", pgettext_lazy("way of attendance", "Trainer")
    SHEET = "sheet", pgettext_lazy("way of attendance", "Sheet")
    CODE = "code", pgettext_lazy("way of attendance", "Code of the day")


class Said(models.TextChoices):
    """What a line of an attendance sheet says of a person."""

    ENROLLED = "enrolled", pgettext_lazy("seat", "Enrolled")
    PRESENT = "present", pgettext_lazy("seat", "Was there")
    ABSENT = "absent", pgettext_lazy("seat", "Was missing")


class QuestionKind(models.TextChoices):
    """How a question is answered."""

    SINGLE = "single", pgettext_lazy("kind of question", "One right answer")
    MULTIPLE = "multiple", pgettext_lazy("kind of question", "Several right answers")
    TRUTH = "truth", pgettext_lazy("kind of question", "True or false")
    ORDER = "order", pgettext_lazy("kind of question", "Right order")
    SHORT = "short", pgettext_lazy("kind of question", "Short text")


CHOSEN: frozenset[str] = frozenset(QuestionKind.values) - {QuestionKind.SHORT}


class Partial(models.TextChoices):
    """What an answer that is not wholly right is worth."""

    NONE = "none", pgettext_lazy("partial credit", "All or nothing")
    SUBSET = "subset", pgettext_lazy("partial credit", "A share for right ones, nothing once one is wrong")
    SHARE = "share", pgettext_lazy("partial credit", "A share for right ones, less for wrong ones")


class AssessmentState(models.TextChoices):
    """Life of one practical assessment."""

    OPEN = "open", pgettext_lazy("assessment", "Waits for sheets")
    DISPUTED = "disputed", pgettext_lazy("assessment", "Third assessor")
    DONE = "done", pgettext_lazy("assessment", "Done")
    VOID = "void", pgettext_lazy("assessment", "Void")


class AttemptState(models.TextChoices):
    """Life of one sitting of an exam."""

    STARTED = "started", pgettext_lazy("attempt", "Running")
    SUBMITTED = "submitted", pgettext_lazy("attempt", "Being marked")
    MARKED = "marked", pgettext_lazy("attempt", "Marked")
    APPEALED = "appealed", pgettext_lazy("attempt", "Appealed")
    SETTLED = "settled", pgettext_lazy("attempt", "Appeal decided")
    VOID = "void", pgettext_lazy("attempt", "Void")


class OrderState(models.TextChoices):
    """Life of one retraining order."""

    ORDERED = "ordered", pgettext_lazy("retraining", "Ordered")
    ENROLLED = "enrolled", pgettext_lazy("retraining", "Enrolled")
    COMPLETED = "completed", pgettext_lazy("retraining", "Completed")
    EFFECTIVE = "effective", pgettext_lazy("retraining", "Effective")
    INEFFECTIVE = "ineffective", pgettext_lazy("retraining", "Not effective")
    UNCLEAR = "unclear", pgettext_lazy("retraining", "Too few to say")
    CANCELLED = "cancelled", pgettext_lazy("retraining", "Cancelled")


OWED: frozenset[str] = frozenset({OrderState.ORDERED, OrderState.ENROLLED})


class OrderReason(models.TextChoices):
    """Why somebody is trained again."""

    INSPECTION = "inspection", pgettext_lazy("retraining", "Inspection result")
    COMPLAINT = "complaint", pgettext_lazy("retraining", "Complaint")
    REOPENED = "reopened", pgettext_lazy("retraining", "Reopened tickets")
    PENALTY = "penalty", pgettext_lazy("retraining", "Consequence of a ruling")
    INCIDENT = "incident", pgettext_lazy("retraining", "Incident or drill")
    OTHER = "other", pgettext_lazy("retraining", "Other reason")


class Lack(models.TextChoices):
    """What training a person of the department can lack (R1.2)."""

    ONBOARDING = "onboarding", pgettext_lazy("compliance", "Onboarding hours")
    YEAR = "year", pgettext_lazy("compliance", "Trainings of the year")
    REFRESHER = "refresher", pgettext_lazy("compliance", "Refresher")
