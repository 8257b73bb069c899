"""Work for later: a row in the transaction that asked for it, claimed with a lease, retried, then parked."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from aftersales.core import origin
from aftersales.core.errors import Text
from aftersales.core.models import Job, JobState

logger = logging.getLogger(__name__)

Handler = Callable[[Job, datetime], Mapping[str, Any] | None]
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 5
BACKOFF = timedelta(seconds=30)  # doubled with each attempt
FORGET_BATCH = 1000
SOON = timedelta(minutes=1)  # work for so soon gets a wake-up call of its own; later work waits for the sweep
NUDGE_PAUSE = 30.0  # seconds without publishing after the broker failed once

_handlers: dict[str, Handler] = {}
_names: dict[str, Text] = {}
_quiet_until = 0.0


def register(kind: str, handler: Handler, name: Text = "") -> None:
    """``handler(job, now)`` does the work with idempotent effects; what it returns is kept as the result.

    ``name``: what the work is, as people read it.
    """
    if _handlers.get(kind, handler) is not handler:
        raise ValueError(f"the job kind {kind} is registered twice")
    _handlers[kind], _names[kind] = handler, name


def name_of(kind: str) -> str:
    """What work of this kind is; a kind that no longer exists speaks for itself."""
    return str(_names.get(kind) or kind)


def registered() -> list[str]:
    return sorted(_handlers)


def enqueue(
    kind: str,
    *,
    key: str,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
    run_after: datetime | None = None,
    again: bool = False,
) -> bool:
    """Ask for work once: a second call with the same key does nothing and answers False.

    ``again``: a job of this key that is done or parked runs once more; one that waits or runs is enough.
    """
    if kind not in _handlers:
        raise LookupError(f"the job kind {kind!r} is not registered")
    with connection.cursor() as cursor:  # bulk_create(ignore_conflicts=True) cannot say whether it wrote
        cursor.execute(
            _ENQUEUE + (_AGAIN if again else _ONCE),
            [kind, key, json.dumps(payload or {}, ensure_ascii=False), run_after or now, now],
        )
        created = bool(cursor.rowcount == 1)
    nudge()
    if run_after is not None and timedelta(0) < run_after - now <= SOON:
        nudge_in((run_after - now).total_seconds())
    return created


_ENQUEUE = f"""
    INSERT INTO {Job._meta.db_table} (kind, key, payload, state, run_after, attempts, progress_done,
                                      progress_total, result, error, created_at)
    VALUES (%s, %s, %s::jsonb, '{JobState.WAITING.value}', %s, 0, 0, 0, '{{}}', '', %s)
    ON CONFLICT (key) """
_ONCE = "DO NOTHING"
_AGAIN = f"""
    DO UPDATE SET state = excluded.state, payload = excluded.payload, run_after = excluded.run_after, attempts = 0,
        progress_done = 0, progress_total = 0, error = '', finished_at = NULL
     WHERE {Job._meta.db_table}.state IN ('{JobState.DONE.value}', '{JobState.PARKED.value}')
"""


def nudge() -> None:
    """Wake a worker after the commit. Without a broker nothing is lost: the sweep finds the row."""
    if settings.JOBS_NUDGE and not _nudging():
        transaction.on_commit(_publish, robust=True)


def _nudging() -> bool:
    """A transaction that leaves five hundred jobs wakes one worker. A savepoint may still take its nudge back."""
    still_open = set(connection.savepoint_ids)
    return any(hook[1] is _publish and hook[0] <= still_open for hook in connection.run_on_commit)


def nudge_in(seconds: float) -> None:
    """Wake a worker some seconds after the commit, for work that is due then."""
    if settings.JOBS_NUDGE:
        transaction.on_commit(partial(_publish, countdown=seconds), robust=True)


def _publish(countdown: float | None = None) -> None:
    """Never keeps a request waiting twice: after one failure this process is quiet for a while."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    from aftersales.core.tasks import run_due_work

    try:
        run_due_work.apply_async(retry=False, ignore_result=True, countdown=countdown)
    except Exception as error:  # noqa: BLE001 - whatever a broker can throw, the row is safe
        _quiet_until = time.monotonic() + NUDGE_PAUSE
        logger.warning("the broker does not answer (%s); the sweep will find the work", error)


