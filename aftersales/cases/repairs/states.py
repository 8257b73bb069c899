"""States of a repair, what became of it, and what a customer owes (R4.2, R4.3)."""

from django.db import models
from django.utils.translation import pgettext_lazy


class RepairState(models.TextChoices):
    """Where the article is in the workshop. Decision, parcels and money have machines of their own."""

    RECEIVED = "received", pgettext_lazy("repair state", "To be diagnosed")
    DIAGNOSED = "diagnosed", pgettext_lazy("repair state", "Diagnosed")
    QUOTED = "quoted", pgettext_lazy("repair state", "Quoted")
    ACCEPTED = "accepted", pgettext_lazy("repair state", "Quote accepted")
    DECLINED = "declined", pgettext_lazy("repair state", "Quote declined")
    AWAITING_PARTS = "awaiting_parts", pgettext_lazy("repair state", "Waits for parts")
    REPAIRING = "repairing", pgettext_lazy("repair state", "In repair")
    TESTED = "tested", pgettext_lazy("repair state", "Tested")
    SENT_BACK = "sent_back", pgettext_lazy("repair state", "Sent back")
    UNREPAIRABLE = "unrepairable", pgettext_lazy("repair state", "Cannot be repaired")
    CANCELLED = "cancelled", pgettext_lazy("repair state", "Ended without repair")


OPEN_REPAIRS = frozenset({
    RepairState.RECEIVED, RepairState.DIAGNOSED, RepairState.QUOTED, RepairState.ACCEPTED, RepairState.DECLINED,
    RepairState.AWAITING_PARTS, RepairState.REPAIRING, RepairState.TESTED,
})  # fmt: skip
"""The workshop, the customer or the desk still has something to do."""
WORTHLESS = frozenset({RepairState.DECLINED, RepairState.UNREPAIRABLE})
"""Not repaired, and may go back as it is."""
REPAIR_COLOURS = {
    RepairState.RECEIVED: "amber",
    RepairState.DIAGNOSED: "blue",
    RepairState.QUOTED: "amber",
    RepairState.ACCEPTED: "blue",
    RepairState.DECLINED: "grey",
    RepairState.AWAITING_PARTS: "amber",
    RepairState.REPAIRING: "blue",
    RepairState.TESTED: "green",
    RepairState.SENT_BACK: "green",
    RepairState.UNREPAIRABLE: "red",
    RepairState.CANCELLED: "bare",
}


class RepairOutcome(models.TextChoices):
    """What the return rules count: a fault that came back makes a repair a failed one (law, two failed repairs)."""

    FIXED = "fixed", pgettext_lazy("repair outcome", "Repaired")
    FAILED = "failed", pgettext_lazy("repair outcome", "Repaired in vain")
    UNREPAIRABLE = "unrepairable", pgettext_lazy("repair outcome", "Cannot be repaired")
    NO_FAULT = "no_fault", pgettext_lazy("repair outcome", "No fault found")
    NOT_DONE = "not_done", pgettext_lazy("repair outcome", "Not repaired")


class DueKind(models.TextChoices):
    """What the customer pays for beyond his order."""

    DIFFERENCE = "difference", pgettext_lazy("due", "Price difference of an exchange")
    REPAIR = "repair", pgettext_lazy("due", "Repair")


class HandIn(models.TextChoices):
    """How goods come to the carrier."""

    PICK_UP = "pick_up", pgettext_lazy("hand-in", "Picked up at the door")
    DROP_OFF = "drop_off", pgettext_lazy("hand-in", "Dropped off at a station")


OTHER_CAUSE = "other"
"""Cause that stands in no branch of the tree."""
