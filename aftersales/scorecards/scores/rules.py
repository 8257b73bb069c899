"""The arithmetic of a score: intervals, priors, points, grades. Pure, and the same digits every time.

Everything is counted in decimals of 28 digits, half to even, in the order of the formula and of the subjects' keys. Of
what comes out, rates have six digits and points one, half up; a score is the sum of points that are shown, so nothing
differs by a last digit. No binary fractions, no clock, no dice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext

from aftersales.scorecards.scores.terms import HUNDRED, NOTHING, ONE, Bonus, Deduction, Item, Mark, Terms
from aftersales.scorecards.states import Direction, Verdict

EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)
RATE, POINT = Decimal("0.000001"), Decimal("0.1")


@dataclass(frozen=True)
class Counted:
    """Numerator and denominator of one metric over a window of so many days."""

    num: int
    den: int
    days: int

    @property
    def cases(self) -> int:
        """Events are held against what they belong to, and that is at least as many."""
        return max(self.den, self.num)


@dataclass(frozen=True)
class Prior:
    """What one expects of anybody in a category: the bad rate, and how many cases that expectation is worth."""

    mean: Decimal
    strength: Decimal
    peers: int = 0


@dataclass(frozen=True)
class Judged:
    """One item of a score: the figure, its interval, the rate drawn towards the peers', points and the verdict.

    Rates are in the metric's own terms (a share of good or of bad). ``gained`` of ``weight`` are the points, ``worst``
    and ``best`` those at the two ends of what the own cases leave possible: peers prove nothing about anybody.
    """

    item: Item
    counted: Counted
    prior: Prior
    verdict: Verdict
    rate: Decimal | None
    low: Decimal | None
    high: Decimal | None
    drawn: Decimal | None
    weight: Decimal
    gained: Decimal
    worst: Decimal
    best: Decimal

    @property
    def lost(self) -> Decimal:
        return self.weight - self.gained


@dataclass(frozen=True)
class Extra:
    """Points besides the items': above zero a bonus, below it a deduction."""

    metric: str
    counted: Counted
    points: Decimal


@dataclass(frozen=True)
class Score:
    """What a formula says. ``low`` and ``high``: the interval. Without ``enough`` it is neutral and has no grade."""

    enough: bool
    volume: Counted
    score: Decimal
    low: Decimal
    high: Decimal
    grade: str
    items: tuple[Judged, ...] = ()
    extras: tuple[Extra, ...] = ()


def wilson(bad: Decimal, cases: Decimal, z: Decimal) -> tuple[Decimal, Decimal]:
    """Lower and upper bound of the rate of bad cases (Wilson 1927). Of no case it may be anything."""
    if cases <= 0:
        return NOTHING, ONE
    with localcontext(EXACT):
        rate, square = bad / cases, z * z
        centre = rate + square / (2 * cases)
        spread = z * (rate * (ONE - rate) / cases + square / (4 * cases * cases)).sqrt()
        whole = ONE + square / cases
        return max(NOTHING, (centre - spread) / whole), min(ONE, (centre + spread) / whole)


def fitted(found: Iterable[tuple[int, int]], strongest: Decimal) -> Prior | None:
    """Empirical Bayes: the beta prior of a category by moments, from (bad, cases) of everybody with enough cases.

    What differs more than chance explains is laid to the subjects themselves; where nothing does, the expectation is
    worth ``strongest`` cases. None of fewer than two.
    """
    rows = [(bad, cases) for bad, cases in found if cases > 0]
    if len(rows) < 2:
        return None
    with localcontext(EXACT):
        bad, cases = Decimal(sum(one for one, _n in rows)), Decimal(sum(n for _one, n in rows))
        mean = bad / cases
        chance = mean * (ONE - mean)
        between = sum((Decimal(one) ** 2 / n for one, n in rows), NOTHING) - cases * mean**2
        others = len(rows) - 1
        spread = chance * (cases - sum((Decimal(n) ** 2 for _one, n in rows), NOTHING) / cases - others)
        likeness = (between - others * chance) / spread if spread > 0 else NOTHING
        strength = min(strongest, ONE / likeness - ONE) if likeness > 0 else strongest
        return Prior(mean.quantize(RATE), max(ONE, strength).quantize(POINT, ROUND_HALF_UP), len(rows))


