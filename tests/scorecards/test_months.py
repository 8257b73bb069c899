"""Rules that hang on figures: who gets what for a month and who nothing, by hand; and the monthly run, once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from accounts.models import TeamMember
from aftersales.core import jobs
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.files import StoredFile
from aftersales.ledger import raisers
from aftersales.ledger import services as ledger
from aftersales.ledger.models import IncentiveRule, IncentiveVersion, Proposal, Raised
from aftersales.ledger.services import incentives as raising
from aftersales.merchants.models import Merchant
from aftersales.scorecards import services
from aftersales.scorecards.models import MonthOutcome, MonthRun, Rollup, Snapshot
from aftersales.scorecards.rewards import selectors
from aftersales.scorecards.services import months
from tests.records import merchant as a_merchant
from tests.scorecards.test_scores import figure
from tests.toy.fixtures import at_once

pytestmark = pytest.mark.django_db
D = Decimal
OCTOBER = date(2026, 10, 1)
BEGIN = datetime(2026, 8, 31, 16, 0, tzinfo=UTC)
"""The first moment of September in Shanghai."""
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SIGNED = StoredFile("2611/" + "b" * 32, "签收表.pdf", "application/pdf", 9, "e" * 64)
DISPATCH = {"window": "1m", "least": "50", "limit": "0.95", "steps": "0.98 20", "gates": "quality_return_rate 0.03 30",
            "z": "1.96", "lag": "7", "wait": "3"}  # fmt: skip
DISPUTES = {"window": "90d", "least": "30", "limit": "0.02", "steps": "0.05 6", "count": "5", "z": "1.96", "lag": "7",
            "wait": "3"}  # fmt: skip
Rule = Callable[..., IncentiveVersion]


@pytest.fixture
def rule(cast: Any, now: datetime) -> Rule:
    """``rule("metric.merchant.dispatch_in_time", terms)``: a rule in force since September."""

    def make(
        trigger: str, terms: dict[str, str], *, code: str = "test", consequence: str = "reward", **more: Any
    ) -> IncentiveVersion:
        party = "merchant" if ".merchant" in trigger else "person"
        row = ledger.incentive_create(
            code=code, name_zh="试行", name_en="Trial", party=party, consequence=consequence, actor=cast.operations,
            now=now,
        )  # fmt: skip
        given: dict[str, Any] = {"unit": "points", "amount": D(10), "cap": D(20)}
        if consequence == "measure":
            given = {}
        if party == "person":
            given["scheme_id"] = ledger.scheme_register(
                title="绩效方案", adopted_on=date(2026, 8, 1), record_number="职代会2026-9", file=SIGNED,
                actor=cast.operations, now=now,
            ).pk  # fmt: skip
        draft = ledger.incentive_draft(
            rule=row, actor=cast.operations, now=now, trigger=trigger, terms=terms, source_ref="R6.5",
            source_zh="试行", source_en="Trial", **(given | more),
        )  # fmt: skip
        done = ledger.incentive_activate(draft=draft, actor=cast.supervisor, now=now)
        IncentiveVersion.objects.filter(pk=done.pk).update(valid_from=BEGIN)  # as if announced long ago
        return IncentiveVersion.objects.select_related("rule").get(pk=done.pk)

    return make


def shop(code: str, now: datetime, *, day: date = date(2026, 10, 20), **figures: tuple[int, int]) -> Merchant:
    row: Merchant = a_merchant(code, now, returns="")
    figure(row, day=day, **figures)
    return row


def said(version: IncentiveVersion, month: date = OCTOBER, *, dry: bool = False) -> dict[int, tuple[str, Any]]:
    return {one.party_id: (str(one.said), one.amount) for one in selectors.judged(version, month, dry=dry)}


def test_a_shop_is_rewarded_by_what_is_proven(rule: Rule, now: datetime) -> None:
    """Wilson, z 1.96, by hand: 200/200 has the lower bound 0.98116, 100/100 0.96300, 97/100 0.91548, 40/40 0.91238."""
    good = {"quality_return_rate": (1, 100)}
    best = shop("S1", now, dispatch_in_time=(200, 200), **good)
    fine = shop("S2", now, dispatch_in_time=(100, 100), **good)
    perhaps = shop("S3", now, dispatch_in_time=(97, 100), **good)
    worse = shop("S4", now, dispatch_in_time=(90, 100), **good)
    small = shop("S5", now, dispatch_in_time=(40, 40), **good)
    gated = shop("S6", now, dispatch_in_time=(200, 200), quality_return_rate=(4, 100))
    unknown = shop("S7", now, dispatch_in_time=(200, 200), quality_return_rate=(0, 29))
    shop("S8", now, day=date(2026, 9, 30), dispatch_in_time=(200, 200), **good)
    version = rule("metric.merchant.dispatch_in_time", DISPATCH)
    assert said(version) == {
        best.pk: ("follows", 20), fine.pk: ("follows", 10), perhaps.pk: ("chance", None), worse.pk: ("short", None),
        small.pk: ("too_few", None), gated.pk: ("gate", None), unknown.pk: ("gate", None),
    }  # fmt: skip
