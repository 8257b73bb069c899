"""Ids in, one service each."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from aftersales.core import origin
from aftersales.core.models import Job
from aftersales.dashboards import services


def report_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Make one report."""
    report = services.report_make(
        plan_id=job.payload["plan"], last=date.fromisoformat(job.payload["last"]), now=now
    )
    return {"report": report.pk if report else None}


@shared_task
def order_reports() -> None:
    """Every five minutes: the reports whose hour has come."""
    with origin.coming_from("task"):
        services.reports_due(now=timezone.now())


@shared_task
def tell_exceptions() -> int:
    """Every quarter of an hour: yesterday's exceptions go to the supervisors once the day is over."""
    now = timezone.now()
    with origin.coming_from("task"):
        return services.exceptions_tell(day=timezone.localdate(now) - timedelta(days=1), now=now)
