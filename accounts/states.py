"""Words of the people's room: roles, duties, kinds of account, reasons to be away."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    """What a person is trusted with; the capability table says what each one may do (DESIGN: permissions)."""

    AGENT = "agent", pgettext_lazy("role", "Agent")
    LEAD = "lead", pgettext_lazy("role", "Team lead")
    SUPERVISOR = "supervisor", pgettext_lazy("role", "Supervisor")
    ADJUDICATOR = "adjudicator", pgettext_lazy("role", "Adjudicator")
    AUTHORITY_DESK = "authority_desk", pgettext_lazy("role", "Authority desk")
    INSPECTOR = "inspector", pgettext_lazy("role", "Inspector")
    TRAINER = "trainer", pgettext_lazy("role", "Trainer")
    PLANNER = "planner", pgettext_lazy("role", "Planner")
    MERCHANT_MANAGER = "merchant_manager", pgettext_lazy("role", "Merchant manager")
    RETURNS_RECEIVER = "returns_receiver", pgettext_lazy("role", "Returns receiver")
    FINANCE = "finance", pgettext_lazy("role", "Finance")
    PAYROLL_READER = "payroll_reader", pgettext_lazy("role", "Payroll reader")
    RISK = "risk", pgettext_lazy("role", "Risk control")
    PRIVACY_OFFICER = "privacy_officer", pgettext_lazy("role", "Privacy officer")
    OPERATIONS = "operations", pgettext_lazy("role", "Operations")
    AUDITOR = "auditor", pgettext_lazy("role", "Auditor")
    ADMINISTRATOR = "administrator", pgettext_lazy("role", "Administrator")
    VENDOR_LEAD = "vendor_lead", pgettext_lazy("role", "Vendor lead")
    VENDOR_AGENT = "vendor_agent", pgettext_lazy("role", "Vendor agent")
    MERCHANT_OWNER = "merchant_owner", pgettext_lazy("role", "Merchant owner")
    MERCHANT_CLERK = "merchant_clerk", pgettext_lazy("role", "Merchant clerk")
    SYSTEM = "system", pgettext_lazy("role", "System")
    CUSTOMER = "customer", pgettext_lazy("role", "Customer")


MERCHANT_ROLES = frozenset({Role.MERCHANT_OWNER, Role.MERCHANT_CLERK})
MACHINE_ROLES = frozenset({Role.SYSTEM, Role.CUSTOMER})
STAFF_ROLES = frozenset(Role) - MERCHANT_ROLES - MACHINE_ROLES


# What counts as a second factor, as allauth names it; recovery codes only stand for a lost one.
FACTORS = ("totp", "webauthn")


class Kind(TextChoices):
    """A person signs in; a demo person only in demo mode; a machine account never."""

    PERSON = "person", pgettext_lazy("account kind", "Person")
    DEMO = "demo", pgettext_lazy("account kind", "Demo person")
    MACHINE = "machine", pgettext_lazy("account kind", "Machine")


class Duty(TextChoices):
    """The kinds of work a team takes (R3.2)."""

    ORDERS = "orders", pgettext_lazy("duty", "Orders")
    LOGISTICS = "logistics", pgettext_lazy("duty", "Logistics")
    PAYMENT = "payment", pgettext_lazy("duty", "Payment")
    RETURNS = "returns", pgettext_lazy("duty", "Returns")
    REPAIR = "repair", pgettext_lazy("duty", "Repair")
    COMPLAINTS = "complaints", pgettext_lazy("duty", "Complaints")
    EMERGENCY = "emergency", pgettext_lazy("duty", "Emergency")
    PROCESS = "process", pgettext_lazy("duty", "Process")
    AUTHORITY = "authority", pgettext_lazy("duty", "Authority matters")


class AwayReason(TextChoices):
    LEAVE = "leave", pgettext_lazy("away reason", "Leave")
    SICK = "sick", pgettext_lazy("away reason", "Sick")
    TRAINING = "training", pgettext_lazy("away reason", "Training")
    MEETING = "meeting", pgettext_lazy("away reason", "Meeting")
    BREAK = "break", pgettext_lazy("away reason", "Break")
    PAUSE = "pause", pgettext_lazy("away reason", "Pause after an abusive contact")


class Theme(TextChoices):
    """How pages look: always light, always dark, or as the device is set."""

    AUTO = "auto", pgettext_lazy("theme", "System")
    LIGHT = "light", pgettext_lazy("theme", "Light")
    DARK = "dark", pgettext_lazy("theme", "Dark")


class Density(TextChoices):
    """How much room a row of a list takes."""

    COMFORTABLE = "comfortable", pgettext_lazy("density", "Comfortable")
    COMPACT = "compact", pgettext_lazy("density", "Compact")


class SsoCause(TextChoices):
    """Why a sign-in by a provider came to nothing."""

    STATE = "state", pgettext_lazy("sign-in refused", "not begun in this browser, too old or used before")
    CANCELLED = "cancelled", pgettext_lazy("sign-in refused", "cancelled at the provider")
    PROVIDER = "provider", pgettext_lazy("sign-in refused", "the provider refused")
    UNREACHABLE = "unreachable", pgettext_lazy("sign-in refused", "the provider did not answer as it should")
    ISSUER = "issuer", pgettext_lazy("sign-in refused", "answered by another provider than the one asked")
    TOKEN = "token", pgettext_lazy("sign-in refused", "a token whose signature or form does not hold")
    AUDIENCE = "audience", pgettext_lazy("sign-in refused", "a token made for another application")
    EXPIRED = "expired", pgettext_lazy("sign-in refused", "a token whose time is over")
    NONCE = "nonce", pgettext_lazy("sign-in refused", "a token made for another sign-in")
    STALE = "stale", pgettext_lazy("sign-in refused", "the provider did not ask the person again")
    UNKNOWN = "unknown", pgettext_lazy("sign-in refused", "linked with no account here")
    DOMAIN = "domain", pgettext_lazy("sign-in refused", "an address outside the allowed domains")
    UNVERIFIED = "unverified", pgettext_lazy("sign-in refused", "an address that the provider did not verify")
    RELINKED = "relinked", pgettext_lazy("sign-in refused", "the account is linked with another sign-in")
    CLOSED = "closed", pgettext_lazy("sign-in refused", "an account that may not sign in")
    LOCKED = "locked", pgettext_lazy("sign-in refused", "an account locked after wrong passwords")
    OTHER = "other", pgettext_lazy("sign-in refused", "the sign-in of somebody else")


# What a person did or what passes by itself: no attempt on an account, so nothing for the record.
SSO_HARMLESS = frozenset({SsoCause.STATE, SsoCause.CANCELLED, SsoCause.PROVIDER, SsoCause.UNREACHABLE})
