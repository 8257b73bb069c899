"""The sweep that lets states of certificates follow the time."""

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin
from training import services


@shared_task
def sweep_certificates() -> int:
    """Ended certificates and those that end soon."""
    now = timezone.now()
    with origin.coming_from("task"):
        return services.certificates_sweep(actor=system_user(now), now=now)
