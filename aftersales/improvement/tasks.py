"""The beat wakes the looking; what was found stands in rows."""

from celery import shared_task
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin
from aftersales.improvement import services
from aftersales.improvement.services.handling import told_new


@shared_task
def look_for_surges() -> int:
    """Every hour: today and yesterday against their own past; whoever waits for an answer is told when it is late."""
    now = timezone.now()
    with origin.coming_from("task"):
        actor = system_user()
        changed = services.surges_look(actor=actor, now=now)
        told_new(changed, actor, now)
        services.asks_tell_late(actor=actor, now=now)
        return len(changed)


@shared_task
def look_for_signs() -> int:
    """Every night: count the days of the longest base anew, and look for signs of gaming."""
    now = timezone.now()
    with origin.coming_from("task"):
        actor = system_user()
        services.surges_look(actor=actor, now=now, recount=True)
        return len(services.signs_look(actor=actor, now=now))
