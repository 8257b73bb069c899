"""One service each; the beat only wakes these."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts import services
from aftersales.core import origin
from aftersales.core.models import Job


@shared_task
def forget_sign_ins() -> None:
    """Every night: sessions that are over and old records of access."""
    with origin.coming_from("task"):
        services.sign_ins_forget(now=timezone.now())


def sso_letter(job: Job, now: datetime) -> Mapping[str, Any] | None:
    services.sso_letter_send(**job.payload)
    return None


def factor_letter(job: Job, now: datetime) -> Mapping[str, Any] | None:
    services.factor_letter_send(**job.payload)
    return None
