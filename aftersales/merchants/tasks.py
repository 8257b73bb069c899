"""What waits for merchants' people: courses that are asked and noted, letters of invitation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin
from aftersales.core.models import Job

from .services.people import invitation_letter_send, invitations_forget
from .services.training import lessons_sweep


@shared_task
def sweep_lessons() -> int:
    """Owed, done, late, owed anew."""
    now = timezone.now()
    with origin.coming_from("task"):
        return lessons_sweep(actor=system_user(now), now=now)


@shared_task
def forget_invitations() -> int:
    """Every night: name and address of whom nobody invites any more."""
    now = timezone.now()
    with origin.coming_from("task"):
        return invitations_forget(actor=system_user(now), now=now)


def invitation_letter(job: Job, now: datetime) -> Mapping[str, Any] | None:
    invitation_letter_send(**job.payload, now=now)
    return None
