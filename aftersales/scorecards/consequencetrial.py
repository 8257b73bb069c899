"""A consequence rule tried on the past quarter: who would have been touched, by what. Nothing is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from aftersales.merchants.models import Merchant
from aftersales.scorecards import consequences
from aftersales.scorecards.consequencedays import DAY, last_of, starts
from aftersales.scorecards.consequences import Hit, months_before
from aftersales.scorecards.consequencestates import FALLEN, MONTHLY, Effect, Trigger
from aftersales.scorecards.consequenceterms import Step, Terms
from aftersales.scorecards.models import ConsequenceVersion, MerchantMeasure
from aftersales.scorecards.scores import selectors


@dataclass(frozen=True)
class Dry:
    """One measure that would have been taken; ``judged``: when, which may be days after it happened."""

    hit: Hit
    number: int
    step: Step
    judged: datetime


@dataclass(frozen=True)
class Touched:
    """A merchant, and what the two versions would have done to him."""

    name: str
    public_id: str
    was: Sequence[Dry]
    will: Sequence[Dry]

    @property
    def is_changed(self) -> bool:
        return [(one.judged, one.step) for one in self.was] != [(one.judged, one.step) for one in self.will]


@dataclass(frozen=True)
class Trial:
    """``counts``: by effect how many before and after. ``since`` and ``until``: the days looked at."""

    since: date
    until: date
    rows: Sequence[Touched]
    counts: Sequence[tuple[Effect, int, int]]


def tried(version: ConsequenceVersion, standing: ConsequenceVersion | None, now: datetime) -> Trial:
    """A version beside the one in force; whoever neither of them touches is left out."""
    will = by_merchant(dry(consequences.terms_of(version), now))
    was = by_merchant(dry(consequences.terms_of(standing), now)) if standing is not None else {}
    names = {
        pk: (name, key)
        for pk, name, key in Merchant.objects.filter(pk__in={*will, *was}).values_list(
            "pk", "name", "public_id"
        )
    }
    rows = [
        Touched(*names[pk], was.get(pk, ()), will.get(pk, ())) for pk in sorted({*will, *was}) if pk in names
    ]
    rows.sort(key=lambda one: (not one.is_changed, one.name))
    found = months_before(now)
    counts = []
    for effect in Effect:
        pair = [
            sum(one.step.effect == effect for mine in side.values() for one in mine) for side in (was, will)
        ]
        if any(pair):
            counts.append((effect, pair[0], pair[1]))
    return Trial(found[0], now.astimezone(selectors.zone()).date(), rows, counts)


def by_merchant(found: Iterable[Dry]) -> dict[int, list[Dry]]:
    by: dict[int, list[Dry]] = {}
    for one in found:
        by.setdefault(one.hit.merchant_id, []).append(one)
    return by


def dry(terms: Terms, now: datetime) -> list[Dry]:
    """What would have followed in the past quarter and since; months count when they are over."""
    since, until = starts(months_before(now)[0]), now
    if terms.trigger == Trigger.POINTS:
        return _by_points(terms, since, until)
    if terms.trigger == Trigger.BREACHES:
        return _climbed(terms, _by_breaches(terms, since, until))
    return _climbed(terms, _by_month(terms, now))


def _climbed(terms: Terms, hits: Iterable[Hit]) -> list[Dry]:
    last: dict[int, tuple[int, datetime]] = {}
    found = []
    for hit in hits:
        number, at = last.get(hit.merchant_id, (0, hit.at))
        if hit.at - at > terms.remember * DAY:
            number = 0
        number = min(number + 1, len(terms.steps))
        last[hit.merchant_id] = (number, hit.at)
        monthly = terms.trigger in MONTHLY
        judged = consequences.settled(terms, hit.period) if monthly else hit.at
        found.append(Dry(hit, number, terms.step(number), judged))
    return found


def _by_month(terms: Terms, now: datetime) -> list[Hit]:
    after: dict[int, date] = {}
    found = []
    for month in months_before(now):
        hits = consequences.monthly(terms, month, after=after, anew=True)
        after |= {one.merchant_id: last_of(month) for one in hits}
        found += hits
    return found


def _by_breaches(terms: Terms, since: datetime, until: datetime) -> list[Hit]:
    """As if it had been looked at after every breach."""
    open_rows: dict[int, list[tuple[int, datetime]]] = {}
    found = []
    for pk, merchant, at in consequences.broken(terms, since, until, fresh=False):
        mine = [one for one in open_rows.get(merchant, []) if one[1] > at - terms.days * DAY] + [(pk, at)]
        if len(mine) >= terms.count:
            found.append(consequences.of_breaches(terms, merchant, mine))
            mine = []
        open_rows[merchant] = mine
    return found


def _by_points(terms: Terms, since: datetime, until: datetime) -> list[Dry]:
    """At every moment at which points were given."""
    rows = list(_points_of(since, until))
    moments = {one.begins_at for one in rows if one.begins_at is not None and one.begins_at >= since}
    held: dict[int, tuple[int, datetime]] = {}
    found = []
    for at in sorted(moments):
        for hit in consequences.of_points(terms, at, (one for one in rows if _acted(one, at))):
            number = consequences.step_of_points(terms, hit.bad)
            step = terms.step(number)
            before, until_then = held.get(hit.merchant_id, (0, at))
            if before >= number and at < until_then:
                continue
            held[hit.merchant_id] = (number, at + (step.days or 3650) * DAY)
            found.append(Dry(hit, number, step, at))
    return found


def _points_of(since: datetime, until: datetime) -> QuerySet[MerchantMeasure]:
    """Points that were given in this time or still stood at its beginning, in the order in which they were given."""
    rows = MerchantMeasure.objects.filter(effect=Effect.POINTS, begins_at__lt=until)
    rows = rows.filter(Q(begins_at__gte=since) | Q(ends_at=None) | Q(ends_at__gt=since))
    listed: QuerySet[MerchantMeasure] = rows.order_by("begins_at", "pk")
    return listed


def _acted(row: MerchantMeasure, at: datetime) -> bool:
    """As ``acting`` says it."""
    if row.state in FALLEN or row.begins_at is None or row.begins_at > at:
        return False
    return all(end is None or end > at for end in (row.ends_at, row.ended_at))
