"""The sweeps that let states of certificates and papers follow the time."""

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin
from training import services
from training.services import exams, retraining


@shared_task
def sweep_certificates() -> int:
    """Ended certificates and those that end soon."""
    now = timezone.now()
    with origin.coming_from("task"):
        return services.certificates_sweep(actor=system_user(now), now=now)


@shared_task
def sweep_exams() -> int:
    """Papers whose time is over."""
    now = timezone.now()
    with origin.coming_from("task"):
        return exams.attempts_sweep(actor=system_user(now), now=now)


@shared_task
def sweep_orders() -> int:
    """Orders that were met, are late, or can be judged."""
    now = timezone.now()
    with origin.coming_from("task"):
        return retraining.retraining_sweep(actor=system_user(now), now=now)
