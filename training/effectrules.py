"""Pure judgement of what a training did: before and after of those who attended, against those who did not (R1.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from training.metrics import Way
from training.retrainingrules import Effect

CENT = Decimal("0.01")
TENTH = Decimal("0.1")
Sum = tuple[Decimal, int]
"""Sum and sample of a figure over days and people."""
NOTHING: Sum = (Decimal(0), 0)
BETTER, SAME, WORSE, FEW, EARLY = "better", "same", "worse", "few", "early"


@dataclass(frozen=True)
class Comparison:
    """A figure of those who attended and of colleagues who did not, over the same days."""

    attended: Effect
    others: Effect

    @property
    def net(self) -> Decimal | None:
        """Change of those who attended without the change that everybody else went through; two decimals."""
        own, general = change(self.attended), change(self.others)
        return None if own is None or general is None else (own - general).quantize(CENT, ROUND_HALF_UP)


def change(effect: Effect) -> Decimal | None:
    """After less before; None where one of the two is missing."""
    if effect.before is None or effect.after is None:
        return None
    return effect.after - effect.before


def shown(difference: Decimal, *, percent: bool) -> Decimal:
    """As a page says it: tenths of a point, hundredths of a mark. What rounds to nothing is nothing, without a sign."""
    return difference.quantize(TENTH if percent else CENT, ROUND_HALF_UP) + 0


def value(way: Way, total: Decimal, sample: int) -> Decimal | None:
    """A mean in its unit, a share in percent; None without a sample."""
    if way is Way.SUM:
        return total
    if not sample:
        return None
    return total / sample if way is Way.MEAN else total * 100 / sample


def pooled(sums: Iterable[Sum]) -> Sum:
    """One sum and one sample of many: every ticket and every mark weighs the same, whoever it is laid to."""
    found = list(sums)
    return sum((total for total, _n in found), start=Decimal(0)), sum(n for _total, n in found)


def effect(way: Way, own: Mapping[bool, Sum], whole: Mapping[bool, Sum]) -> Effect:
    """A figure before (False) and after (True). ``whole`` has the samples that shares are taken of."""
    told = {}
    for after in (False, True):
        total, n = own.get(after, NOTHING)
        n = whole.get(after, NOTHING)[1] if way is Way.SHARE else n
        told[after] = (value(way, total, n), n)
    return Effect(*told[False], *told[True])


def enough(effect: Effect, sample: int) -> bool:
    """Whether both sides rest on so many."""
    return (
        effect.before is not None
        and effect.after is not None
        and min(effect.before_n, effect.after_n) >= sample
    )


def verdict(found: Comparison, *, sample: int, better_low: bool, over: bool, percent: bool = False) -> str:
    """Better, worse, the same as colleagues; ``few`` below the least sample anywhere, ``early`` before the days end.

    It goes by the difference that the page shows: nobody reads “0.0, better”.
    """
    if not over:
        return EARLY
    net = found.net
    if net is None or not (enough(found.attended, sample) and enough(found.others, sample)):
        return FEW
    told = shown(net, percent=percent)
    return _side(-told if better_low else told)


def exam_verdict(found: Effect, *, sample: int, over: bool) -> str:
    """The same for an exam sat before and after by the same people: no colleague is needed to see what they learned."""
    if not over:
        return EARLY
    gain = change(found)
    if gain is None or not enough(found, sample):
        return FEW
    return _side(shown(gain, percent=True))


def _side(gain: Decimal) -> str:
    if not gain:
        return SAME
    return BETTER if gain > 0 else WORSE


def paired(marks: Iterable[tuple[Decimal, Decimal]]) -> Effect:
    """Mean percent before and after of the same people; the sample are the people."""
    rows = list(marks)
    if not rows:
        return Effect(None, 0, None, 0)
    before = sum((one for one, _two in rows), start=Decimal(0)) / len(rows)
    after = sum((two for _one, two in rows), start=Decimal(0)) / len(rows)
    return Effect(before, len(rows), after, len(rows))
