"""What the beat looks after: work that stopped, and what is kept no longer than needed (personal data, R2.2)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from aftersales.core import jobs
from aftersales.core.models import Job, JobState

from . import exporting, limits, services, storing
from .models import ENDED, WORK, SheetExport, SheetUpload, UploadState
from .problems import given_up

BATCH = 100


def go_on(*, now: datetime) -> int:
    """Ask again for uploads that wait for a worker whom nobody asked any more; answers how many.

    A parked job is left to people: it failed too often.
    """
    found = 0
    for upload in list(SheetUpload.objects.filter(state__in=WORK).order_by("id")):
        if forgotten(upload, now) and job_of(upload) is None:
            found += services.work_later(upload, now=now)
    return found


def job_of(upload: SheetUpload) -> Job | None:
    """The job that works on an upload, or would if it were not parked; None when there is none (any more)."""
    rows: Any = Job.objects.filter(key=upload.job_key).exclude(state=JobState.DONE)
    return rows.first()  # type: ignore[no-any-return]


def forgotten(upload: SheetUpload, now: datetime) -> bool:
    """A small file is checked inside the request that brought it: for a while it has no job."""
    return upload.state != UploadState.UPLOADED or upload.uploaded_at < now - jobs.LEASE


def stopped(upload: SheetUpload, now: datetime) -> bool:
    """Whether nobody works on it any more, although it waits for work."""
    job = job_of(upload)
    return job.state == JobState.PARKED if job else forgotten(upload, now)


def purge(*, now: datetime) -> int:
    """Forget what is over its time; answers how many uploads and exports were cleared. Twice is as good as once."""
    done = last = 0
    while found := _old_uploads(now, after=last):
        done += sum(_forget_upload(upload, now) for upload in found)
        last = found[-1].pk
    while expired := list(SheetExport.objects.filter(expires_at__lte=now).exclude(stored_name="")[:BATCH]):
        for export in expired:
            _forget_export(export)
        done += len(expired)
    _forget_strays(now)
    return done


def _old_uploads(now: datetime, *, after: int) -> list[SheetUpload]:
    old = now - timedelta(days=limits.current().keep_days)
    rows = SheetUpload.objects.filter(uploaded_at__lt=old, purged_at=None, pk__gt=after)
    return list(rows.order_by("id")[:BATCH])


def _forget_upload(upload: SheetUpload, now: datetime) -> bool:
    """Under its lock: nobody can confirm it meanwhile, and one that is being written stays until that failed."""
    job = job_of(upload)
    if upload.state == UploadState.APPLYING and job and job.state == JobState.PARKED:
        services.stop(upload=upload, why=given_up(), now=now)
    with transaction.atomic():
        row: SheetUpload = SheetUpload.objects.select_for_update().get(pk=upload.pk)
        if row.state not in {UploadState.APPLYING, *ENDED}:
            row.state, row.finished_at = UploadState.CANCELLED, now
            row.save(update_fields=["state", "finished_at"])
        if row.state in ENDED:
            services.forget(upload=row, now=now)
        return row.state in ENDED


def _forget_export(export: SheetExport) -> None:
    """Its link has expired; the rows it remembered are left when it was never made."""
    exporting.path_of(export).unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_sheetverdict WHERE upload_id = %s", [-export.pk])
    export.stored_name = ""
    export.save(update_fields=["stored_name"])


def _forget_strays(now: datetime) -> None:
    """Files that no row knows: a process died between writing the file and the row."""
    old = (now - timedelta(days=limits.current().keep_days)).timestamp()
    strays = {path.name: path for path in storing.folder().iterdir() if path.stat().st_mtime < old}
    if not strays:
        return
    known = set(SheetUpload.objects.filter(stored_name__in=strays).values_list("stored_name", flat=True))
    known |= set(SheetExport.objects.filter(stored_name__in=strays).values_list("stored_name", flat=True))
    for name in strays.keys() - known:
        strays[name].unlink(missing_ok=True)
