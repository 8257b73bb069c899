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
