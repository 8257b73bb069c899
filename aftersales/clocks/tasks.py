"""The minute sweep of the clocks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from aftersales.clocks import services
from aftersales.core import jobs, origin
from aftersales.core.models import Job


@shared_task
def sweep_clocks() -> None:
    """Warn and breach what is due. Safe to run twice at once: rows in use are skipped."""
    with origin.coming_from("task"):
        services.sweep(timezone.now())


def recount_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Count the open clocks of a changed standard anew."""
    from accounts.services import system_user

    return services.recount(
        int(job.payload["version"]), now=now, actor=system_user(now),
        progress=lambda done, total: jobs.progress(job, done, total, now),
    )  # fmt: skip
