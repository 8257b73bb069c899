"""Sweeps and jobs of the ledger: what was posted is sealed, and each day leaves a line that is kept elsewhere."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin
from aftersales.core.models import Job
from aftersales.ledger import selectors, services
from aftersales.ledger.models import IncentiveVersion


@shared_task
def seal() -> int:
    """Seal what was posted since the last time; after midnight the line of the day before."""
    now = timezone.now()
    with origin.coming_from("task"):
        actor = system_user(now)
        done = services.journal_seal(actor=actor, now=now)
        services.anchor_keep(actor=actor, now=now)
    return done


@shared_task
def raise_incentives() -> int:
    """Proposals of the month that is over, by the rules that were in force in it; once, however often it runs."""
    now = timezone.now()
    month = (selectors.month_of(now) - timedelta(days=1)).replace(day=1)
    with origin.coming_from("task"):
        return services.incentives_raise(month=month, actor=system_user(now), now=now)


@shared_task
def tell_of_rules() -> int:
    """Whoever joined since a rule was announced is told of it."""
    now = timezone.now()
    with origin.coming_from("task"):
        return services.incentives_tell(actor=system_user(now), now=now)


def announce_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Tell everybody in its scope of a version that was announced."""
    version = IncentiveVersion.objects.select_related("rule").get(pk=int(job.payload["version"]))
    return {"told": services.incentive_announce(version=version, actor=system_user(now), now=now)}
