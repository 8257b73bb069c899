"""Every step of an import: receive, check, confirm, cancel, apply. Keyword-only; ``actor`` is the upload's owner."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, jobs, origin, tablestats
from aftersales.core.errors import Busy, DomainError, NotPermitted

from . import headers, limits, profiles, reading, resource, rowrules, staging
from .checking import by_index, verdict_counts
from .checking import check as check
from .intake import take_in
from .models import WORK, SheetUpload, UploadState
from .plan import Plan
from .problems import UPLOAD_AGAIN, FileRefused, Unreadable, no_right, said_by_service, staging_lost
from .resource import Column, refuse_closed
from .sqltext import quote_ids
from .storing import clean_name, store
from .storing import folder as folder
from .widgets import LookupWidget

TRIES = 4
TAKEN = "23505"
AGAIN = {"40P01", "55P03", "40001"}  # deadlock, lock timeout, serialization


def receive(
    *,
    sheet: str,
    name: str,
    chunks: Iterable[bytes],
    actor: Any,
    now: datetime,
    profile: str = "",
    options: Mapping[str, str] | None = None,
) -> SheetUpload:
    """Store an uploaded file under a random name. Raises FileRefused for a kind of file that is never read, and what
    closes the sheet to this person."""
    found = resource.find(sheet)
    if not found.importable or not actor.has_perm(found.import_capability()):
        raise NotPermitted()
    refuse_closed(sheet, actor)
    if profile and profiles.find(profile, sheet) is None:
        raise FileRefused("unknown_profile", _("There is no such column profile for this sheet."))
    path = folder() / f"{secrets.token_urlsafe(16)}.part"
    digest, size = store(path, chunks)
    try:
        kind = reading.sniff(path, name, limits.current())
    except FileRefused:
        path.unlink()
        raise
    stored = path.rename(path.with_suffix(f".{kind}"))
    return SheetUpload.objects.create(
        owner=actor,
        sheet=sheet,
        profile=profile,
        options=dict(options or {}),
        file_name=clean_name(name),
        stored_name=stored.name,
        size=size,
        sha256=digest,
        uploaded_at=now,
    )


def plan_of(upload: SheetUpload, *, now: datetime) -> Plan:
    """The SQL of an upload, from the header and the mapping kept with it: a profile may change after the preview."""
    found = resource.find(upload.sheet)
    bindings, _notes = headers.bind(found, upload.reading["header"], upload.reading["spec"], upload.options)
    return Plan(found, bindings, upload.pk, upload.owner, now, reason=f"sheet {upload.public_id}")


def choices(*, sheet: str, profile: str, given: Mapping[str, str], actor: Any) -> dict[str, str]:
    """What a profile wants chosen at upload (a merchant): it must be known and within the person's scope."""
    found = resource.find(sheet)
    row = profiles.find(profile, sheet) if profile else None
    chosen: dict[str, str] = {}
    for name in row.spec.get("chosen", []) if row else []:
        chosen[name] = given.get(name, "").strip()
        require_choice(found.column(name), chosen[name], actor)
    return chosen


def require_choice(column: Column, value: str, actor: Any) -> None:
    """A value chosen at upload must be readable and, for a reference, known to the person."""
    try:
        text = column.widget.clean(value)
        if text is None:
            raise Unreadable("required", _("This column must be filled."))
        if isinstance(column.widget, LookupWidget):
            column.widget.find(text, {}, actor)
    except Unreadable as error:
        raise FileRefused(
            error.code,
            _("Choose what the file does not say, “%(label)s”: %(reason)s"),
            error.remedy,
            label=str(column.label),
            reason=str(error.reason),
        ) from error


def confirm(*, upload: SheetUpload, actor: Any, now: datetime) -> SheetUpload:
    """Start writing what the preview showed. A second confirmation changes nothing (case I05)."""
    with transaction.atomic():
        row: SheetUpload = SheetUpload.objects.select_for_update().get(pk=upload.pk)
        _own(row, actor)
        if row.state in {UploadState.APPLYING, UploadState.DONE}:
            return row
        if row.state != UploadState.PREVIEWED:
            raise DomainError(_("This upload is not waiting for a confirmation any more."), "not_previewed")
        refuse_closed(row.sheet, actor)
        row.state, row.confirmed_at = UploadState.APPLYING, now
        row.save(update_fields=["state", "confirmed_at"])
        work_later(row, now=now)
    return row


