"""Figures of people over a span of days, each with its sample."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from training import metrics
from training.metrics import Metric, Way
from training.models import Fact

NOTHING = (Decimal(0), 0)


@dataclass(frozen=True)
class Figure:
    """``value`` in the metric's unit (a sum, a mean, or percent), None where there is no sample; ``n``: the sample."""

    value: Decimal | None
    n: int
    total: Decimal


def facts_of(people: Iterable[int], metric: str, since: date, until: date) -> dict[int, Figure]:
    """Everybody's figure over the days from ``since`` to ``until``, both counted; two statements at most.

    Whoever has none is in it with an empty one. Raises ``unknown_metric``.
    """
    known, wanted = metrics.metric(metric), sorted(set(people))
    own = _sums(wanted, metric, since, until)
    whole = _sums(wanted, known.of, since, until) if known.way is Way.SHARE else own
    found = {}
    for person in wanted:
        (total, _own), (_sum, sample) = own.get(person, NOTHING), whole.get(person, NOTHING)
        found[person] = Figure(_value(known.way, total, sample), sample, total)
    return found


def by_month(person: int, codes: Iterable[str], since: date, until: date) -> dict[str, dict[date, Figure]]:
    """One person's figures by the first day of each month that has one; one statement. Raises ``unknown_metric``."""
    known = [metrics.metric(code) for code in codes]
    wanted = {one.code for one in known} | {one.of for one in known if one.of}
    rows = Fact.objects.filter(person=person, metric__in=sorted(wanted), day__gte=since, day__lte=until)
    found: dict[tuple[str, date], tuple[Decimal, int]] = {}
    for metric, day, total, sample in rows.values_list("metric", "day", "total", "sample"):
        key = (metric, day.replace(day=1))
        before = found.get(key, NOTHING)
        found[key] = (before[0] + total, before[1] + sample)
    return {one.code: _months(one, found) for one in known}


def _months(known: Metric, found: dict[tuple[str, date], tuple[Decimal, int]]) -> dict[date, Figure]:
    base = known.of if known.way is Way.SHARE else known.code
    months = {month for metric, month in found if metric in (known.code, base)}
    figures = {}
    for month in months:
        total, sample = found.get((known.code, month), NOTHING)[0], found.get((base, month), NOTHING)[1]
        figures[month] = Figure(_value(known.way, total, sample), sample, total)
    return figures


def _value(way: Way, total: Decimal, sample: int) -> Decimal | None:
    if way is Way.SUM:
        return total
    if not sample:
        return None
    return total / sample if way is Way.MEAN else total * 100 / sample


def _sums(people: list[int], metric: str, since: date, until: date) -> dict[int, tuple[Decimal, int]]:
    rows = Fact.objects.filter(metric=metric, day__gte=since, day__lte=until, person_id__in=people)
    summed = rows.values_list("person_id").annotate(total=Sum("total"), n=Sum("sample")).order_by()
    return {person: (total, n) for person, total, n in summed}
