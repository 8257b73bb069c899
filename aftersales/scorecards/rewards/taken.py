"""Facts on which a measure against a merchant rests: no rule of the ledger charges them once more (order 116 §27)."""

from collections.abc import Collection
from datetime import date
from typing import Any

from aftersales.ledger.states import Party
from aftersales.scorecards.consequences import BREACH, FIGURE, MONTH
from aftersales.scorecards.models import MeasureFact
from aftersales.scorecards.rewards.asking import asked
from aftersales.scorecards.rewards.charged import missed
from aftersales.scorecards.rewards.rules import Asked


def clocks(wanted: Collection[int]) -> set[int]:
    """Of these breaches those that a measure rests on. One statement."""
    rows = MeasureFact.objects.filter(kind=BREACH, key__in=[str(one) for one in wanted], freed_at=None)
    return {int(key) for key in rows.values_list("key", flat=True)}


def holds(version: Any, party_id: int, month: date) -> bool:
    """Whether a measure rests on what a figure's rule would charge this merchant for."""
    return party_id in merchants(version, asked(version), month)


def merchants(version: Any, found: Asked, month: date) -> set[int]:
    """Merchants on whose figure of the month a measure rests; nobody for a reward. At most three statements.

    A score and the figures that were missed in it are one fact.
    """
    if found.is_reward or version.rule.party != Party.MERCHANT:
        return set()
    standing = MeasureFact.objects.filter(freed_at=None)
    if found.metric is not None:
        rows = standing.filter(kind=FIGURE, key=f"{found.metric.code} {month:%Y-%m}")
        return set(rows.values_list("merchant_id", flat=True))
    told = standing.filter(kind=FIGURE, key__endswith=f" {month:%Y-%m}").values_list("merchant_id", "key")
    figures = list(told)
    codes = missed({(merchant, month) for merchant, _key in figures})
    taken = {merchant for merchant, key in figures if key.split(" ")[0] in codes.get((merchant, month), ())}
    of_month = standing.filter(kind=MONTH, key=f"{month:%Y-%m}").values_list("merchant_id", flat=True)
    return taken | set(of_month)
