"""Breaches and the figures that are counted from the same clocks: one fact has one main consequence (order 116 §27)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.scorecards.consequencedays import DAY, Span, first_day, last_of, starts
from aftersales.scorecards.consequencestates import MONTHLY, Trigger
from aftersales.scorecards.models import MeasureFact, Neutral
from aftersales.scorecards.rewards.charged import charged_clocks, charged_figures
from aftersales.scorecards.scores import selectors
from aftersales.standards.states import ClockKind, Debtor, Promise

FIGURES: dict[str, Q] = {
    "answer_in_time": Q(promise=Promise.MERCHANT_ANSWER),
    "obligations_kept": Q(kind__in=(ClockKind.OBLIGATION, ClockKind.STATUTORY)),
    "promises_kept": Q(),
}
"""Figures of merchants that are counted from clocks, and from which: a late one is a bad case of each."""
Before = Mapping[int, datetime]


def counting() -> QuerySet[Clock]:
    """Breaches of merchants that count."""
    left_out = BreachExclusion.objects.standing().filter(clock=OuterRef("pk"))
    rows: QuerySet[Clock] = Clock.objects.filter(
        ~Exists(left_out), owed_by=Debtor.MERCHANT, is_historic=False, merchant_id__isnull=False
    )
    return rows


def answered(
    code: str,
    since: date,
    until: date,
    *,
    merchants: Collection[int] | None = None,
    before: Before | None = None,
    besides: int = 0,
) -> dict[int, list[date]]:
    """By merchant the days of breaches in this figure that led to something already: breach by breach, or in a figure
    that counts the same clocks. At most nine statements, with ``before`` ten.

    ``before``: by merchant, only what came before that moment; days that ceased to count after it count still.
    ``besides``: what this rule charged is left out.
    """  # fmt: skip
    if code not in FIGURES:
        return {}
    mine = Q() if merchants is None else Q(merchant_id__in=merchants)

    def came(who: int, at: datetime) -> bool:
        return before is None or who not in before or at < before[who]

    taken = [int(clock) for who, clock, at in _one_by_one(since, merchants, besides) if came(who, at)]
    spans = [one for one in _spans(since, merchants, besides) if came(one.merchant_id, one.at)]
    rows = counting().filter(mine, FIGURES[code], _within(since, until), Q(pk__in=taken) | _clocks(spans))
    out = _neutral(code, since, until).filter(mine).exclude(pk__in=fallen_since(code, since, until, before))
    struck = list(out.values_list("merchant_id", "since", "until"))
    found: dict[int, list[date]] = {}
    told: Any = rows.values_list("merchant_id", "breached_at")
    for merchant, at in told:
        day = at.astimezone(selectors.zone()).date()
        if not any(who == merchant and first <= day <= last for who, first, last in struck):
            found.setdefault(merchant, []).append(day)
    return found


def _neutral(code: str, since: date, until: date) -> QuerySet[Neutral]:
    rows: QuerySet[Neutral] = Neutral.objects.filter(metric=code, since__lte=until, until__gte=since)
    return rows


def fallen_since(code: str, since: date, until: date, before: Before | None) -> list[int]:
    """Days of a figure that ceased to count after the moment at which a merchant was judged: with another measure, so
    that takes nothing from what was decided about them by then. No statement where nobody is named.
    """
    if not before:
        return []
    rows = _neutral(code, since, until).filter(merchant_id__in=before)
    return [pk for pk, who, at in rows.values_list("pk", "merchant_id", "at") if at > before[who]]


def figured(clocks: Collection[int], merchants: Collection[int], since: date) -> set[str]:
    """Of these breaches those that lie in a figure from which something followed already. ``since``: the first one's
    day. At most six statements.
    """
    spans = _spans(since, merchants)
    rows = Clock.objects.filter(_clocks(spans), pk__in=clocks)
    return {str(pk) for pk in rows.values_list("pk", flat=True)} if spans else set()


def _one_by_one(
    since: date, merchants: Collection[int] | None, besides: int
) -> list[tuple[int, str, datetime]]:
    """Breaches that led to something by themselves: merchant, clock and when."""
    mine = Q() if merchants is None else Q(merchant_id__in=merchants)
    rows = MeasureFact.objects.filter(
        mine, measure__trigger=Trigger.BREACHES, measure__period__gte=since.replace(day=1), freed_at=None
    )
    taken = rows.values_list("merchant_id", "key", "measure__proposed_at")
    return [*taken, *charged_clocks(starts(since), besides=besides, merchants=merchants)]


def _spans(since: date, merchants: Collection[int] | None, besides: int = 0) -> list[Span]:
    """Figures from which something followed for months from that day's on.

    One that was overturned since stays: its fact was decided about, and leads to nothing again; unless only the
    consequence was the wrong one.
    """
    first, named = since.replace(day=1), Q()
    mine = Q() if merchants is None else Q(merchant_id__in=merchants)
    for code in FIGURES:
        named |= Q(key__startswith=f"{code} ")
    rows = MeasureFact.objects.filter(
        mine, named, measure__trigger__in=sorted(MONTHLY), measure__period__gte=first, freed_at=None
    )
    told = rows.values_list(
        "merchant_id", "key", "measure__period", "measure__figures", "measure__proposed_at"
    )
    found = []
    for who, key, period, figures, at in told:
        code = key.split(" ")[0]
        found.append(Span(who, code, first_day(period, figures, code), last_of(period), at))
    return found + charged_figures(FIGURES, first, besides=besides, merchants=merchants)


def _clocks(spans: Iterable[Span]) -> Q:
    """The breaches that are bad cases of these figures."""
    grouped: dict[tuple[str, date, date], list[int]] = {}
    for one in spans:
        grouped.setdefault((one.code, one.since, one.until), []).append(one.merchant_id)
    found = Q(pk__in=())
    for (code, since, until), merchants in grouped.items():
        found |= Q(merchant_id__in=merchants) & _within(since, until) & FIGURES[code]
    return found


def _within(since: date, until: date) -> Q:
    return Q(breached_at__gte=starts(since), breached_at__lt=starts(until + DAY))
