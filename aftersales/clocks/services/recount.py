"""A changed standard reaches open tickets, where its activator chose so: their clocks are counted anew, in batches."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from aftersales.clocks import rules
from aftersales.clocks.models import Clock
from aftersales.clocks.services.bench import Bench, by_subject
from aftersales.clocks.services.engine import drafts_of, followed, tell, write
from aftersales.clocks.services.rebuild import RECOUNT
from aftersales.clocks.states import COUNTING, ClockState
from aftersales.core import events, facts, jobs
from aftersales.core.models import Event
from aftersales.standards import selectors as rule_book
from aftersales.standards.models import StandardVersion
from aftersales.standards.rules import matches

JOB = "clocks.recount"
BATCH = 500
Progress = Callable[[int, int], None]


def recount_ask(event: Event, now: datetime) -> None:
    """A version came into force that is to reach open tickets: the work is asked for once, for its first moment."""
    if not event.payload.get("open_too"):
        return
    version = StandardVersion.objects.filter(pk=event.subject_id).first()
    if version is not None and version.valid_from is not None:
        jobs.enqueue(
            JOB, key=f"{JOB}:{version.pk}", payload={"version": version.pk}, now=now,
            run_after=max(now, version.valid_from),
        )  # fmt: skip


def recount(
    version_id: int, *, now: datetime, actor: Any, progress: Progress | None = None
) -> Mapping[str, int]:
    """Count the running clocks of a version's standard anew by it. Resumable: what follows it already is left out."""
    book = rule_book.book()
    version = book.by_id[version_id]
    counts = {"looked_at": 0, "changed": 0}
    if not (version.applies_to_open and version.applies_at(now)):
        return counts
    total, after = _affected(version).count(), 0
    while True:
        with transaction.atomic():
            batch = list(
                _affected(version)
                .filter(pk__gt=after)
                .order_by("pk")
                .values_list("pk", "subject_kind", "subject_id")[:BATCH]
            )
            for kind in sorted({kind for _pk, kind, _subject in batch}):
                ids = {pk for pk, one, _subject in batch if one == kind}
                subjects = sorted({subject for _pk, one, subject in batch if one == kind})
                counts["changed"] += _recount(kind, subjects, ids, version, book, actor, now)
        counts["looked_at"] += len(batch)
        if progress is not None:
            progress(counts["looked_at"], max(total, counts["looked_at"]))
        if len(batch) < BATCH:
            return counts
        after = batch[-1][0]


def _affected(version: StandardVersion) -> QuerySet[Clock]:
    """What began in a promotion keeps the promotion's time, whatever the usual version says."""
    same: QuerySet[Clock] = Clock.objects.open().filter(
        standard_version__standard_id=version.standard_id, is_historic=False, state__in=COUNTING,
        standard_version__promotion=version.promotion_id,
    )  # fmt: skip
    return same.exclude(standard_version_id=version.pk)


def _recount(
    kind: str, subjects: Sequence[int], ids: set[int], version: StandardVersion, book: rule_book.Book, actor: Any,
    now: datetime,
) -> int:  # fmt: skip
    """One batch of one kind of subject: the rows first, then their clocks, judged under the lock."""
    following = followed().get(kind)
    rows = following.lock_rows(subjects) if following is not None and following.lock_rows is not None else []
    known = facts.ask_one(f"clock_subject:{kind}", rows, now) if rows else {}
    found = list(Clock.objects.of(kind, *subjects).select_for_update(of=("self",)).order_by("pk"))
    bench = Bench(book=book, clocks=dict(by_subject(found)))
    named = {row.pk: row for row in rows}
    for clock in found:
        cause = SimpleNamespace(
            row=named.get(clock.subject_id), actor=actor, at=now, kind=RECOUNT, payload={}
        )
        fits = clock.subject_id not in known or matches(version, known[clock.subject_id])
        if clock.pk in ids and fits and reaches(clock, version, book, now):
            bench.recounted(clock, version, cause)
    write(bench)
    for row in rows:
        tell(row, bench.clocks.get((kind, row.pk), []))
    if following is not None and following.write_rows is not None and rows:
        following.write_rows(rows)
    events.record_many(drafts_of(bench.notes), now=now)
    return len(bench.touched)


def reaches(clock: Clock, version: StandardVersion, book: rule_book.Book, now: datetime) -> bool:
    """Whether a version may count this clock anew: it runs or stands, is not late yet, and the law allows it."""
    overdue = clock.state == ClockState.RUNNING and clock.due_at < now
    if not clock.is_open or clock.state not in COUNTING or overdue or clock.standard_version_id == version.pk:
        return False
    then = rules.due_at(
        book.calendar(version),
        clock.counted_from,
        version.limit_value,
        version.limit_unit,
        clock.pause_list(),
    )
    return rules.may_recount(clock.kind, version.clock_kind, clock.due_at, then)
