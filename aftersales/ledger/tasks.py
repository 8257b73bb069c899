"""Sweeps of the ledger: what was posted is sealed, and each day leaves a line that is kept elsewhere."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin
from aftersales.ledger import selectors, services


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
