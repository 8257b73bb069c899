"""What a figure counts, as conditions: the overview counts with them and the list behind a figure filters by them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F, Q

# Ages of open tickets: the name and the hours below which it ends (None: no end).
AGES: Mapping[str, int | None] = {
    "under_4h": 4, "to_24h": 24, "to_2d": 48, "to_3d": 72, "to_7d": 168, "over_7d": None,
}  # fmt: skip


def aged(name: str, now: datetime) -> Q:
    """Tickets of this age class, counted from registering."""
    names = list(AGES)
    place = names.index(name)
    younger_end = AGES[names[place - 1]] if place else None
    found = Q(opened_at__lte=now - timedelta(hours=younger_end)) if younger_end is not None else Q()
    hours = AGES[name]
    return found & Q(opened_at__gt=now - timedelta(hours=hours)) if hours is not None else found


def settled(since: datetime, now: datetime) -> Q:
    """Clocks whose promise was met, or broken and not met since, in the range."""
    return Q(met_at__gte=since, met_at__lte=now) | Q(
        met_at=None, breached_at__gte=since, breached_at__lte=now
    )


def missed() -> Q:
    """Of settled clocks those whose promise was not kept in time."""
    return Q(met_at=None) | Q(met_at__gt=F("due_at"))
