"""Answers about hand-over sheets. Nothing here writes."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from aftersales.standards.selectors import duration
from aftersales.tickets.models import Handover, Ticket
from aftersales.tickets.states import PromiseState


def held(person: Any) -> QuerySet[Ticket]:
    """Everything he holds, and what he owes on solved tickets, with how many promises are owed (``owed``)."""
    owed = Count("promises", filter=Q(promises__state=PromiseState.OPEN))
    found: QuerySet[Ticket] = Ticket.objects.filter(assignee=person).held().annotate(owed=owed)
    return found


def stamp(rows: Iterable[Ticket]) -> str:
    """A short fingerprint of which tickets these are."""
    keys = ",".join(str(pk) for pk in sorted(row.pk for row in rows))
    return hashlib.sha256(keys.encode()).hexdigest()[:16]


def is_over(sheet: Handover, now: datetime) -> bool:
    """Its shift ended so long ago that both sign a new one."""
    return sheet.is_open and now > sheet.shift_ends_at + duration("handover_valid_hours", now)


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
