"""Jobs of the sheets: ids in, load, one service."""

from datetime import datetime
from typing import Any

from aftersales.core import jobs
from aftersales.core.models import Job

from . import exporting, services
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
