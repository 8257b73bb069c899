"""Sweeps of the ledger: what was posted is sealed, and each day leaves a line that is kept elsewhere."""

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin
from aftersales.ledger import services


@shared_task
def seal() -> int:
    """Seal what was posted since the last time; after midnight the line of the day before."""
    now = timezone.now()
    with origin.coming_from("task"):
        actor = system_user(now)
        done = services.journal_seal(actor=actor, now=now)
        services.anchor_keep(actor=actor, now=now)
    return done
