"""The demo's rules that hang on figures: some announced long ago and run for a month, one ready to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from accounts.services import system_user
from aftersales.core.errors import DomainError
from aftersales.ledger import services as ledger
from aftersales.ledger.models import IncentiveRule, Scheme
from aftersales.scorecards import services
from aftersales.scorecards.rewardpages import months
from aftersales.scorecards.rewards import asking

LONG_AGO = timedelta(days=125)
RUN = ("merchant_dispatch_points", "handling_points")  # proposed for the newest month that has settled
READY = ("merchant_dispute_points",)  # its dry run waits for somebody
SMALL: Mapping[str, Mapping[str, str]] = {
    "merchant_dispatch_points": {"least": "20", "limit": "0.75", "steps": "0.85 20"},
    "handling_points": {"least": "8", "limit": "0.55", "steps": "0.70 40", "gates": "promises_kept 0.60 5"},
    "merchant_dispute_points": {"least": "15", "count": "3"},
}
"""A demonstration of two months has few cases: floors and limits that let it show every outcome."""
SOURCES = {
    "merchant_dispatch_points": (
        "试行：准时发货率下限达 75% 奖 10 分、达 85% 奖 20 分，品质退货率不得高于 3%，不少于 20 单。",
        "Trial: 10 points from a proven 75 % dispatch in time, 20 from 85 %; quality returns 3 % at most; 20 orders.",
    ),
    "handling_points": (
        "试行：满意度下限达 55% 给予奖励、达 70% 加倍，且时限兑现率不低于 60%，不少于 8 件。",
        "Trial: a reward from a proven 55 % of satisfaction, more from 70 % on; promises kept 60 %; 8 cases.",
    ),
    "merchant_dispute_points": (
        "试行：介入率下限超过 2% 扣 2 分、超过 5% 扣 6 分，少于 3 起不扣，不少于 15 单。",
        "Trial: 2 points off when disputes are proven above 2 %, 6 above 5 %, nothing below 3 disputes; 15 orders.",
    ),
}  # fmt: skip


def codes() -> list[str]:
    """Metrics that the rules of the demonstration ask for."""
    found: list[str] = []
    for rule in IncentiveRule.objects.filter(code__in=[*RUN, *READY]):
        asked = asking.asked(rule.versions.order_by("-number")[0])
        found += [asked.metric.code] if asked.metric is not None else []
        found += [one.code for one, _limit, _least in asked.gates]
    return found


def play(people: Mapping[str, User], now: datetime) -> int:
    """How many proposals there are by figures at the end."""
    if "operations" not in people or "supervisor" not in people:
        return 0
    begin, given = now - LONG_AGO, 0
    for rule in IncentiveRule.objects.filter(code__in=[*RUN, *READY]).order_by("code"):
        version = _in_force(rule, people, begin)
        if version is None or rule.code in READY:
            continue
        for month in months(now)[:2]:
            try:
                run = services.month_run(version=version, month=month, actor=people["supervisor"], now=now)
            except DomainError:  # its figures have not settled yet: the month before has
                continue
            given += run.given
            break
    return given


def _in_force(rule: IncentiveRule, people: Mapping[str, User], begin: datetime) -> Any:
    """The shipped draft with smaller floors, announced by the second person; everybody heard of it that day."""
    draft = rule.versions.order_by("-number")[0]
    terms: dict[str, Any] = {
        "terms": draft.terms | dict(SMALL[rule.code]),
        "reason": "试行期门槛，按目前业务量。",
        "source_zh": SOURCES[rule.code][0],
        "source_en": SOURCES[rule.code][1],
    }
    if rule.party == "person":
        scheme = Scheme.objects.first()
        if scheme is None:
            return None
        terms |= {"scheme_id": scheme.pk, "amount": Decimal(20), "cap": Decimal(40)}
    row = ledger.incentive_draft(rule=rule, actor=people["operations"], now=begin, **terms)
    version = ledger.incentive_activate(draft=row, actor=people["supervisor"], now=begin, reason="已公示。")
    ledger.incentive_announce(version=version, actor=system_user(begin), now=begin)
    return version
