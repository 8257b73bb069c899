"""A merchant with a deposit, and short ways to post."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from aftersales.ledger import chart, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import IncentiveVersion
from aftersales.ledger.services import Posting
from aftersales.merchants.models import Merchant

SHOP = 41
"""Accounts need no row of the merchant, only its key."""


@pytest.fixture
def shop(db: None) -> int:
    return SHOP


@pytest.fixture
def merchant(db: None) -> Merchant:
    row = Merchant(code="M-1", name="云帆旗舰店")
    row.save()
    return row


@pytest.fixture
def post(cast: Any, now: Any) -> Callable[..., Posting]:
    """``post(line, …)``: an entry of its own source each time, by finance."""
    numbers = count(1)

    def poster(*lines: Line, **facts: Any) -> Posting:
        given: dict[str, Any] = {
            "source": ("tests.thing", next(numbers)), "kind": "compensation", "actor": cast.finance, "now": now,
        }  # fmt: skip
        return services.post(lines=lines, **(given | facts))

    return poster


def late_rule(cast: Any, now: Any, code: str = "slow", **terms: Any) -> IncentiveVersion:
    """Merchants whose promises ran out pay ten each time, announced today."""
    rule = services.incentive_create(
        code=code, name_zh="答复超时", name_en="Slow answers", party="merchant", consequence="penalty",
        actor=cast.operations, now=now,
    )  # fmt: skip
    told = {
        "trigger": "obligation_broken",
        "unit": "CNY",
        "amount": Decimal(10),
        "cap": Decimal(100),
        **terms,
    }
    draft = services.incentive_draft(rule=rule, actor=cast.operations, now=now, **told)
    return services.incentive_activate(draft=draft, actor=cast.supervisor, now=now)


@pytest.fixture
def funded(post: Callable[..., Posting]) -> int:
    """The shop has ¥100 of deposit."""
    post(Line(chart.CASH, chart.deposit(SHOP), Decimal(100)), kind="deposit")
    return SHOP
