"""The minute sweep of the clocks."""

from celery import shared_task
from django.utils import timezone

from aftersales.clocks import services
from aftersales.core import origin


@shared_task
def sweep_clocks() -> None:
    """Warn and breach what is due. Safe to run twice at once: rows in use are skipped."""
    with origin.coming_from("task"):
        services.sweep(timezone.now())
