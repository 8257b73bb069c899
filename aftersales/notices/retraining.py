"""Tells people and their leads what is ordered, what is late and what came of a retraining."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from accounts.selectors import lead_of
from accounts.services import system_user
from aftersales.core.models import Event
from training.models import Order as Retraining

from .services import Order, notices_send

TOLD = frozenset({"retraining.ordered", "retraining.overdue", "retraining.judged", "retraining.cancelled"})


def page_of(pk: int) -> str:
    """Where such a message leads."""
    return reverse("training:orders")


def retraining_tell(event: Event, now: datetime) -> None:
    """The person, and who leads him, once for each event."""
    if event.kind not in TOLD:
        return
    row = Retraining.objects.select_related("person", "course").get(pk=event.subject_id)
    values = {"retraining": row.number, "learner": str(row.person), "course": row.course}
    if event.kind in {"retraining.ordered", "retraining.overdue"}:
        values["until"] = row.due_at
    if event.kind == "retraining.judged":
        values["result"] = row.get_state_display()
    people = [one for one in (row.person, lead_of(row.person_id)) if one is not None and one.is_active]
    notices_send(
        [Order(event.kind, one, row, values, f"event:{event.pk}") for one in people],
        actor=system_user(), now=now,
    )  # fmt: skip
