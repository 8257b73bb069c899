"""Tells merchants' people of a course that is due soon or late, and the merchant's manager of what is late."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from accounts.services import system_user
from aftersales.core.models import Event
from aftersales.merchants.models import Lesson

from .services import Order, notices_send

TOLD = frozenset({"lesson.due_soon", "lesson.late"})


def page_of(pk: int) -> str:
    """Where such a message leads."""
    row = Lesson.objects.filter(pk=pk).only("number").first()
    return reverse("portal:lesson", args=[row.number]) if row else ""


def lesson_tell(event: Event, now: datetime) -> None:
    """The person, and of what is late also who looks after the merchant, once for each event."""
    if event.kind not in TOLD:
        return
    row = Lesson.objects.select_related("member__user", "course", "merchant__manager").get(
        pk=event.subject_id
    )
    if row.done_at is not None or row.ended_at is not None:
        return
    values = {
        "learner": str(row.member.user), "course": row.course, "merchant": row.merchant.name, "until": row.due_at
    }  # fmt: skip
    told = [row.member.user, row.merchant.manager] if event.kind == "lesson.late" else [row.member.user]
    notices_send(
        [Order(event.kind, one, row, values, f"event:{event.pk}") for one in told if one is not None and one.is_active],
        actor=system_user(), now=now,
    )  # fmt: skip
