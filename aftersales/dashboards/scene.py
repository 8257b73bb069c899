"""The demonstration's reports: who leads gets one each day and one each week, and the last ones lie there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from aftersales.dashboards import reporting, services
from aftersales.dashboards.states import Period

READERS = ("lead", "supervisor", "operations")


def play(now: datetime, people: Mapping[str, Any]) -> None:
    """Asked for, counted and sent by the same services as everybody's."""
    for name in READERS:
        for period in (Period.DAY, Period.WEEK):
            plan = services.plan_make(period=period, team=None, hour=8, actor=people[name], now=now)
            _first, last = reporting.last_period(period, timezone.localdate(now))
            services.report_make(plan_id=plan.pk, last=last, now=now)
