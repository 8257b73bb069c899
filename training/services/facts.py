"""Figures of people, pushed by the rooms that know them."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from aftersales.core.errors import DomainError
from training import metrics
from training.metrics import Metric, Way
from training.models.facts import Fact

Value = Decimal | int | float
CENT = Decimal("0.01")


def fact_record(*, person: Any, metric: str, day: date, value: Value, n: int = 1) -> None:
    """What a person did on one day of the installation's zone (R1.2, R1.3). The same day again replaces it.

    ``value``: for a sum or a share how many there were; for a mean the day's mean, of ``n`` marks. Units and ends of
    a mark are the metric's. Raises ``unknown_metric`` and ``bad_value`` (negative, outside of the marks, no sample).
    """
    facts_record(metric=metric, day=day, figures={person.pk: (value, n)})


def facts_record(
    *, metric: str, day: date, figures: Mapping[int, tuple[Value, int]], whole: bool = False
) -> int:
    """The same for many people at once, by their keys; says how many rows are new or changed.

    ``whole``: these are all figures of that day, so that whoever is not in them any more has none.
    """
    known = metrics.metric(metric)
    rows = [(person, *_sound(known, value, n)) for person, (value, n) in sorted(figures.items())]
    with transaction.atomic():
        gone = 0
        if whole:
            stale = Fact.objects.filter(metric=metric, day=day).exclude(person_id__in=list(figures))
            gone = stale.exclude(total=0, sample=0).update(total=0, sample=0)
        if not rows:
            return gone
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_PUT, [metric, day, *columns])
            return gone + int(cursor.rowcount)


def _sound(metric: Metric, value: Value, n: int) -> tuple[Decimal, int]:
    """Sum and sample of one figure."""
    amount, is_mean = Decimal(str(value)), metric.way is Way.MEAN
    top = metric.highest if is_mean and metric.highest is not None else amount
    lowest = metric.lowest if is_mean and n else 0
    if not amount.is_finite() or n < 0 or not lowest <= amount <= top or (is_mean and amount and not n):
        words = {"metric": metric.code, "value": amount, "n": n}
        text = _("The figure “%(metric)s” cannot be %(value)s of %(n)s; correct it where it is counted.")
        raise DomainError(text % words, "bad_value")
    total = amount * n if is_mean else amount
    return total.quantize(CENT, ROUND_HALF_UP), n if is_mean else int(amount)


_PUT = f"""
    INSERT INTO {Fact._meta.db_table} AS f (person_id, metric, day, total, sample)
    SELECT v.person, given.metric, given.day, v.total, v.sample
      FROM (SELECT %s::text AS metric, %s::date AS day) given,
           unnest(%s::bigint[], %s::numeric[], %s::integer[]) AS v(person, total, sample)
    ON CONFLICT (person_id, metric, day) DO UPDATE SET total = EXCLUDED.total, sample = EXCLUDED.sample
     WHERE (f.total, f.sample) IS DISTINCT FROM (EXCLUDED.total, EXCLUDED.sample)
"""  # noqa: S608 - our own table name