def drawn(bad: Decimal, cases: Decimal, prior: Prior) -> Decimal:
    """The bad rate drawn towards the peers': the less one knows, the more."""
    with localcontext(EXACT):
        return (bad + prior.mean * prior.strength) / (cases + prior.strength)


def points_at(marks: Sequence[Mark], rate: Decimal) -> Decimal:
    """Points of 100 at a rate, on a straight line between the two marks beside it."""
    ordered = sorted(marks)
    if rate <= ordered[0][0]:
        return ordered[0][1]
    with localcontext(EXACT):
        for (low, left), (high, right) in zip(ordered, ordered[1:], strict=False):
            if rate <= high:
                return left + (right - left) * (rate - low) / (high - low)
    return ordered[-1][1]


def judged(item: Item, counted: Counted, prior: Prior, weight: Decimal, z: Decimal) -> Judged:
    """One item. Points follow the drawn rate; the verdict follows what the own cases alone prove."""
    if counted.cases < item.least:
        return _unknown(item, counted, prior, weight)
    cases, bad = Decimal(counted.cases), Decimal(bad_of(item, counted))
    low, high = wilson(bad, cases, z)
    likely = drawn(bad, cases, prior)
    if low > item.bad_limit and bad >= item.count:
        verdict = Verdict.MISSED
    else:
        verdict = Verdict.MET if high <= item.bad_limit else Verdict.OPEN
    own = (low, high) if not item.higher_is_better else (ONE - high, ONE - low)
    gained = _gained(item, likely, weight)
    worst, best = min(gained, _gained(item, high, weight)), max(gained, _gained(item, low, weight))
    return Judged(
        item, counted, prior, verdict, _own(item, bad / cases), _digits(own[0]), _digits(own[1]),
        _own(item, likely), weight, gained, worst, best,
    )  # fmt: skip


def _unknown(item: Item, counted: Counted, prior: Prior, weight: Decimal) -> Judged:
    neutral = one_digit(weight * item.neutral / HUNDRED)
    rate = _own(item, Decimal(bad_of(item, counted)) / counted.cases) if counted.cases else None
    return Judged(
        item, counted, prior, Verdict.TOO_FEW, rate, None, None, None, weight, neutral, neutral, neutral
    )


def bad_of(item: Item, counted: Counted) -> int:
    return counted.cases - counted.num if item.higher_is_better else counted.num


def _own(item: Item, bad: Decimal) -> Decimal:
    return _digits(ONE - bad if item.higher_is_better else bad)


def _gained(item: Item, bad: Decimal, weight: Decimal) -> Decimal:
    with localcontext(EXACT):
        rate = ONE - bad if item.higher_is_better else bad
        return one_digit(weight * points_at(item.marks, rate) / HUNDRED)


def _digits(rate: Decimal) -> Decimal:
    return rate.quantize(RATE, ROUND_HALF_EVEN)


def one_digit(points: Decimal) -> Decimal:
    return points.quantize(POINT, ROUND_HALF_UP)


def chosen(windows: Sequence[Counted], least: int) -> Counted:
    """The shortest window with enough cases; else the longest one: small volume is looked at over a longer time."""
    return next((one for one in windows if one.cases >= least), windows[-1])


def neutral(terms: Terms, volume: Counted) -> Score:
    """Who did too little is neither praised nor blamed."""
    score = one_digit(terms.neutral)
    return Score(False, volume, score, score, score, "")


