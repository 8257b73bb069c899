"""What a figure of a month proves, and what follows from it by the terms of a rule. Pure.

Rewards follow what is proven: the lower bound of the good must reach the limit. Nothing is held against anybody unless
the lower bound of the bad is beyond it, the bad cases are enough, and one of them is of the month itself. The gates ask
only for the plain rate: they are conditions, not what is rewarded, and to prove two figures at once would leave nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from aftersales.ledger.figureterms import FigureTerms
from aftersales.scorecards.metrics import Metric
from aftersales.scorecards.rewardstates import Said
from aftersales.scorecards.scores.rules import RATE, Counted, wilson
from aftersales.scorecards.states import Direction

ONE = Decimal(1)
Given = tuple[Decimal | None, str]
"""An amount, or a measure."""


@dataclass(frozen=True)
class Rung:
    """From this limit on this follows."""

    limit: str
    gives: Given


@dataclass(frozen=True)
class Asked:
    """Terms of a version, read beside its figure. ``rungs``: the limit first, then the further steps."""

    terms: FigureTerms
    rungs: tuple[Rung, ...]
    is_reward: bool
    cap: Decimal | None
    metric: Metric | None = None
    gates: tuple[tuple[Metric, Decimal, int], ...] = ()

    @property
    def higher_is_better(self) -> bool:
        return is_higher(self.metric, self.terms.within) if self.metric is not None else True


@dataclass(frozen=True)
class Proof:
    """One figure of a party over the window, in its own terms, and whether it held what was asked of it. ``spent``: so
    many bad cases are not in it, because they led to something already.
    """

    code: str
    num: int
    den: int
    days: int
    rate: Decimal | None
    low: Decimal | None
    high: Decimal | None
    limit: str
    holds: bool
    grade: str = ""
    spent: int = 0


@dataclass(frozen=True)
class Judged:
    """What a rule says of a party for a month. ``subject_id``: whose figure it was, the team's where a team is judged.

    ``counted`` is the amount before the cap, ``reached`` the limit of the step.
    """

    party_id: int
    subject_id: int
    said: Said
    proofs: tuple[Proof, ...] = ()
    amount: Decimal | None = None
    counted: Decimal | None = None
    measure: str = ""
    reached: str = ""
    times: int = 1


def is_higher(metric: Metric, within: int) -> bool:
    return within > 0 or metric.direction == Direction.HIGHER


def bad_of(counted: Counted, *, higher: bool) -> int:
    return counted.cases - counted.num if higher else counted.num


def proof(code: str, counted: Counted, limit: str, z: Decimal, *, higher: bool, holds: bool = False) -> Proof:
    """The figure with its interval. Without a case there is no rate."""
    cases, bad = Decimal(counted.cases), Decimal(bad_of(counted, higher=higher))
    if not cases:
        return Proof(code, counted.num, counted.den, counted.days, None, None, None, limit, holds)
    low, high = wilson(bad, cases, z)
    rate = bad / cases
    own = (ONE - rate, ONE - high, ONE - low) if higher else (rate, low, high)
    return Proof(code, counted.num, counted.den, counted.days, *own, limit, holds)


def judged(
    asked: Asked, window: Counted, month: Counted, gates: Mapping[str, Counted], *, party: int, subject: int
) -> Judged:  # fmt: skip
    """One party by one metric. ``window``: its figure over the window; ``month``: of the month alone."""
    assert asked.metric is not None
    first = asked.rungs[0].limit
    found = proof(asked.metric.code, window, first, asked.terms.z, higher=asked.higher_is_better)
    if window.cases < asked.terms.least or found.rate is None:
        return Judged(party, subject, Said.TOO_FEW, (found,))
    if asked.is_reward:
        return _rewarded(asked, found, month, gates, party, subject)
    return _charged(asked, found, window, month, party, subject)


def _rewarded(
    asked: Asked, found: Proof, month: Counted, gates: Mapping[str, Counted], party: int, subject: int
) -> Judged:
    proven = [one for one in asked.rungs if _is_good(asked, found.low, found.high, one.limit)]
    if not proven:
        near = _is_good(asked, found.rate, found.rate, asked.rungs[0].limit)
        return Judged(party, subject, Said.CHANCE if near else Said.SHORT, (found,))
    held = [_gate(asked, *one, gates) for one in asked.gates]
    proofs = (_reached(found, proven[-1]), *held)
    if not all(one.holds for one in held):
        return Judged(party, subject, Said.GATE, proofs, reached=proven[-1].limit)
    good = month.cases - bad_of(month, higher=asked.higher_is_better)
    return follows(asked, proven[-1], proofs, party, subject, good if asked.terms.is_each else 1)


def _charged(asked: Asked, found: Proof, window: Counted, month: Counted, party: int, subject: int) -> Judged:
    proven = [one for one in asked.rungs if _is_bad(asked, found.low, found.high, one.limit)]
    if not proven:
        beyond = _is_bad(asked, found.rate, found.rate, asked.rungs[0].limit)
        return Judged(party, subject, Said.CHANCE if beyond else Said.KEPT, (found,))
    if bad_of(window, higher=asked.higher_is_better) < asked.terms.count:
        return Judged(party, subject, Said.COUNT, (found,), reached=proven[-1].limit)
    fresh = bad_of(month, higher=asked.higher_is_better)
    if not fresh:
        return Judged(party, subject, Said.OLD, (found,), reached=proven[-1].limit)
    times = fresh if asked.terms.is_each else 1
    return follows(asked, proven[-1], (_reached(found, proven[-1]),), party, subject, times)


def besides(
    asked: Asked, whole: Judged, window: Counted, month: Counted, *, spent: int, fresh: int
) -> Judged:
    """The same charge without the bad cases that led to something already: ``spent`` of the window, ``fresh`` of them
    of the month. Good is counted, so fewer bad cases are fewer cases. ``window``: the days that are left of it.

    Less is counted, so no step is reached beyond that of the whole.
    """
    asked = _up_to(asked, whole)
    rest, own = (replace(one, den=one.den - less) for one, less in ((window, spent), (month, fresh)))
    left = judged(asked, rest, own, {}, party=whole.party_id, subject=whole.subject_id)
    if left.said != Said.FOLLOWS:
        return taken(whole)
    return replace(left, proofs=tuple(replace(one, spent=spent) for one in left.proofs))


def rest_of_score(asked: Asked, whole: Judged, rest: Any) -> Judged:
    """The same charge by the score without late clocks that led to something already: the step that it reaches.

    ``rest`` has the score, the grades there are, and how many cases are not in it. An item with too few cases left
    counts as neutral, which may be less than it was; no step is reached beyond that of the whole.
    """
    asked = _up_to(asked, whole)
    left = scored(asked, rest.grades, rest.score, {}, party=whole.party_id)
    if left.said != Said.FOLLOWS:
        return taken(whole)
    return replace(left, proofs=tuple(replace(one, spent=rest.spent) for one in left.proofs))


def _up_to(asked: Asked, whole: Judged) -> Asked:
    limits = [one.limit for one in asked.rungs]
    return replace(asked, rungs=asked.rungs[: limits.index(whole.reached) + 1])


def taken(whole: Judged) -> Judged:
    """Something else rests on it already."""
    return replace(whole, said=Said.TAKEN, amount=None, counted=None, measure="")


def _reached(found: Proof, rung: Rung) -> Proof:
    return Proof(**{**vars(found), "limit": rung.limit, "holds": True})


def follows(
    asked: Asked, rung: Rung, proofs: tuple[Proof, ...], party: int, subject: int, times: int
) -> Judged:
    """What a step gives, so many times, under the cap of the month."""
    amount, measure = rung.gives
    counted = None if amount is None else amount * times
    if counted is not None and counted <= 0:  # an amount for each case, and none of them in the month
        return Judged(party, subject, Said.OLD, proofs, reached=rung.limit)
    kept = counted if counted is None or asked.cap is None else min(counted, asked.cap)
    return Judged(party, subject, Said.FOLLOWS, proofs, kept, counted, measure, rung.limit, times)


def _is_good(asked: Asked, low: Decimal | None, high: Decimal | None, limit: str) -> bool:
    worst = low if asked.higher_is_better else high
    assert worst is not None
    return worst >= Decimal(limit) if asked.higher_is_better else worst <= Decimal(limit)


def _is_bad(asked: Asked, low: Decimal | None, high: Decimal | None, limit: str) -> bool:
    best = high if asked.higher_is_better else low
    assert best is not None
    return best < Decimal(limit) if asked.higher_is_better else best > Decimal(limit)


def _gate(asked: Asked, metric: Metric, limit: Decimal, least: int, gates: Mapping[str, Counted]) -> Proof:
    counted, higher = gates[metric.code], is_higher(metric, 0)
    found = proof(metric.code, counted, str(limit), asked.terms.z, higher=higher)
    if found.rate is None:
        holds = least == 0
    else:
        holds = counted.cases >= least and (found.rate >= limit if higher else found.rate <= limit)
    return Proof(**{**vars(found), "holds": holds})


def scored(
    asked: Asked, grades: Sequence[str], score: Any, gates: Mapping[str, Counted], *, party: int
) -> Judged:
    """One party by its score of the month: ``score`` has score, low, high and grade, none of who did too little.

    A grade is proven already. By points a reward asks for the lower bound, a penalty for the upper one.
    """
    first = asked.rungs[0].limit
    found = Proof("score", 0, 0, 0, score.score, score.low, score.high, first, False, score.grade)
    if not score.grade:
        return Judged(party, party, Said.TOO_FEW, (found,))
    proven = [one for one in asked.rungs if _reaches(asked, grades, score, one.limit)]
    if not proven:
        return Judged(party, party, Said.SHORT if asked.is_reward else Said.KEPT, (found,))
    held = [_gate(asked, *one, gates) for one in asked.gates]
    proofs = (_reached(found, proven[-1]), *held)
    if not all(one.holds for one in held):
        return Judged(party, party, Said.GATE, proofs, reached=proven[-1].limit)
    return follows(asked, proven[-1], proofs, party, party, 1)


def _reaches(asked: Asked, grades: Sequence[str], score: Any, limit: str) -> bool:
    if limit in grades:
        mine, wanted = grades.index(score.grade), grades.index(limit)
        return mine <= wanted if asked.is_reward else mine >= wanted
    return bool(score.low >= Decimal(limit) if asked.is_reward else score.high < Decimal(limit))


def digits(rate: Decimal) -> Decimal:
    return rate.quantize(RATE)