def work_later(upload: SheetUpload, *, now: datetime) -> bool:
    """Ask for what the upload waits for, once more too when the job that was asked ended without doing it."""
    kind = WORK[UploadState(upload.state)]
    return jobs.enqueue(kind, key=upload.job_key, payload={"upload": upload.pk}, now=now, again=True)


def resume(*, upload: SheetUpload, actor: Any, now: datetime) -> SheetUpload:
    """Go on with an upload whose work stopped half-way; what is written already is not written again."""
    with transaction.atomic():
        row: SheetUpload = SheetUpload.objects.select_for_update().get(pk=upload.pk)
        _own(row, actor)
        if UploadState(row.state) not in WORK:
            raise DomainError(_("There is nothing left to do for this upload."), "not_working")
        work_later(row, now=now)
    return row


def _own(upload: SheetUpload, actor: Any) -> None:
    if upload.owner_id != actor.pk:
        raise NotPermitted()
    if not actor.has_perm(resource.find(upload.sheet).import_capability()):
        raise NotPermitted()


def cancel(*, upload: SheetUpload, actor: Any, now: datetime) -> SheetUpload:
    """Give an upload up before it is written."""
    with transaction.atomic():
        row: SheetUpload = SheetUpload.objects.select_for_update().get(pk=upload.pk)
        _own(row, actor)
        if row.state not in {UploadState.UPLOADED, UploadState.PREVIEWED}:
            raise DomainError(_("This upload is being written or finished already."), "not_previewed")
        row.state, row.finished_at = UploadState.CANCELLED, now
        row.save(update_fields=["state", "finished_at"])
    forget(upload=row, now=now)
    return row


def apply(
    *, upload: SheetUpload, now: datetime, progress: Callable[[int, int], None] | None = None
) -> SheetUpload:
    """Write the previewed rows chunk by chunk; each chunk is one transaction, a later call goes on where one ended."""
    upload.refresh_from_db()
    if upload.state != UploadState.APPLYING:
        return upload
    if not upload.owner.has_perm(resource.find(upload.sheet).import_capability()):
        return stop(upload=upload, why=no_right(), now=now)
    if not staged(upload):
        return stop(upload=upload, why=staging_lost(), now=now)
    if why := _closed(upload):
        return stop(upload=upload, why=why, now=now)
    plan = plan_of(upload, now=now)
    before, last, step = int(upload.reading["header_row"]), int(upload.reading["last"]), _rows_at_once(plan)
    said_in = upload.owner.language or translation.get_language()
    with origin.coming_from("import"), translation.override(said_in):
        while upload.state == UploadState.APPLYING and upload.applied_row < last:
            low = max(upload.applied_row, before) + 1
            high = min(last, low + step - 1)
            tablestats.freshen(plan.model)
            _chunk(upload, plan, low, high)
            if progress:
                progress(high - before, last - before)
            if why := _closed(upload):
                return stop(upload=upload, why=why, now=now)
        _follow(plan, last, step)
        finish(upload=upload, now=now)
    return upload


def _closed(upload: SheetUpload) -> FileRefused | None:
    """Why its owner may not go on with this sheet just now: no fault of its rows."""
    try:
        refuse_closed(upload.sheet, upload.owner)
    except DomainError as closed:
        return FileRefused(closed.code, closed.message, UPLOAD_AGAIN)
    return None


def _rows_at_once(plan: Plan) -> int:
    """Rows of one transaction: people wait for its locks, so that a sheet may ask for fewer."""
    most = limits.current().chunk_rows
    return min(most, plan.resource.chunk_rows or most)


def _follow(plan: Plan, last: int, step: int) -> None:
    """What follows in other tables; run again after a crash it changes nothing."""
    if not plan.resource.after:
        return
    tablestats.freshen(plan.model)
    for low in range(1, last + 1, step):
        with by_index() as cursor:
            cursor.execute(plan.written(low, low + step - 1))
            ids = quote_ids(sorted(row[0] for row in cursor.fetchall()))
            for statement in plan.resource.after:
                cursor.execute(statement(plan, ids))


