"""Answers about hand-over sheets. Nothing here writes."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from aftersales.tickets.models import Handover


def seen_by(user: Any) -> QuerySet[Handover]:
    """Both sides see their sheets; who assigns sees those of the people he sees."""
    mine = Q(giver=user) | Q(taker=user)
    if user.has_perm("tickets.assign"):
        mine |= Q(giver__in=User.objects.visible_to(user))
    return Handover.objects.filter(mine).select_related("giver", "taker", "team")


def waiting_for(user: Any) -> list[Handover]:
    """Open sheets on which this person stands, with their signatures. Two statements at most."""
    mine = Handover.objects.filter(Q(giver=user) | Q(taker=user), moved_at=None, withdrawn_at=None)
    return list(mine.select_related("giver", "taker").prefetch_related("signatures").order_by("id"))


def unsigned(user: Any, now: datetime, late: timedelta) -> list[Handover]:
    """Sheets that both should have signed by now, for the lead."""
    open_ones = seen_by(user).filter(moved_at=None, withdrawn_at=None, shift_ends_at__lt=now - late)
    return list(open_ones.prefetch_related("signatures").order_by("shift_ends_at", "id")[:50])
