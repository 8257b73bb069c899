"""Facts on which a measure against a merchant rests: no rule of the ledger charges them once more (order 116 §27)."""

from collections.abc import Collection
from datetime import date
from typing import Any

from aftersales.clocks.models import Clock
from aftersales.ledger.states import Party
from aftersales.scorecards.consequenceclocks import answered, figured
from aftersales.scorecards.consequencedays import DAY
from aftersales.scorecards.consequencegrades import Rest
from aftersales.scorecards.consequencegrades import rests as scores_without
from aftersales.scorecards.consequences import BREACH, FIGURE, MONTH, measured
from aftersales.scorecards.models import MeasureFact, MonthOutcome
from aftersales.scorecards.rewards.asking import asked, formula_of, span
from aftersales.scorecards.rewards.charged import missed
from aftersales.scorecards.rewards.rules import Asked
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.states import SubjectKind


def clocks(wanted: Collection[int]) -> set[int]:
    """Of these breaches those that a measure rests on, or that lie in a figure from which something followed. At most
    eight statements.
    """
    rows = MeasureFact.objects.filter(kind=BREACH, key__in=[str(one) for one in wanted], freed_at=None)
    found = {int(key) for key in rows.values_list("key", flat=True)}
    late = Clock.objects.filter(pk__in=wanted, merchant_id__isnull=False, breached_at__isnull=False)
    told: Any = late.order_by("breached_at").values_list("merchant_id", "breached_at")
    if listed := list(told):
        since = listed[0][1].astimezone(selectors.zone()).date()
        found |= {int(one) for one in figured(wanted, {merchant for merchant, _at in listed}, since)}
    return found


def holds(version: Any, party_id: int, month: date) -> bool:
    """Whether a measure rests on what a figure's rule would charge this merchant for; also one that came since the
    month was counted.
    """
    found = asked(version)
    if merchants(version, found, month, [party_id]):
        return True
    rows = MonthOutcome.objects.filter(
        run__rule=version.rule_id, run__month=month, party=Party.MERCHANT, party_id=party_id
    )
    proofs = rows.values_list("proofs", flat=True).first() or [{}]
    if found.metric is not None:
        since, until = span(version, month)
        if "days" in proofs[0]:
            since = until - (proofs[0]["days"] - 1) * DAY
        if after(version, found, since, until, merchants=[party_id]):
            return True
        now = len(cases(version, found, since, until, merchants=[party_id]).get(party_id, ()))
    else:
        rest = rests(version, found, month, [party_id]).get(party_id)
        now = rest.spent if rest is not None else 0
    return now > proofs[0].get("spent", 0)


def cases(
    version: Any, found: Asked, since: date, until: date, *, merchants: Collection[int] | None = None
) -> dict[int, list[date]]:
    """By merchant the days of late clocks in the figure that led to something else already; of a reward nothing."""
    if found.is_reward or version.rule.party != Party.MERCHANT or found.metric is None:
        return {}
    return answered(found.metric.code, since, until, merchants=merchants, besides=version.rule_id)


def after(
    version: Any, found: Asked, since: date, until: date, *, merchants: Collection[int] | None = None
) -> dict[int, date]:
    """By merchant the last day that measures on the same figure were about, where they meet the window: only the days
    after it are left. Of a reward nothing.
    """
    if found.is_reward or version.rule.party != Party.MERCHANT or found.metric is None:
        return {}
    last: dict[int, date] = {}
    for one in measured(found.metric.code, since, merchants):
        if one.since <= until and one.until >= since:
            last[one.merchant_id] = max(one.until, last.get(one.merchant_id, date.min))
    return last


def merchants(version: Any, found: Asked, month: date, of: Collection[int]) -> set[int]:
    """Of these merchants those on whose figure of the month a measure rests; nobody for a reward.

    A score and the figures that were missed in it are one fact.
    """
    if found.is_reward or version.rule.party != Party.MERCHANT or not of:
        return set()
    standing = MeasureFact.objects.filter(freed_at=None, merchant_id__in=of)
    if found.metric is not None:
        rows = standing.filter(kind=FIGURE, key=f"{found.metric.code} {month:%Y-%m}")
        return set(rows.values_list("merchant_id", flat=True))
    told = standing.filter(kind=FIGURE, key__endswith=f" {month:%Y-%m}").values_list("merchant_id", "key")
    figures = list(told)
    codes = missed({(merchant, month) for merchant, _key in figures})
    taken = {merchant for merchant, key in figures if key.split(" ")[0] in codes.get((merchant, month), ())}
    of_month = standing.filter(kind=MONTH, key=f"{month:%Y-%m}").values_list("merchant_id", flat=True)
    return taken | set(of_month)


def rests(version: Any, found: Asked, month: date, of: Collection[int]) -> dict[int, Rest]:
    """Of these merchants' scores what they are without late clocks that led to something else already."""
    if found.is_reward or version.rule.party != Party.MERCHANT or not of:
        return {}
    formula = formula_of(found.terms, SubjectKind.MERCHANT, month)
    return scores_without(formula, month, of, besides=version.rule_id)
