"""What is read while a merchant is locked is his own."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from aftersales.scorecards import consequences, services
from aftersales.scorecards.consequenceclocks import answered, figured
from tests.cast import Cast
from tests.records import merchant as a_merchant
from tests.scorecards.test_measures import DAY, METRIC, OCTOBER, figures, only_rule, raised
from tests.scorecards.test_months import DISPUTES, Rule, rule

pytestmark = pytest.mark.django_db
__all__ = ["rule"]
SEPTEMBER = date(2026, 9, 1)


def test_each_plan_reads_what_followed_for_its_own_shop_alone(
    desk: Cast, rule: Rule, now: datetime, monkeypatch: Any
) -> None:
    """Twelve shops, against six of which a measure was taken for September, while the others were charged for it."""
    code, shops = "answer_in_time", [a_merchant(f"M-{number}", now) for number in range(12)]
    terms = DISPUTES | {"window": "1m", "limit": "0.95", "steps": ""}
    version = rule(f"metric.merchant.{code}", terms, consequence="penalty", amount=Decimal(2), cap=Decimal(6))
    only_rule(
        desk, now, "slow", now - 400 * DAY, **METRIC | {"metric": code, "limit": "0.95", "days": 60, "lag": 1}
    )
    for one in shops[:6]:
        figures(one, SEPTEMBER, 200, 300, code)
    october = datetime(2026, 10, 20, 2, tzinfo=now.tzinfo)
    assert len(raised(october)) == 6
    for one in shops[6:]:
        figures(one, SEPTEMBER, 200, 300, code)
    assert services.month_run(version=version, month=SEPTEMBER, actor=desk.operations, now=october).given == 6
    for one in shops:
        figures(one, OCTOBER, 200, 300, code)

    read: list[list[int]] = []
    stands = consequences.stands

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        read[-1].append(context["cursor"].rowcount)
        return found

    def watched(plan: Any, at: datetime) -> bool:
        read.append([])
        who, day = [plan.hit.merchant_id], date(2026, 10, 31)
        with connection.execute_wrapper(counted):
            answered(code, SEPTEMBER, day, merchants=who)
            figured([1], who, SEPTEMBER)
            return stands(plan, at)

    monkeypatch.setattr(consequences, "stands", watched)
    assert len(raised(now)) == 12
    assert len(read) == 12
    assert max(rows for plan in read for rows in plan) <= 2, read