def staged(upload: SheetUpload) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM core_sheetverdict WHERE upload_id = %s)", [upload.pk])
        return bool(cursor.fetchone()[0])


def stop(*, upload: SheetUpload, why: FileRefused, now: datetime) -> SheetUpload:
    """End a run that cannot go on: what is committed stays, the rest is uploaded again."""
    with transaction.atomic():
        row: SheetUpload = SheetUpload.objects.select_for_update().get(pk=upload.pk)
        if row.state == UploadState.APPLYING:
            row.state, row.problem, row.finished_at = UploadState.REFUSED, why.as_json(), now
            row.save(update_fields=["state", "problem", "finished_at"])
            told = {"sheet": row.sheet, "upload": row.pk, "row": row.applied_row, "why": why.code}
            events.record("sheet.stopped", subject=row, actor=row.owner, now=now, payload=told)
    upload.refresh_from_db()
    return upload


def _chunk(upload: SheetUpload, plan: Plan, low: int, high: int) -> None:
    """One chunk, tried again after a deadlock or lock timeout; a row that the database or a service refuses is found by
    halving, and the others are taken."""
    for attempt in range(TRIES):
        try:
            taken = take_in(upload, plan, low, high)
            with transaction.atomic():
                _write_chunk(upload, plan, low, high, taken)
            return
        except (OperationalError, Busy) as error:
            if attempt + 1 == TRIES or not _passing(error):
                raise
        except DatabaseError:
            why = "database"
            break
        except DomainError as error:
            why = said_by_service(str(error))
            break
        finally:
            upload.refresh_from_db(fields=["applied_row", "state"])
    if low == high:
        with transaction.atomic():
            _refuse_row(upload, low, why)
        upload.refresh_from_db(fields=["applied_row", "state"])
        return
    middle = (low + high) // 2
    _chunk(upload, plan, low, middle)
    _chunk(upload, plan, middle + 1, high)


def _passing(error: Exception) -> bool:
    """Whether somebody else's lock was in the way: nothing happened, the next try may succeed."""
    return isinstance(error, Busy) or getattr(error.__cause__, "sqlstate", "") in AGAIN


def _write_chunk(upload: SheetUpload, plan: Plan, low: int, high: int, taken: list[int] | None) -> None:
    row = _locked_before(upload, low)
    if row is None:
        return
    with by_index() as cursor:
        for statement in rowrules.again(plan, low, high):
            cursor.execute(statement)
        wanted = _wanted(cursor, plan, low, high)
        if wanted.rows:
            for statement in plan.prepare(low, high):
                cursor.execute(statement)
            done = _write_rows(cursor, plan, low, high, wanted) if taken is None else taken
            if len(done) < wanted.main:
                # What a service took is told by row: another row of the file may belong to the same stored one.
                which = "t.id" if taken is None else "n.row_no"
                cursor.execute(plan.mark_lost(low, high, f"{which} = ANY({quote_ids(done)})"))
            for statement in plan.attach(low, high):
                cursor.execute(statement)
    row.applied_row = high
    row.save(update_fields=["applied_row"])


def _locked_before(upload: SheetUpload, low: int) -> SheetUpload | None:
    """The upload, locked, while it is being written up to this row; None when another worker is there."""
    row: SheetUpload = SheetUpload.objects.select_for_update().get(pk=upload.pk)
    written = max(row.applied_row, int(row.reading["header_row"]))
    return row if row.state == UploadState.APPLYING and written == low - 1 else None


@dataclass(frozen=True)
class Wanted:
    """How many rows of a chunk are new and changed, and how many of them repeat a main row (accounts of a person)."""

    new: int
    changed: int
    repeated: int

    @property
    def rows(self) -> int:
        return self.new + self.changed

    @property
    def main(self) -> int:
        return self.rows - self.repeated


def _wanted(cursor: Any, plan: Plan, low: int, high: int) -> Wanted:
    cursor.execute(
        "SELECT count(*) FILTER (WHERE verdict = 'n'), count(*) FILTER (WHERE verdict = 'c') FROM core_sheetverdict "
        "WHERE upload_id = %s AND verdict IN ('n', 'c') AND row_no BETWEEN %s AND %s",
        [plan.upload_id, low, high],
    )
    new, changed = cursor.fetchone()
    repeated = 0
    if plan.resource.row_key and (new or changed):
        cursor.execute(f"SELECT count(*) FROM {plan.rows_with('nc', low, high)} AND s.bad = 'again'")
        repeated = cursor.fetchone()[0]
    return Wanted(new, changed, repeated)


