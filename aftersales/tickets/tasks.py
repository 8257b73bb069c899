"""Ids in, one service each. Beat only wakes these; what they do is idempotent."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from aftersales.core import jobs, origin
from aftersales.core.models import Job
from aftersales.tickets import services
from aftersales.tickets.selectors import replaying
from aftersales.tickets.services import daily_facts, erasing, run_words, unsent
from aftersales.tickets.services.automation import automation_sweep

logger = logging.getLogger(__name__)


def intake_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Run the intake rules after a load of trade data."""
    return services.intake_run(now=now, backfill=bool(job.payload.get("backfill")))


def simulate_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Play a week of dispatches again under other weights; what comes out is the job's result."""
    return replaying.played(job.payload, progress=lambda done, total: jobs.progress(job, done, total, now))


def remove_files_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Delete the files of attachments that were erased."""
    return {"removed": erasing.files_remove(now=now)}


def send_held_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Say a reply whose time to be taken back is over."""
    said = unsent.held_send(unsent_id=int(job.payload["id"]), now=now)
    return {"message": said.pk if said else None}


@shared_task
def sweep() -> None:
    """Every minute: wake, close by silence, take back what nobody began, dispatch what nobody has."""
    _each(
        services.wake_sweep, services.appointments_sweep, services.silence_sweep, services.take_back_sweep,
        services.lapsed_sweep, automation_sweep, services.dispatch_sweep, services.digest_sweep,
    )  # fmt: skip


def _each(*sweeps: Callable[..., Any]) -> None:
    """One that ends with an error does not keep the others from their work; the log names it."""
    now = timezone.now()
    with origin.coming_from("task"):
        for one in sweeps:
            try:
                one(now=now)
            except Exception:
                logger.exception("%s ended with an error", getattr(one, "__name__", one))


@shared_task
def look_for_absent() -> None:
    """Every ten minutes: tell leads of open tickets whose holder is not there."""
    now = timezone.now()
    with origin.coming_from("task"):
        services.absence_sweep(now=now)


@shared_task
def look_at_trade_data() -> None:
    """Every ten minutes: the rules over reviews, parcels and orders."""
    now = timezone.now()
    with origin.coming_from("task"):
        services.intake_run(now=now)


@shared_task
def keep_archive() -> None:
    """Every night: seal what may be sealed, remove what is past its time, drafts nobody touched among it."""
    now = timezone.now()
    with origin.coming_from("task"):
        services.seal_sweep(now=now)
        services.retention_run(now=now)
        unsent.drafts_expire(now=now)
        run_words.words_expire(now=now)


@shared_task
def tell_training(days: int = 3) -> int:
    """Every night: the days before this one, so that a night without a worker is made good by the next."""
    today = timezone.localdate(timezone.now())
    with origin.coming_from("task"):
        return daily_facts.facts_backfill(since=today - timedelta(days=days), until=today - timedelta(days=1))
