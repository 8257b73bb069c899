"""How figures went from week to week or month to month: sums of the same roll-ups, nothing counted anew."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import DateField, QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncWeek

from aftersales.scorecards.models import Rollup
from aftersales.scorecards.states import SubjectKind

MONTHS = 12
WEEKS = 12
Spans = Mapping[date, tuple[int, int]]


@dataclass(frozen=True)
class Of:
    """Whose course it is: a metric of a subject; with the roll-up's category where that was asked for."""

    metric: str
    subject_id: int
    category: str = ""


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def weeks(until: date, number: int = WEEKS) -> list[date]:
    """The Mondays of the last weeks, the one that ``until`` lies in with them."""
    last = monday(until)
    return [last - timedelta(weeks=back) for back in range(number - 1, -1, -1)]


def months(until: date, number: int = MONTHS) -> list[date]:
    """The first days of the last months, the one that ``until`` lies in with them."""
    found, first = [], until.replace(day=1)
    for _back in range(number):
        found.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return found[::-1]


def by_month(
    rows: QuerySet[Rollup], kind: SubjectKind, codes: Collection[str], until: date
) -> Mapping[Of, Spans]:
    """Numerator and denominator of each of the last twelve months in which anything was counted. One statement.

    ``rows``: scoped by ``visible_to`` and narrowed to whom one asks for.
    """
    mine = rows.filter(
        subject_kind=kind, metric__in=list(codes), day__gte=months(until)[0], day__lte=until
    ).annotate(span=TruncMonth("day", output_field=DateField()))
    return _summed(mine, ("metric", "subject_id"))


def by_week(
    rows: QuerySet[Rollup], kind: SubjectKind, code: str, first: date, until: date, *, apart: bool = False
) -> Mapping[Of, Spans]:
    """The same for weeks from Monday to Sunday; ``apart``: for each category by itself. One statement."""
    mine = rows.filter(subject_kind=kind, metric=code, day__gte=first, day__lte=until).annotate(
        span=TruncWeek("day", output_field=DateField())
    )
    return _summed(mine, ("metric", "subject_id", *(("category",) if apart else ())))


def _summed(rows: QuerySet[Rollup], keys: tuple[str, ...]) -> Mapping[Of, Spans]:
    found: dict[Of, dict[date, tuple[int, int]]] = {}
    for *key, span, num, den in rows.values_list(*keys, "span").annotate(Sum("num"), Sum("den")).order_by():
        found.setdefault(Of(*key), {})[span] = (num, den)
    return found
