"""Every step of an import: receive, check, confirm, cancel, apply. Keyword-only; ``actor`` is the upload's owner."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, jobs, origin
from aftersales.core.errors import DomainError, NotPermitted

from . import headers, limits, profiles, reading, resource, staging
from .models import ENDED, SheetUpload, UploadState
from .plan import Plan
from .problems import FileRefused, Unreadable
from .resource import Column, SheetResource
from .sqltext import quote_ids
from .widgets import LookupWidget

CHECK_ROWS = 50_000
MARKS = 10_000
TRIES = 4
TAKEN = "23505"
AGAIN = {"40P01", "55P03", "40001"}  # deadlock, lock timeout, serialization
COUNTS = {"n": "new", "c": "changed", "s": "same", "r": "refused", "x": "conflict"}


def folder() -> Path:
    """Private storage: nothing in it is ever served."""
    path = Path(settings.DATA) / "uploads"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def clean_name(name: str) -> str:
    """What a file is called on pages: no path, no control or direction marks, at most 120 characters."""
    tidy = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    tidy = "".join(letter for letter in tidy if unicodedata.category(letter)[0] != "C")
    return re.sub(r"\s+", " ", tidy).strip()[-120:] or "sheet"


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
    """Store an uploaded file under a random name. Raises FileRefused for a kind of file that is never read."""
    found = resource.find(sheet)
    if not found.importable or not actor.has_perm(found.import_capability()):
        raise NotPermitted()
    if profile and profiles.find(profile, sheet) is None:
        raise FileRefused("unknown_profile", _("There is no such column profile for this sheet."))
    path = folder() / f"{secrets.token_urlsafe(16)}.part"
    digest, size = _store(path, chunks)
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


def _store(path: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    digest, size, most = hashlib.sha256(), 0, limits.current().max_bytes
    with path.open("xb") as stream:
        path.chmod(0o600)
        for chunk in chunks:
            size += len(chunk)
            if size <= most + 1:
                stream.write(chunk)
            digest.update(chunk)
    return digest.hexdigest(), size


def plan_of(upload: SheetUpload, *, now: datetime) -> Plan:
    """The SQL of an upload, from the header and the mapping kept with it: a profile may change after the preview."""
    found = resource.find(upload.sheet)
    bindings, _notes = headers.bind(found, upload.reading["header"], upload.reading["spec"], upload.options)
    return Plan(found, bindings, upload.pk, upload.owner, now, reason=f"sheet {upload.public_id}")


def _spec(upload: SheetUpload) -> Mapping[str, Any] | None:
    row = profiles.find(upload.profile, upload.sheet) if upload.profile else None
    return row.spec if row else None


def check(
    *, upload: SheetUpload, now: datetime, progress: Callable[[int, int], None] | None = None
) -> SheetUpload:
    """Read, stage, validate and compare; afterwards the upload is previewed or refused. Idempotent."""
    if upload.state in ENDED:
        return upload
    staging.discard(upload.pk)
    try:
        _read_and_compare(upload, now, progress)
        upload.state = UploadState.PREVIEWED
    except FileRefused as refusal:
        staging.discard(upload.pk)
        upload.state, upload.problem = UploadState.REFUSED, refusal.as_json()
        upload.finished_at = now
    upload.checked_at = now
    upload.save()
    return upload


def _read_and_compare(
    upload: SheetUpload, now: datetime, progress: Callable[[int, int], None] | None
) -> None:
    bounds = limits.current()
    found = resource.find(upload.sheet)
    with reading.rows(folder() / upload.stored_name, upload.file_name, bounds) as (how, rows):
        header = staging.header_of(rows, how)
        spec = _spec(upload)
        bindings, notes = headers.bind(found, header, spec, upload.options)
        _permitted(bindings, upload.owner)
        width = len([name for name in header if headers.tidy(name)])
        keys = _key_cells(found, bindings)
        last = staging.fill(upload.pk, rows, how, width, keys, bounds)
    how.notes = notes
    upload.reading = how.as_json() | {"last": last, "width": width, "spec": spec}
    plan = Plan(found, bindings, upload.pk, upload.owner, now)
    compare(plan, last, progress)
    upload.counts = {"read": how.rows, **verdict_counts(upload.pk)}


def _key_cells(found: type[SheetResource], bindings: Iterable[headers.Binding]) -> list[int]:
    wanted = found.key_columns()
    return sorted({cell for binding in bindings if binding.name in wanted for cell in binding.cells})


def _permitted(bindings: Iterable[headers.Binding], actor: Any) -> None:
    """Some columns ask for a right of their own."""
    for binding in bindings:
        if binding.column.capability and not actor.has_perm(binding.column.capability):
            raise FileRefused(
                "forbidden_column",
                _("The column “%(name)s” cannot be imported."),
                _("Delete the column “%(name)s”."),
                name=str(binding.column.label),
            )


def compare(plan: Plan, last: int, progress: Callable[[int, int], None] | None = None) -> None:
    """Write a verdict for each staged row."""
    with by_index() as cursor:
        for question, answer in plan.repeated():
            cursor.execute(question)
            if cursor.fetchone():
                _mark(cursor, plan, answer)
    for low in range(1, last + 1, CHECK_ROWS):
        with by_index() as cursor:
            cursor.execute(plan.verdicts(low, low + CHECK_ROWS - 1))
        if progress:
            progress(min(last, low + CHECK_ROWS), last)


def _mark(cursor: Any, plan: Plan, answer: str) -> None:
    cursor.execute(answer)
    found = cursor.fetchall()
    for start in range(0, len(found), MARKS):
        cursor.execute(plan.marked(dict(found[start : start + MARKS])))


@contextmanager
def by_index() -> Iterator[Any]:
    """A transaction in which every key is looked up by its index.

    Nobody analyses freshly staged rows, so PostgreSQL takes thousands of them for one and would read whole tables
    again and again.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off"
        )
        yield cursor
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_mergejoin = on")


