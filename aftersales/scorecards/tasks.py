"""The beat wakes the counting; what was touched stands in rows."""

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.models import User
from accounts.services import system_user
from aftersales.core import deliveries, jobs, origin
from aftersales.core.models import Delivery, Job
from aftersales.ledger.models import IncentiveVersion
from aftersales.scorecards import services
from aftersales.scorecards.models import ConsequenceVersion, FormulaVersion, ShadowRun
from aftersales.scorecards.services import rectification

logger = logging.getLogger(__name__)


@shared_task
def refresh() -> int:
    """Every five minutes: count the days that were touched, but for those that another counts already."""
    with origin.coming_from("task"):
        return services.refresh(waits=False)["touched"]


def _note(now: datetime) -> None:
    """Who is judged now is judged by all that happened: what waits for the worker is noted first, as counting finds it.

    What another worker has in hand, or what failed, cannot be waited for: the log says how much that is.
    """
    deliveries.run(now)
    left = Delivery.objects.filter(consumer__startswith="scorecards.").count()
    if left:
        logger.warning("%s events are not noted for counting yet", left)


@shared_task
def recount() -> int:
    """Once a week by night: count everything anew, in case a row changed without a word."""
    with origin.coming_from("task"):
        return sum(services.recount().values())


@shared_task
def score() -> int:
    """Every night: where everybody stands; and the months that are over, once their figures have settled.

    What was touched is counted first: a month that is kept never changes.
    """
    now = timezone.now()
    with origin.coming_from("task"):
        _note(now)
        services.refresh()
        return services.standings_count(now=now) + services.snapshots_sweep(now=now)


@shared_task
def judge_months() -> int:
    """Every day: months whose figures have settled, by the rules that hang on them; each once."""
    now = timezone.now()
    with origin.coming_from("task"):
        _note(now)
        return services.months_sweep(now=now)


def month_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """A month that somebody asked for after the dry run."""
    rows = IncentiveVersion.objects.select_related("rule")
    version, by = rows.get(pk=int(job.payload["version"])), User.objects.get(pk=int(job.payload["by"]))
    month = date.fromisoformat(job.payload["month"])
    run = services.month_run(version=version, month=month, actor=by, now=now)
    return {"given": run.given}


@shared_task
def raise_measures() -> int:
    """Every morning: what follows from the days and months that are over."""
    now = timezone.now()
    with origin.coming_from("task"):
        _note(now)
        return services.measures_raise(actor=system_user(now), now=now)


@shared_task
def sweep_measures() -> int:
    """Every ten minutes: measures whose time is over."""
    now = timezone.now()
    with origin.coming_from("task"):
        return services.measures_sweep(actor=system_user(now), now=now)


@shared_task
def remind_of_appeals() -> int:
    """Every hour: whoever may decide about an appeal hears of it a working day before its time is over, and then."""
    now = timezone.now()
    with origin.coming_from("task"):
        return services.appeals_remind(actor=system_user(now), now=now)


def announce_consequence_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Tell merchants of a version that was announced."""
    version = ConsequenceVersion.objects.select_related("rule").get(pk=int(job.payload["version"]))
    return {"told": services.consequence_announce(version=version, actor=system_user(now), now=now)}


def stand_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """After an appeal that was accepted: the figures and where everybody stands."""
    services.refresh()
    return {"scored": services.standings_count(now=now)}


@shared_task
def sweep_plans() -> int:
    """Remind of rectification plans before they are due, and when they are late or to be looked at again."""
    now = timezone.now()
    with origin.coming_from("task"):
        return rectification.plans_sweep(actor=system_user(now), now=now)


@shared_task
def forget_trials() -> int:
    """Every night: scores of trials past their time."""
    with origin.coming_from("task"):
        return services.scores_forget(now=timezone.now())


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