def _write_rows(cursor: Any, plan: Plan, low: int, high: int, wanted: Wanted) -> list[int]:
    changed: list[int] = []
    made: list[int] = []
    if wanted.changed:
        cursor.execute(plan.lock(low, high))
        cursor.execute(plan.update(low, high))
        changed = [found[0] for found in cursor.fetchall()]
    if wanted.new:
        made = _insert(cursor, plan, low, high, every=wanted.new == high - low + 1)
    if plan.resource.tell is not None:
        plan.resource.tell(made, _changes(cursor, plan, changed), plan.user, plan.now)
    return [*changed, *made]


def _changes(cursor: Any, plan: Plan, ids: list[int]) -> dict[int, list[str]]:
    """Which columns of these rows the run changed."""
    cursor.execute(
        "SELECT target_id, changes FROM core_sheetverdict WHERE upload_id = %s AND verdict = 'c' "
        "AND target_id = ANY(%s)",
        [plan.upload_id, ids],
    )
    return {key: sorted(filter(None, set(changes.split(";")))) for key, changes in cursor.fetchall()}


def _insert(cursor: Any, plan: Plan, low: int, high: int, *, every: bool) -> list[int]:
    """Straight on; only when somebody took one of the keys since the preview, row by row around it."""
    try:
        with transaction.atomic():
            cursor.execute(plan.insert(low, high, every=every, careful=False))
            return [found[0] for found in cursor.fetchall()]
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != TAKEN:
            raise
    cursor.execute(plan.insert(low, high, every=every))
    return [found[0] for found in cursor.fetchall()]


def _refuse_row(upload: SheetUpload, number: int, why: str) -> None:
    row = _locked_before(upload, number)
    if row is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_sheetverdict SET verdict = 'x', problems = %s "
            "WHERE upload_id = %s AND row_no = %s AND verdict IN ('n', 'c')",
            [f"~:{why};", upload.pk, number],
        )
    row.applied_row = number
    row.save(update_fields=["applied_row"])


def finish(*, upload: SheetUpload, now: datetime) -> None:
    """Count what was committed and leave the run's one event."""
    with transaction.atomic():
        row = SheetUpload.objects.select_for_update().get(pk=upload.pk)
        if row.state != UploadState.APPLYING:
            upload.refresh_from_db()
            return
        counts = verdict_counts(row.pk)
        row.counts = {"read": row.count("read"), **counts}
        row.state, row.finished_at = UploadState.DONE, now
        row.save(update_fields=["counts", "state", "finished_at"])
        events.record("sheet.applied", subject=row, actor=row.owner, now=now, payload=_payload(row))
    upload.refresh_from_db()


def _payload(row: SheetUpload) -> dict[str, Any]:
    return {
        "sheet": row.sheet,
        "profile": row.profile,
        "sha256": row.sha256,
        "upload": row.pk,
        "read": row.count("read"),
        "created": row.count("new"),
        "updated": row.count("changed"),
        "unchanged": row.count("same"),
        "refused": row.count("refused") + row.count("conflict"),
        "since": row.confirmed_at.isoformat() if row.confirmed_at else "",
    }


def same_bytes(upload: SheetUpload) -> SheetUpload | None:
    """The finished run of the very same file, if there was one (case I06)."""
    return (
        SheetUpload.objects.filter(
            sha256=upload.sha256, sheet=upload.sheet, profile=upload.profile, state=UploadState.DONE
        )
        .filter(options=upload.options)
        .exclude(pk=upload.pk)
        .order_by("-id")
        .first()
    )


def forget(*, upload: SheetUpload, now: datetime) -> None:
    """The file and its staged rows are gone; the row of the run stays."""
    staging.discard(upload.pk)
    (folder() / upload.stored_name).unlink(missing_ok=True)
    upload.purged_at = now
    upload.save(update_fields=["purged_at"])
