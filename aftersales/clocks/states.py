"""States of a clock with their words and tones."""

from django.db import models
from django.utils.translation import pgettext_lazy


class ClockState(models.TextChoices):
    """``running`` ⇄ ``paused`` → ``met`` | ``breached`` (→ ``met_late``) | ``cancelled``."""

    RUNNING = "running", pgettext_lazy("clock state", "Running")
    PAUSED = "paused", pgettext_lazy("clock state", "Paused")
    MET = "met", pgettext_lazy("clock state", "Kept")
    BREACHED = "breached", pgettext_lazy("clock state", "Breached")
    MET_LATE = "met_late", pgettext_lazy("clock state", "Kept late")
    CANCELLED = "cancelled", pgettext_lazy("clock state", "Dropped")


TONES: dict[str, str] = {
    ClockState.RUNNING: "ok",
    ClockState.PAUSED: "quiet",
    ClockState.MET: "ok",
    ClockState.BREACHED: "bad",
    ClockState.MET_LATE: "bad",
    ClockState.CANCELLED: "quiet",
}
TERMINAL: frozenset[str] = frozenset({ClockState.MET, ClockState.MET_LATE, ClockState.CANCELLED})
COUNTING: frozenset[str] = frozenset({ClockState.RUNNING, ClockState.PAUSED})


class RungMoment(models.TextChoices):
    """When a rung of the ladder is reached."""

    PERCENT = "percent", pgettext_lazy("ladder", "per cent of the time used")
    LATE = "late", pgettext_lazy("ladder", "minutes past due")


class RungTo(models.TextChoices):
    """Who is told on a rung."""

    HOLDER = "holder", pgettext_lazy("ladder", "Who works on it")
    LEAD = "lead", pgettext_lazy("ladder", "Team lead")
    SUPERVISOR = "supervisor", pgettext_lazy("ladder", "Supervisors")
    OPERATIONS = "operations", pgettext_lazy("ladder", "Operations")
    DUTY = "duty", pgettext_lazy("ladder", "Leads of the duty")


class RungBy(models.TextChoices):
    """How it is told: in the person's next digest, or with a message of its own."""

    DIGEST = "digest", pgettext_lazy("ladder", "in the digest")
    AT_ONCE = "at_once", pgettext_lazy("ladder", "at once")


class ExclusionCause(models.TextChoices):
    """Why a breach does not count against a merchant (agreement, R6.6; Tmall's practice in scorecards A3)."""

    DISASTER = "disaster", pgettext_lazy("exclusion", "Disaster region and time")
    PLATFORM = "platform", pgettext_lazy("exclusion", "Handled by the platform")
    CUSTOMER = "customer", pgettext_lazy("exclusion", "The customer's delay")
    OUTAGE = "outage", pgettext_lazy("exclusion", "Our system failed")
    AUTHORITY = "authority", pgettext_lazy("exclusion", "Stopped by an authority")
    APPEAL = "appeal", pgettext_lazy("exclusion", "Overturned on appeal")


BY_RULE = frozenset({ExclusionCause.DISASTER, ExclusionCause.OUTAGE, ExclusionCause.AUTHORITY})
"""Causes that are declared for a region or a time; the others lie in the single case, and people say so."""


class OwnReason(models.TextChoices):
    """Reasons that the product gives itself: stored as codes, said in the reader's language."""

    OWN_TIME = (
        "own_time",
        pgettext_lazy("own reason", "the merchant's own time ran out after it came back to him"),
    )
