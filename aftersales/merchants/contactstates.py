"""Words of the contact log: how and with whom a merchant manager spoke."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class ContactChannel(TextChoices):
    """How they spoke."""

    PHONE = "phone", pgettext_lazy("contact log", "Phone")
    CHAT = "chat", pgettext_lazy("contact log", "Chat")
    EMAIL = "email", pgettext_lazy("contact log", "E-mail")
    MEETING = "meeting", pgettext_lazy("contact log", "Meeting")
    VISIT = "visit", pgettext_lazy("contact log", "Visit")


class SpokenWith(TextChoices):
    """With whom: what the person is for the shop. The name is not needed and is not kept."""

    OWNER = "owner", pgettext_lazy("contact log", "Owner")
    AFTERSALES = "aftersales", pgettext_lazy("contact log", "After-sales")
    OPERATIONS = "operations", pgettext_lazy("contact log", "Shop operations")
    FINANCE = "finance", pgettext_lazy("contact log", "Finance")
    LOGISTICS = "logistics", pgettext_lazy("contact log", "Warehouse and dispatch")
    OTHER = "other", pgettext_lazy("contact log", "Somebody else")


class ContactSubject(TextChoices):
    """What it was about."""

    SCORE = "score", pgettext_lazy("contact log", "Score and figures")
    OBLIGATIONS = "obligations", pgettext_lazy("contact log", "Overdue obligations")
    COMPLAINT = "complaint", pgettext_lazy("contact log", "Complaint or dispute")
    PLAN = "plan", pgettext_lazy("contact log", "Rectification plan")
    AGREEMENT = "agreement", pgettext_lazy("contact log", "Agreement and rules")
    MONEY = "money", pgettext_lazy("contact log", "Deposit and money")
    CAMPAIGN = "campaign", pgettext_lazy("contact log", "Sale and stock")
    OTHER = "other", pgettext_lazy("contact log", "Something else")
