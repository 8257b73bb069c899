"""The beat wakes the counting; what was touched stands in rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import jobs, origin
from aftersales.core.errors import DomainError
from aftersales.core.models import Job
from aftersales.scorecards import services
from aftersales.scorecards.models import FormulaVersion, ShadowRun
from aftersales.scorecards.scores import selectors


@shared_task
def refresh() -> int:
    """Every five minutes: count the days that were touched."""
    with origin.coming_from("task"):
        return services.refresh()["touched"]


@shared_task
def recount() -> int:
    """Once a week by night: count everything anew, in case a row changed without a word."""
    with origin.coming_from("task"):
        return sum(services.recount().values())


@shared_task
def score() -> int:
    """Every night: where everybody stands; and the month that is over, once its figures have settled."""
    now = timezone.now()
    with origin.coming_from("task"):
        number = services.standings_count(now=now)
        this_month = now.astimezone(selectors.zone()).date().replace(day=1)
        try:
            number += services.snapshots_take(month=this_month - timedelta(days=1), now=now)
        except DomainError as error:
            if error.code != "month_runs":
                raise
        return number


def announce_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Tell merchants of a version that was announced."""
    version = FormulaVersion.objects.select_related("formula").get(pk=int(job.payload["version"]))
    return {"told": services.formula_announce(version=version, actor=system_user(now), now=now)}


def shadow_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Play a trial of drafts, with its progress."""
    run = ShadowRun.objects.select_related("formula__formula").get(pk=int(job.payload["run"]))
    return services.shadow_go(
        run=run, now=now, progress=lambda done, total: jobs.progress(job, done, total, now)
    )