def scored(
    terms: Terms, category: str, sums: Mapping[str, Sequence[Counted]], priors: Mapping[str, Prior]
) -> Score:
    """The score of one subject. ``sums``: by metric, the figures over each window, the shortest first."""
    volume = chosen(sums[terms.volume.code], terms.enough)
    if volume.num < terms.enough:
        return neutral(terms, volume)
    found = []
    for one in terms.items:
        code = one.metric.code
        counted = chosen(sums[code], one.least)
        found.append(judged(one, counted, priors[code], terms.weight(one, category), terms.z))
    return summed(terms, volume, found, (*_bonuses(terms, sums), *_deductions(terms, sums)))


def summed(terms: Terms, volume: Counted, items: Sequence[Judged], extras: Sequence[Extra]) -> Score:
    """Points together, with the interval: independent errors add up by their squares."""
    with localcontext(EXACT):
        total = sum((one.gained for one in items), NOTHING) + sum((one.points for one in extras), NOTHING)
        down = sum(((one.gained - one.worst) ** 2 for one in items), NOTHING).sqrt()
        up = sum(((one.best - one.gained) ** 2 for one in items), NOTHING).sqrt()
        score, low, high = (
            one_digit(min(terms.cap, max(terms.floor, one))) for one in (total, total - down, total + up)
        )
    missed = any(one.verdict == Verdict.MISSED for one in items)
    grade = graded(terms, low, high, missed=missed)
    return Score(True, volume, score, low, high, grade, tuple(items), tuple(extras))


def graded(terms: Terms, low: Decimal, high: Decimal, *, missed: bool) -> str:
    """Better than ordinary by the lower bound; worse only by the upper one, and only if some metric was proven bad."""
    surely, perhaps = _grade(terms, low), _grade(terms, high)
    if terms.rank(surely) < terms.rank(terms.ordinary):
        return surely
    if missed and terms.rank(perhaps) > terms.rank(terms.ordinary):
        return perhaps
    return terms.ordinary


def _grade(terms: Terms, score: Decimal) -> str:
    return next((one.code for one in terms.grades if score >= one.least), terms.grades[-1].code)


def _bonuses(terms: Terms, sums: Mapping[str, Sequence[Counted]]) -> list[Extra]:
    left, found = terms.bonus_cap, []
    for one in terms.bonuses:
        mine = chosen(sums[one.metric.code], one.least)
        if mine.cases >= one.least and _proven(one, mine, terms.z):
            points = one_digit(min(left, one.points))
            left -= points
            found.append(Extra(one.metric.code, mine, points))
    return found


def _proven(bonus: Bonus, counted: Counted, z: Decimal) -> bool:
    higher = bonus.metric.direction == Direction.HIGHER
    bad = counted.cases - counted.num if higher else counted.num
    _low, high = wilson(Decimal(bad), Decimal(counted.cases), z)
    return high <= (ONE - bonus.limit if higher else bonus.limit)


def _deductions(terms: Terms, sums: Mapping[str, Sequence[Counted]]) -> list[Extra]:
    """What happened in the shortest window: a deduction ends when that is over."""
    left, found = terms.deduction_cap, []
    for one in terms.deductions:
        mine = sums[one.metric.code][0]
        points = one_digit(min(left, _taken(one, mine.num)))
        if points > 0:
            left -= points
            found.append(Extra(one.metric.code, mine, -points))
    return found


def _taken(deduction: Deduction, cases: int) -> Decimal:
    if cases < deduction.count:
        return NOTHING
    return min(deduction.cap, deduction.points * cases)


def percentile(score: Decimal, peers: Sequence[Decimal]) -> int:
    """Of a hundred others, so many have less, rounded down; the own score is one of ``peers``.

    Who has the same score is among the others, yet neither below nor above: where all are equal it is nobody (0), and
    it is all of them (100) for who stands alone at the top. Kept months hold this number: it never changes.
    """
    others = len(peers) - 1
    return sum(one < score for one in peers) * 100 // others if others > 0 else 0
