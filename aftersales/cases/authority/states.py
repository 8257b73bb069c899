"""States and codes of letters from authorities."""

from django.db import models
from django.utils.translation import pgettext_lazy


class LetterState(models.TextChoices):
    """From the letter to the reply and its end."""

    RECEIVED = "received", pgettext_lazy("authority state", "Received")
    ACCEPTED = "accepted", pgettext_lazy("authority state", "In hand")
    ASKED = "asked", pgettext_lazy("authority state", "Waits for the merchant")
    DRAFTED = "drafted", pgettext_lazy("authority state", "Reply to approve")
    APPROVED = "approved", pgettext_lazy("authority state", "Reply to send")
    REPLIED = "replied", pgettext_lazy("authority state", "Replied")
    CLOSED = "closed", pgettext_lazy("authority state", "Closed")
    PASSED_ON = "passed_on", pgettext_lazy("authority state", "Passed on")
    WITHDRAWN = "withdrawn", pgettext_lazy("authority state", "Withdrawn by the authority")


S = LetterState
UNANSWERED = frozenset({S.RECEIVED, S.ACCEPTED, S.ASKED, S.DRAFTED, S.APPROVED})
"""States in which the reply is owed: the ticket is not resolved."""
OPEN_LETTERS = UNANSWERED | {S.REPLIED}
"""States in which the ticket is not merged away."""
LETTER_COLOURS = {
    S.RECEIVED: "amber",
    S.ACCEPTED: "blue",
    S.ASKED: "amber",
    S.DRAFTED: "amber",
    S.APPROVED: "blue",
    S.REPLIED: "green",
    S.CLOSED: "grey",
    S.PASSED_ON: "bare",
    S.WITHDRAWN: "bare",
}


class LetterSource(models.TextChoices):
    HOTLINE_12315 = "12315", pgettext_lazy("authority", "12315 consumer hotline")
    HOTLINE_12345 = "12345", pgettext_lazy("authority", "12345 government hotline")
    REGULATOR = "regulator", pgettext_lazy("authority", "Market regulator")
    CONSUMERS = "consumers", pgettext_lazy("authority", "Consumer association")
    COURT = "court", pgettext_lazy("authority", "Court")
    POLICE = "police", pgettext_lazy("authority", "Police")
    MEDIA = "media", pgettext_lazy("authority", "Media")
    OTHER = "other", pgettext_lazy("authority", "Other office")


class LetterKind(models.TextChoices):
    COMPLAINT = "complaint", pgettext_lazy("letter kind", "Complaint of a consumer")
    REPORT = "report", pgettext_lazy("letter kind", "Report of a breach")
    EVIDENCE = "evidence", pgettext_lazy("letter kind", "Request for evidence")
    ENQUIRY = "enquiry", pgettext_lazy("letter kind", "Enquiry")


class SentBy(models.TextChoices):
    PORTAL = "portal", pgettext_lazy("reply sent by", "Portal of the office")
    POST = "post", pgettext_lazy("reply sent by", "Registered post")
    EMAIL = "email", pgettext_lazy("reply sent by", "E-mail")
    FAX = "fax", pgettext_lazy("reply sent by", "Fax")
    IN_PERSON = "in_person", pgettext_lazy("reply sent by", "Handed over in person")


class LetterOutcome(models.TextChoices):
    SETTLED = "settled", pgettext_lazy("letter outcome", "Settled with the consumer")
    MEDIATED = "mediated", pgettext_lazy("letter outcome", "Mediated by the office")
    REFUSED = "refused", pgettext_lazy("letter outcome", "Refused with a ground")
    ANSWERED = "answered", pgettext_lazy("letter outcome", "Answered, nothing more asked")
    SANCTION = "sanction", pgettext_lazy("letter outcome", "Ended with a sanction")


class PieceKind(models.TextChoices):
    MESSAGE = "message", pgettext_lazy("evidence piece", "Message")
    CASE = "case", pgettext_lazy("evidence piece", "Case")
    PARCEL = "parcel", pgettext_lazy("evidence piece", "Parcel")
    PAYMENT = "payment", pgettext_lazy("evidence piece", "Payment")
    FILE = "file", pgettext_lazy("evidence piece", "File")
