"""Jobs of the messages' room: ids in, one service."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from aftersales.core import origin
from aftersales.core.models import Job

from . import agreements, compliance, services
from .delivery import notices_deliver
from .services import DELIVER

__all__ = ["DELIVER", "deliver"]


def deliver(job: Job, now: datetime) -> Mapping[str, Any]:
    """Send the messages of one job; what fails asks for its own next try, so the job itself always ends."""
    return notices_deliver(job.payload["ids"], now=now)


def forget(job: Job, now: datetime) -> Mapping[str, Any]:
    """Remove the mails of messages that were erased."""
    return {"removed": services.erased_mails_remove()}


@shared_task
def tidy_outbox() -> None:
    """Every hour: empty the folder of mails of what is past its time or erased."""
    with origin.coming_from("task"):
        services.outbox_tidy(now=timezone.now())


@shared_task
def remind_training() -> int:
    """Every day: whoever lacks a training and was not told in this month, and who leads them."""
    with origin.coming_from("task"):
        return compliance.lacking_tell(now=timezone.now())


@shared_task
def remind_agreements() -> int:
    """Every day: owners who have not answered an agreement that is soon in force."""
    with origin.coming_from("task"):
        return agreements.agreements_remind(now=timezone.now())
