"""Tells training every night what each person did: counted from events, so that any day can be counted again."""

from collections.abc import Callable
from datetime import date, timedelta

from django.db import transaction

from aftersales.tickets.selectors import daily
from training.services import facts_record

COUNTED: dict[str, Callable[[date], daily.Figures]] = {
    "tickets_handled": daily.handled,
    "satisfaction": daily.satisfaction,
    "reopened": daily.reopened,
}
MOST_DAYS = 3660


def day_facts_record(*, day: date) -> int:
    """Count one day of the installation's zone; again is the same. Says how many figures are new or changed."""
    with transaction.atomic():
        return sum(
            facts_record(metric=metric, day=day, figures=count(day), whole=True)
            for metric, count in COUNTED.items()
        )


def facts_backfill(*, since: date, until: date) -> int:
    """Count every day from ``since`` to ``until``, both with it; one transaction a day, so that it can be stopped.

    Raises ``ValueError`` where ``until`` comes before ``since`` or more than ten years lie between.
    """
    days = (until - since).days + 1
    if not 0 < days <= MOST_DAYS:
        raise ValueError(f"{since} to {until} is no span of 1 to {MOST_DAYS} days")
    return sum(day_facts_record(day=since + timedelta(days=place)) for place in range(days))
