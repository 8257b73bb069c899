"""Breaches and the figures that are counted from the same clocks: one fact has one main consequence (order 116 §27)."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.scorecards.consequencedays import DAY, first_day, last_of, starts
from aftersales.scorecards.consequencestates import FALLEN, MeasureState, Trigger
from aftersales.scorecards.models import MeasureFact, MerchantMeasure, Neutral
from aftersales.scorecards.rewards.charged import charged_breaches, charged_figures
from aftersales.scorecards.scores import selectors
from aftersales.standards.states import ClockKind, Debtor, Promise

FIGURES: dict[str, Q] = {
    "answer_in_time": Q(promise=Promise.MERCHANT_ANSWER),
    "obligations_kept": Q(kind__in=(ClockKind.OBLIGATION, ClockKind.STATUTORY)),
    "promises_kept": Q(),
}
"""Figures of merchants that are counted from clocks, and from which."""


def counting() -> QuerySet[Clock]:
    """Breaches of merchants that count."""
    left_out = BreachExclusion.objects.standing().filter(clock=OuterRef("pk"))
    rows: QuerySet[Clock] = Clock.objects.filter(
        ~Exists(left_out), owed_by=Debtor.MERCHANT, is_historic=False, merchant_id__isnull=False
    )
    return rows


def answered(code: str, since: date, until: date, **of: int) -> dict[int, list[date]]:
    """By merchant the days of breaches in this figure that led to something already, breach by breach."""
    if code not in FIGURES:
        return {}
    standing = MeasureFact.objects.filter(measure__trigger=Trigger.BREACHES, freed_at=None, **of)
    keys = set(
        standing.filter(measure__period__gte=since.replace(day=1)).values_list("key", flat=True)
    ) | charged_breaches(starts(since))
    rows = counting().filter(FIGURES[code], _within(since, until), pk__in=[int(one) for one in keys], **of)
    out = list(
        Neutral.objects.filter(metric=code, since__lte=until, until__gte=since, **of).values_list(
            "merchant_id", "since", "until"
        )
    )
    found: dict[int, list[date]] = {}
    told: Any = rows.values_list("merchant_id", "breached_at")
    for merchant, at in told:
        day = at.astimezone(selectors.zone()).date()
        if not any(who == merchant and first <= day <= last for who, first, last in out):
            found.setdefault(merchant, []).append(day)
    return found


def figured(clocks: Collection[int], merchants: Collection[int], since: date) -> set[str]:
    """Of these breaches those that lie in a figure from which something followed already. ``since``: the first one's
    day. At most four statements.
    """
    first = since.replace(day=1)
    found = [
        (merchant, code, month, last_of(month))
        for merchant, code, month in charged_figures(FIGURES, first)
        if merchant in merchants
    ]
    rows = MerchantMeasure.objects.filter(
        merchant__in=merchants, trigger=Trigger.METRIC, figures__metric__in=list(FIGURES), period__gte=first
    ).exclude(state__in=sorted(FALLEN - {MeasureState.WITHDRAWN}))
    for merchant, period, figures in rows.values_list("merchant_id", "period", "figures"):
        found.append((merchant, figures["metric"], first_day(period, figures), last_of(period)))
    if not found:
        return set()
    spans = Q()
    for merchant, code, begin, until in found:
        spans |= Q(merchant_id=merchant) & _within(begin, until) & FIGURES[code]
    return {str(pk) for pk in Clock.objects.filter(spans, pk__in=clocks).values_list("pk", flat=True)}


def _within(since: date, until: date) -> Q:
    return Q(breached_at__gte=starts(since), breached_at__lt=starts(until + DAY))
