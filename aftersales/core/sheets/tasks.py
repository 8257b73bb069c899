"""Jobs of the sheets: ids in, load, one service; and the sweep of what is kept no longer."""

from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from aftersales.core import jobs, origin
from aftersales.core.models import Job

from . import exporting, keeping, services
from .models import SheetExport, SheetUpload


def check_job(job: Job, now: datetime) -> dict[str, Any]:
    upload = SheetUpload.objects.select_related("owner").get(pk=job.payload["upload"])
    services.check(upload=upload, now=now, progress=lambda done, total: jobs.progress(job, done, total, now))
    return dict(upload.counts)


def apply_job(job: Job, now: datetime) -> dict[str, Any]:
    upload = SheetUpload.objects.select_related("owner").get(pk=job.payload["upload"])
    services.apply(upload=upload, now=now, progress=lambda done, total: jobs.progress(job, done, total, now))
    return dict(upload.counts)


def export_job(job: Job, now: datetime) -> dict[str, Any]:
    row = SheetExport.objects.get(pk=job.payload["export"])
    exporting.make(export=row, now=now)
    return {"rows": row.row_count}


@shared_task
def go_on() -> None:
    """Every minute: ask again for work that a killed worker left behind."""
    with origin.coming_from("task"):
        keeping.go_on(now=timezone.now())


@shared_task
def purge() -> None:
    """Clear old uploads and expired exports. Safe to run twice at once: what is gone is gone."""
    with origin.coming_from("task"):
        keeping.purge(now=timezone.now())
