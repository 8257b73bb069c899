"""The minute sweep of the clocks, and what does not count against merchants."""

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


@shared_task
def sweep_circumstances() -> int:
    """Breaches that fall into a declared disaster or outage do not count against the merchant."""
    from accounts.services import system_user

    now = timezone.now()
    with origin.coming_from("task"):
        return services.circumstances_sweep(actor=system_user(now), now=now)


def recount_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Count the open clocks of a changed standard anew."""
    from accounts.services import system_user

    return services.recount(
        int(job.payload["version"]), now=now, actor=system_user(now),
        progress=lambda done, total: jobs.progress(job, done, total, now),
    )  # fmt: skip
