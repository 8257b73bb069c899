"""When a count is more than its own past explains. Pure arithmetic.

Two Poisson counts are compared exactly (Przyborowski and Wilenski, 1940): of all tickets of the period and of its base
together, how many fall into the period by chance, when its share of both is known? A short base is not taken for
certain, and nothing is approximated; with a long base it is the Poisson limit of the textbook.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, lgamma, log, log1p, log10

from aftersales.improvement.states import Chart, Period

WEEK = 7
STRONGEST = 3000  # ten times the decimal logarithm of the smallest number that is still told from zero


def tail(observed: int, base: int, share: float) -> float:
    """The chance that of ``observed + base`` tickets at least ``observed`` fall into the period.

    ``share``: the period's part of the period and its base together, between 0 and 1.
    """
    if observed <= 0:
        return 1.0
    together = observed + base
    if observed > together * share:
        return min(_summed(observed, together, share), 1.0)
    # below the mean the first term may be too small for a number, and so would be all that follow from it
    return max(1.0 - _summed(together - observed + 1, together, 1 - share), 0.0)


def _summed(least: int, together: int, share: float) -> float:
    """The chance of ``least`` or more of ``together``, for a ``least`` above the mean: each term is below the last."""
    if least > together:
        return 0.0
    first = lgamma(together + 1) - lgamma(least + 1) - lgamma(together - least + 1)
    total, ratio = 0.0, share / (1 - share)
    term = exp(first + least * log(share) + (together - least) * log1p(-share))
    for count in range(least, together + 1):
        total += term
        if term <= total * 1e-17:
            break
        term *= (together - count) / (count + 1) * ratio
    return total


def limit(base: int, share: float, chance: float) -> int:
    """The most tickets of the period that chance still explains: one more is a surge."""
    low, high = 0, 1
    while tail(high, base, share) > chance:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if tail(middle, base, share) > chance else (low, middle)
    return low


def chance(looked_at: int, false_alarms: float, most: float) -> float:
    """How likely a false alarm of one look may be: all looks of a month together make ``false_alarms``.

    Each subject is looked at once a day by day and by week, so ``looked_at`` of them make sixty times as many looks.
    """
    return min(most, false_alarms / (60 * max(looked_at, 1)))


def strength(likely: float) -> int:
    """Ten times the decimal logarithm of how unlikely: 30 is one in a thousand, 60 one in a million."""
    return min(STRONGEST, round(-10 * log10(likely))) if likely > 0 else STRONGEST


@dataclass(frozen=True)
class Numbers:
    """The rule book's numbers at that moment, and how it is cited.

    ``base_days``: days of the base at least, by period; who is younger has no past to be compared with.
    ``growth_most``: orders that grew more than so many times explain no more than that.
    """

    weeks: int
    weeks_most: int
    base_least: int
    least: Mapping[str, int]
    excess: float
    false_alarms: float
    chance_most: float
    exposure_days: int
    exposure_least: int
    batch_days: int
    base_days: Mapping[str, int]
    growth_most: float
    cited: str


@dataclass(frozen=True)
class Seen:
    """One subject's count in a period, with the days of its past that count. ``weeks``: tickets and days by tier."""

    key: str
    observed: int
    tiers: Sequence[tuple[int, int]]
    orders: int
    orders_before: float


@dataclass(frozen=True)
class Found:
    """A count with its limit; ``is_surge`` when it passes it and is enough to matter."""

    key: str
    period: Period
    chart: Chart
    first: date
    last: date
    observed: int
    base: int
    base_size: int
    share: float
    expected: float
    limit: int
    chance: float
    tail: float


def tiers(numbers: Numbers) -> list[int]:
    """Numbers of weeks to compare with, shortest first: doubled until the longest."""
    found, weeks = [], max(1, numbers.weeks)
    while weeks < numbers.weeks_most:
        found.append(weeks)
        weeks *= 2
    return [*found, max(numbers.weeks, numbers.weeks_most)]


def growth(seen: Seen, numbers: Numbers) -> float:
    """How much its orders grew: more orders make more tickets. Fewer never lower the limit."""
    if seen.orders_before < numbers.exposure_least or seen.orders < numbers.exposure_least:
        return 1.0
    return min(max(seen.orders / seen.orders_before, 1.0), numbers.growth_most)


def judged(seen: Seen, period: Period, last: date, allowed: float, numbers: Numbers) -> Found | None:
    """Compare with the shortest base that holds enough tickets; None where there is no past to compare with."""
    base, days = next(
        ((count, size) for count, size in seen.tiers if count >= numbers.base_least), seen.tiers[-1]
    )
    if days < max(numbers.base_days[period], 1):
        return None
    grown, long = growth(seen, numbers), 1 if period is Period.DAY else WEEK
    share = grown * long / (grown * long + days)
    chart = Chart.RATE if grown > 1 else Chart.COUNT
    first = last - timedelta(days=long - 1)
    return _found(seen.key, period, chart, first, last, seen.observed, base, days, share, allowed)


def batch_judged(
    key: str, first: date, last: date, counts: tuple[int, int, int], share: float, allowed: float
) -> Found | None:
    """A batch against the other batches of its product at the same age. None where there is no other.

    ``counts``: its tickets, those of the others, pieces of the others. ``share``: how likely each ticket is its own.
    Its mean over weeks of age: where they differ, the true tail is thinner, so nothing is flagged for it.
    """
    observed, others, other_pieces = counts
    if not other_pieces or not 0 < share < 1:
        return None
    return _found(key, Period.BATCH, Chart.SHARE, first, last, observed, others, other_pieces, share, allowed)


def _found(
    key: str, period: Period, chart: Chart, first: date, last: date, observed: int, base: int, size: int,
    share: float, allowed: float,
) -> Found:  # fmt: skip
    return Found(
        key=key, period=period, chart=chart, first=first, last=last, observed=observed, base=base, base_size=size,
        share=share, expected=base * share / (1 - share), limit=limit(base, share, allowed), chance=allowed,
        tail=tail(observed, base, share),
    )  # fmt: skip


def is_surge(found: Found, numbers: Numbers) -> bool:
    """Too many to be chance, enough to matter, and clearly more than usual: all three."""
    return (
        found.observed > found.limit
        and found.observed >= numbers.least[found.period]
        and found.observed >= found.expected * (1 + numbers.excess)
    )


def has_grown(seen: int, found: Found, numbers: Numbers) -> bool:
    """Whether a count that people closed is news again: more by what is enough to matter, and clearly more."""
    return found.observed >= max(seen + numbers.least[found.period], seen * (1 + numbers.excess))
