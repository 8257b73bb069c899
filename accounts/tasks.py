"""One service each; the beat only wakes these."""

from celery import shared_task
from django.utils import timezone

from accounts import services
from aftersales.core import origin


@shared_task
def forget_sign_ins() -> None:
    """Every night: sessions that are over and old records of access."""
    with origin.coming_from("task"):
        services.sign_ins_forget(now=timezone.now())
