"""The check of an upload: read, stage, validate, compare. Only what nobody decided about yet is checked.

A check may die with its worker and be run again, twice at once too: each run takes a number, every transaction ends
by asking whether that number still holds, and the result is published under the same condition (case I05).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from aftersales.core import tablestats

from . import explaining, headers, limits, profiles, reading, resource, rowrules, staging, storing
from .models import SheetUpload, UploadState
from .plan import Plan
from .problems import FileRefused
from .resource import SheetResource

CHECK_ROWS = 50_000
MARKS = 10_000
COUNTS = {"n": "new", "c": "changed", "s": "same", "r": "refused", "x": "conflict"}

Progress = Callable[[int, int], None]


class Superseded(Exception):  # noqa: N818 - no error: somebody decided, or a later check took over
    """What this run would write is not wanted any more."""


@dataclass(frozen=True)
class Turn:
    """One run of a check; it ends when a later run begins or a person decides."""

    upload_id: int
    number: int

    @property
    def mine(self) -> Any:
        """The upload while it is this run's to change."""
        return SheetUpload.objects.filter(pk=self.upload_id, state=UploadState.UPLOADED, checks=self.number)

    @contextmanager
    def step(self) -> Iterator[None]:
        """A transaction that commits only while the turn lasts; the upload is locked for its last moment only."""
        with transaction.atomic():
            yield
            if not list(self.mine.select_for_update().values_list("pk")):
                raise Superseded


def check(*, upload: SheetUpload, now: datetime, progress: Progress | None = None) -> SheetUpload:
    """Read, stage, validate and compare; afterwards the upload is previewed or refused.

    An upload that does not wait for it is left as it is; a run that died is begun anew.
    """
    if turn := _begin(upload):
        with suppress(Superseded):
            _publish(turn, _result(upload, turn, now, progress), now)
    upload.refresh_from_db()
    return upload


def _begin(upload: SheetUpload) -> Turn | None:
    """Take the next number; from here on an earlier run writes nothing."""
    waiting = SheetUpload.objects.filter(pk=upload.pk, state=UploadState.UPLOADED)
    with transaction.atomic():
        if not waiting.update(checks=F("checks") + 1):
            return None
        return Turn(upload.pk, waiting.values_list("checks", flat=True).get())


def _publish(turn: Turn, columns: Mapping[str, Any], now: datetime) -> None:
    turn.mine.update(checked_at=now, **columns)


def _result(upload: SheetUpload, turn: Turn, now: datetime, progress: Progress | None) -> dict[str, Any]:
    try:
        with turn.step():
            staging.discard(upload.pk)
        return {"state": UploadState.PREVIEWED, **_read_and_compare(upload, turn, now, progress)}
    except FileRefused as found:
        refusal = found
    except FileNotFoundError:
        refusal = FileRefused(
            "file_lost", _("The uploaded file is no longer there."), _("Upload the file again.")
        )
    with turn.step():
        staging.discard(upload.pk)
    return {"state": UploadState.REFUSED, "problem": refusal.as_json(), "finished_at": now}


def _read_and_compare(
    upload: SheetUpload, turn: Turn, now: datetime, progress: Progress | None
) -> dict[str, Any]:
    bounds = limits.current()
    found = resource.find(upload.sheet)
    with reading.rows(storing.folder() / upload.stored_name, upload.file_name, bounds) as (how, rows):
        header = staging.header_of(rows, how)
        spec = _spec(upload)
        bindings, notes = _bound(found, header, spec, upload.options)
        _permitted(bindings, upload.owner)
        width = len([name for name in header if headers.tidy(name)])
        keys = _key_cells(found, bindings)
        last = staging.fill(upload.pk, rows, how, width, keys, bounds, turn.step)
    how.notes = notes
    plan = Plan(found, bindings, upload.pk, upload.owner, now)
    compare(plan, last, turn, progress)
    return {
        "reading": how.as_json() | {"last": last, "width": width, "spec": spec},
        "counts": {"read": how.rows, **verdict_counts(upload.pk)},
    }


def _spec(upload: SheetUpload) -> Mapping[str, Any] | None:
    row = profiles.find(upload.profile, upload.sheet) if upload.profile else None
    return row.spec if row else None


def _bound(
    found: type[SheetResource], header: list[str], spec: Mapping[str, Any] | None, options: Mapping[str, str]
) -> tuple[list[headers.Binding], list[str]]:
    """What the columns are; a file of another platform that was read as ours is called by its name."""
    try:
        return headers.bind(found, header, spec, options)
    except FileRefused as refusal:
        other = None if spec else profiles.fitting(found.sheet, [headers.tidy(name) for name in header])
        if other is None:
            raise
        raise FileRefused(
            "other_platform",
            _("These are the columns of “%(name)s”, not of our template."),
            _("Upload the file again and choose “%(name)s” under Columns."),
            name=other.name,
        ) from refusal


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


def compare(plan: Plan, last: int, turn: Turn, progress: Progress | None = None) -> None:
    """Write a verdict for each staged row."""
    tablestats.freshen(plan.model)
    with turn.step(), by_index() as cursor:
        for question, answer in plan.repeated():
            cursor.execute(question)
            if cursor.fetchone():
                _mark(cursor, plan, answer)
        for answer in rowrules.among(plan):
            _mark(cursor, plan, answer)
    for low in range(1, last + 1, CHECK_ROWS):
        with turn.step(), by_index() as cursor:
            cursor.execute(plan.verdicts(low, low + CHECK_ROWS - 1))
            cursor.execute(explaining.remembering(plan, low, low + CHECK_ROWS - 1))
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
