"""The beat wakes the counting; what was touched stands in rows."""

from celery import shared_task

from aftersales.core import origin
from aftersales.scorecards import services


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