def run_due(now: datetime, *, limit: int = 1000) -> int:
    """Run what is due, one job at a time, until nothing is left or ``limit`` is reached; returns how many ran."""
    ran = 0
    while ran < limit and (job := _claim(now)) is not None:
        _run(job, now)
        ran += 1
    return ran


def _claim(now: datetime) -> Job | None:
    """The next due job that may still be tried."""
    while (job := _take(now)) is not None and job.state == JobState.PARKED:
        logger.error("job %s is parked: %s", job.key, job.error)
    return job


def _take(now: datetime) -> Job | None:
    """Take one due job under a lease; a job whose lease ran out belongs to nobody and may be taken again.

    A job that took its worker down each time is parked here: no worker is left that could.
    """
    due = Q(state=JobState.WAITING, run_after__lte=now) | Q(state=JobState.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        free = Job.objects.select_for_update(skip_locked=True).filter(due)
        job: Job | None = free.order_by("run_after", "id").first()
        if job is None:
            return None
        if job.attempts >= MAX_ATTEMPTS:
            job.state, job.lease_until, job.error = JobState.PARKED, None, "the worker did not come back"
        else:
            job.state, job.lease_until = JobState.RUNNING, now + LEASE
            job.attempts += 1
        job.save(update_fields=["state", "attempts", "lease_until", "error"])
    job.taken = (now, time.monotonic())
    return job


def _run(job: Job, now: datetime) -> None:
    try:
        with origin.coming_from("task", f"job-{job.pk}"):
            result = _handlers[job.kind](job, now)
    except Exception as error:
        logger.exception("job %s failed", job.key)
        _fail(job, error, now)
    else:
        _mine(job).update(
            state=JobState.DONE, result=dict(result or {}), finished_at=now, lease_until=None, error=""
        )


def _mine(job: Job) -> Any:
    """Only the holder of the current attempt may finish a job: a late first runner changes nothing."""
    return Job.objects.filter(pk=job.pk, attempts=job.attempts, state=JobState.RUNNING)


def _fail(job: Job, error: Exception, now: datetime) -> None:
    parked = job.attempts >= MAX_ATTEMPTS
    _mine(job).update(
        state=JobState.PARKED if parked else JobState.WAITING,
        error=f"{type(error).__name__}: {error}"[:2000],
        run_after=now + BACKOFF * 2 ** (job.attempts - 1),
        lease_until=None,
    )


def progress(job: Job, done: int, total: int, now: datetime) -> None:
    """Show how far the work is and keep the lease alive; call it between chunks.

    The lease counts real seconds since the job was taken, because a handler's ``now`` stands still.
    """
    since, second = job.taken
    alive = max(now, since + timedelta(seconds=time.monotonic() - second))
    _mine(job).update(progress_done=done, progress_total=total, lease_until=alive + LEASE)


def replay(job: Job, *, now: datetime) -> bool:
    """Take a parked job out of the park; answers False when it was not parked any more."""
    changed = Job.objects.filter(pk=job.pk, state=JobState.PARKED).update(
        state=JobState.WAITING, attempts=0, run_after=now, error="", progress_done=F("progress_done")
    )
    nudge()
    return bool(changed)


def forget_done(*, now: datetime) -> int:
    """Remove jobs that were done long ago; parked ones stay until a person looked at them. Answers how many."""
    removed = 0
    done = Job.objects.filter(state=JobState.DONE, finished_at__lt=now - settings.JOBS_KEPT).order_by("id")
    while ids := list(done.values_list("pk", flat=True)[:FORGET_BATCH]):
        removed += Job.objects.filter(pk__in=ids).delete()[0]
    return removed
