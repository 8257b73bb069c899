"""Celery's side of the machinery: wake up, sweep what is due, stop; forget at night."""

from celery import shared_task
from django.utils import timezone

from aftersales.core import deliveries, files, jobs, origin


@shared_task
def run_due_work() -> None:
    """Deliveries first (they may ask for jobs), then jobs, each under a lease that starts when it is taken."""
    with origin.coming_from("task"):
        deliveries.run(timezone.now())
        while jobs.run_due(timezone.now(), limit=1):
            continue


@shared_task
def forget() -> None:
    """Every night: what the machinery itself needs no longer. Twice is as good as once."""
    with origin.coming_from("task"):
        jobs.forget_done(now=timezone.now())
        files.forget_strays(now=timezone.now())
