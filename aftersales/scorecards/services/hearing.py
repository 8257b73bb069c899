"""Appeals against measures are decided in time (order 116): whoever may decide hears of them before it is too late."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.selectors import people_who_may
from aftersales.core import events
from aftersales.notices.services import Order, notices_send
from aftersales.scorecards.consequencemachine import HEAR
from aftersales.scorecards.consequencestates import MeasureState
from aftersales.scorecards.models import MerchantMeasure
from aftersales.standards.selectors import calendar
from aftersales.standards.worktime import WorkingTime, working_days_between

SOON, DUE = "scorecards.appeal_soon", "scorecards.appeal_due"


def appeals_remind(*, actor: Any, now: datetime) -> int:
    """Remind of appeals one working day before their time is over and on the day itself; how many messages are new.

    Each person hears of each once per step, however often this runs; a day on which nothing ran is made up for.
    """
    events.require_actor(actor, "scorecards.remind_of_appeals")
    rows = MerchantMeasure.objects.filter(state=MeasureState.APPEALED, hear_due__isnull=False)
    open_days = calendar("workdays")
    steps = [(one, _step(open_days, one, now)) for one in rows.select_related("merchant").order_by("pk")]
    people = people_who_may(HEAR) if any(step for _row, step in steps) else []
    orders = [
        Order(
            step, one, row, {"measure": row.number, "merchant": row.merchant.name, "until": row.hear_due},
            f"{step}:{row.pk}:{one.pk}",
        )
        for row, step in steps if step
        for one in hearers(row, people)
    ]  # fmt: skip
    return sum(one.created_at == now for one in notices_send(orders, actor=actor, now=now))


def hearers(row: MerchantMeasure, people: Iterable[User]) -> list[User]:
    """Of people who decide about appeals those who had no part in this measure and do not look after the merchant."""
    part = {row.proposed_by_id, row.decided_by_id, row.appealed_by_id, row.merchant.manager_id}
    return [one for one in people if one.pk not in part]


def _step(open_days: WorkingTime, row: MerchantMeasure, now: datetime) -> str:
    assert row.hear_due is not None
    left = working_days_between(open_days, now, row.hear_due) if now < row.hear_due else 0
    return "" if left > 1 else SOON if left else DUE
