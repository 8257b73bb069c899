"""What is kept no longer than needed: uploaded files, staged rows, files of exports (personal data, R2.2)."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from . import exporting, limits, services
from .models import ENDED, SheetExport, SheetUpload, UploadState

BATCH = 100


def purge(*, now: datetime) -> int:
    """Forget what is over its time; answers how many uploads and exports were cleared. Twice is as good as once."""
    done = last = 0
    while found := _old_uploads(now, after=last):
        for upload in found:
            _forget_upload(upload, now)
        done, last = done + len(found), found[-1].pk
    while expired := list(SheetExport.objects.filter(expires_at__lte=now).exclude(stored_name="")[:BATCH]):
        for export in expired:
            _forget_export(export)
        done += len(expired)
    _forget_strays(now)
    return done


def _old_uploads(now: datetime, *, after: int) -> list[SheetUpload]:
    old = now - timedelta(days=limits.current().keep_days)
    rows = SheetUpload.objects.filter(uploaded_at__lt=old, purged_at=None, pk__gt=after)
    return list(rows.exclude(state=UploadState.APPLYING).order_by("id")[:BATCH])


def _forget_upload(upload: SheetUpload, now: datetime) -> None:
    """Under its lock: nobody can confirm it meanwhile, and one that was confirmed just now stays."""
    with transaction.atomic():
        row: SheetUpload = SheetUpload.objects.select_for_update().get(pk=upload.pk)
        if row.state not in {UploadState.APPLYING, *ENDED}:
            row.state, row.finished_at = UploadState.CANCELLED, now
            row.save(update_fields=["state", "finished_at"])
        if row.state in ENDED:
            services.forget(upload=row, now=now)


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
    strays = {path.name: path for path in services.folder().iterdir() if path.stat().st_mtime < old}
    if not strays:
        return
    known = set(SheetUpload.objects.filter(stored_name__in=strays).values_list("stored_name", flat=True))
    known |= set(SheetExport.objects.filter(stored_name__in=strays).values_list("stored_name", flat=True))
    for name in strays.keys() - known:
        strays[name].unlink(missing_ok=True)
