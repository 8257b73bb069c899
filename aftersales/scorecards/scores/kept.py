"""A score as it is kept: with all that it was counted from, so that it can be read and counted again digit by digit."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aftersales.scorecards.models import Scored
from aftersales.scorecards.scores import rules
from aftersales.scorecards.scores.rules import Counted, Extra, Judged, Prior, Score
from aftersales.scorecards.scores.selectors import Result
from aftersales.scorecards.scores.terms import Item, Terms
from aftersales.scorecards.states import Verdict


def columns(result: Result) -> dict[str, Any]:
    """What a row keeps of a result."""
    one, score = result.subject, result.score
    return {
        "subject_id": one.pk, "subject_name": one.name, "category": one.category, "score": score.score,
        "low": score.low, "high": score.high, "grade": score.grade, "volume": score.volume.num,
        "below": result.below, "peers": result.peers, "details": details(score),
    }  # fmt: skip


def details(score: Score) -> dict[str, Any]:
    return {
        "volume": _counted(score.volume),
        "items": [_item(one) for one in score.items],
        "extras": [
            _counted(one.counted) | {"metric": one.metric, "points": str(one.points)} for one in score.extras
        ],
    }


def _counted(counted: Counted) -> dict[str, Any]:
    return {"num": counted.num, "den": counted.den, "days": counted.days}


RATES = ("rate", "low", "high", "drawn")
POINTS = ("weight", "gained", "worst", "best")


def _item(one: Judged) -> dict[str, Any]:
    rates = {name: getattr(one, name) for name in RATES}
    return {
        "metric": one.item.metric.code, **_counted(one.counted), "verdict": one.verdict.value,
        "prior": [str(one.prior.mean), str(one.prior.strength), one.prior.peers],
        **{name: None if rate is None else str(rate) for name, rate in rates.items()},
        **{name: str(getattr(one, name)) for name in POINTS},
    }  # fmt: skip


def score_of(row: Scored, terms: Terms) -> Score:
    """A kept score, read again. ``terms``: of the version that it cites."""
    items = {one.metric.code: one for one in terms.items}
    return Score(
        bool(row.grade), _figure(row.details["volume"]), row.score, row.low, row.high, row.grade,
        tuple(_judged(items[one["metric"]], one) for one in row.details["items"]),
        tuple(Extra(one["metric"], _figure(one), Decimal(one["points"])) for one in row.details["extras"]),
    )  # fmt: skip


def _figure(kept: Mapping[str, Any]) -> Counted:
    return Counted(kept["num"], kept["den"], kept["days"])


def _prior(kept: Mapping[str, Any]) -> Prior:
    mean, strength, peers = kept["prior"]
    return Prior(Decimal(mean), Decimal(strength), peers)


def _judged(item: Item, kept: Mapping[str, Any]) -> Judged:
    rate, low, high, drawn = (None if kept[name] is None else Decimal(kept[name]) for name in RATES)
    weight, gained, worst, best = (Decimal(kept[name]) for name in POINTS)
    return Judged(
        item,
        _figure(kept),
        _prior(kept),
        Verdict(kept["verdict"]),
        rate,
        low,
        high,
        drawn,
        weight,
        gained,
        worst,
        best,
    )


def again(row: Scored, terms: Terms) -> Score:
    """A kept score counted again from what it was counted from: the proof that its digits follow from its version."""
    if not row.grade:
        return rules.neutral(terms, _figure(row.details["volume"]))
    items = {one.metric.code: one for one in terms.items}
    found = [
        rules.judged(items[one["metric"]], _figure(one), _prior(one), Decimal(one["weight"]), terms.z)
        for one in row.details["items"]
    ]
    extras = [Extra(one["metric"], _figure(one), Decimal(one["points"])) for one in row.details["extras"]]
    return rules.summed(terms, _figure(row.details["volume"]), found, extras)
