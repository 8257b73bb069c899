"""The sweep by which merchants' people are asked for courses, and what they learned is noted."""

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin

from .services.training import lessons_sweep


@shared_task
def sweep_lessons() -> int:
    """Owed, done, late, owed anew."""
    now = timezone.now()
    with origin.coming_from("task"):
        return lessons_sweep(actor=system_user(now), now=now)