def verdict_counts(upload_id: int) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT verdict, count(*) FROM core_sheetverdict WHERE upload_id = %s GROUP BY 1", [upload_id]
        )
        found = dict(cursor.fetchall())
    return {name: found.get(verdict, 0) for verdict, name in COUNTS.items()}


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
        message = f"{column.label}: {error.reason}"
        raise FileRefused(error.code, message, error.remedy) from error


def confirm(*, upload: SheetUpload, actor: Any, now: datetime) -> SheetUpload:
    """Start writing what the preview showed. A second confirmation changes nothing (case I05)."""
    with transaction.atomic():
        row: SheetUpload = SheetUpload.objects.select_for_update().get(pk=upload.pk)
        _own(row, actor)
        if row.state in {UploadState.APPLYING, UploadState.DONE}:
            return row
        if row.state != UploadState.PREVIEWED:
            raise DomainError(_("This upload is not waiting for a confirmation any more."), "not_previewed")
        row.state, row.confirmed_at = UploadState.APPLYING, now
        row.save(update_fields=["state", "confirmed_at"])
        jobs.enqueue("sheets.apply", key=f"sheets.apply:{row.pk}", payload={"upload": row.pk}, now=now)
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
    plan = plan_of(upload, now=now)
    last, step = int(upload.reading["last"]), limits.current().chunk_rows
    if not staged(upload):
        return _lost(upload, now)
    with origin.coming_from("import"):
        while upload.applied_row < last:
            low = max(upload.applied_row, int(upload.reading["header_row"])) + 1
            high = min(last, low + step - 1)
            _chunk(upload, plan, low, high)
            if progress:
                progress(high, last)
        _follow(plan, last, step)
        finish(upload=upload, now=now)
    return upload


def _follow(plan: Plan, last: int, step: int) -> None:
    """What follows in other tables; run again after a crash it changes nothing."""
    if not plan.resource.after:
        return
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


def _lost(upload: SheetUpload, now: datetime) -> SheetUpload:
    """The database crashed and its unlogged tables are empty: what is committed stays, the rest is uploaded again."""
    refusal = FileRefused(
        "staging_lost", _("The preview was lost when the database stopped."), _("Upload the file again.")
    )
    upload.state, upload.problem, upload.finished_at = UploadState.REFUSED, refusal.as_json(), now
    upload.save()
    return upload


def _chunk(upload: SheetUpload, plan: Plan, low: int, high: int) -> None:
    """One chunk, tried again after a deadlock or lock timeout; a row the database refuses is found by halving."""
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                _write_chunk(upload, plan, low, high)
            return
        except OperationalError as error:
            if attempt + 1 == TRIES or getattr(error.__cause__, "sqlstate", "") not in AGAIN:
                raise
        except DatabaseError:
            break
        finally:
            upload.refresh_from_db(fields=["applied_row", "counts"])
    if low == high:
        with transaction.atomic():
            _refuse_row(upload, low)
        upload.refresh_from_db(fields=["applied_row", "counts"])
        return
    middle = (low + high) // 2
    _chunk(upload, plan, low, middle)
    _chunk(upload, plan, middle + 1, high)


def _write_chunk(upload: SheetUpload, plan: Plan, low: int, high: int) -> None:
    row = SheetUpload.objects.select_for_update().get(pk=upload.pk)
    if row.applied_row >= high or row.state != UploadState.APPLYING:
        return
    with by_index() as cursor:
        wanted = _wanted(cursor, plan, low, high)
        if wanted.rows:
            for statement in plan.prepare(low, high):
                cursor.execute(statement)
            ids = _write_rows(cursor, plan, low, high, wanted)
            if len(ids) < wanted.main:
                cursor.execute(plan.mark_lost(low, high, ids))
            for statement in plan.attach(low, high):
                cursor.execute(statement)
    row.applied_row = high
    row.save(update_fields=["applied_row"])


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
    if plan.resource.intake is not None:
        return _take_in(cursor, plan, low, high)
    ids: list[int] = []
    if wanted.changed:
        cursor.execute(plan.lock(low, high))
        cursor.execute(plan.update(low, high))
        ids += [found[0] for found in cursor.fetchall()]
    if wanted.new:
        ids += _insert(cursor, plan, low, high, every=wanted.new == high - low + 1)
    return ids


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


def _take_in(cursor: Any, plan: Plan, low: int, high: int) -> list[int]:
    """New rows of an intake sheet go to the room's service, inside the chunk's transaction."""
    names = list(plan.by_name)
    cursor.execute(plan.typed_rows(names, low, high))
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert plan.resource.intake is not None
    return list(plan.resource.intake(rows, plan.user, plan.now)) if rows else []


def _refuse_row(upload: SheetUpload, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_sheetverdict SET verdict = 'x', problems = '~:database;' "
            "WHERE upload_id = %s AND row_no = %s AND verdict IN ('n', 'c')",
            [upload.pk, number],
        )
    SheetUpload.objects.filter(pk=upload.pk, applied_row__lt=number).update(applied_row=number)


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
