"""Whom a version of a consequence rule touches, when and why. Reads only."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from django.db import OperationalError
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from aftersales.ledger.states import Fallen
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TERMINAL
from aftersales.scorecards import consequencegrades
from aftersales.scorecards.consequenceclocks import Before, answered, counting, fallen_since, figured
from aftersales.scorecards.consequencedays import DAY, OF_SCORE, Span, first_day, last_of, starts
from aftersales.scorecards.consequencegrades import Scored
from aftersales.scorecards.consequencestates import FALLEN, MONTHLY, Effect, MeasureState, Trigger
from aftersales.scorecards.consequenceterms import Step, Terms, read
from aftersales.scorecards.models import (
    ConsequenceVersion,
    MeasureFact,
    MerchantMeasure,
    Neutral,
    Rollup,
)
from aftersales.scorecards.rewards.charged import charged, charged_breaches, charged_figures
from aftersales.scorecards.scores import rules, selectors
from aftersales.scorecards.states import Direction, SubjectKind
from aftersales.standards.selectors import duration

logger = logging.getLogger(__name__)
MONTHS = 3  # looked back: rules may wait for figures that settle late
ANNOUNCED = "incentive_announce_days_merchant"
Fact = tuple[str, str]
Found = TypeVar("Found")
BREACH, FIGURE, MONTH, POINTS = "breach", "metric", "month", "points"


@dataclass(frozen=True)
class Hit:
    """A merchant to whom a rule applies: by which facts, with what figures, known since when; from which day on."""

    merchant_id: int
    at: datetime
    period: date
    facts: tuple[Fact, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)
    bad: int = 0
    since: date | None = None

    @property
    def until(self) -> date:
        days = any(kind in (FIGURE, MONTH) for kind, _key in self.facts)
        return last_of(self.period) if days else self.at.astimezone(selectors.zone()).date()


@dataclass(frozen=True)
class Plan:
    """A measure that a version in force leads to."""

    version: ConsequenceVersion
    terms: Terms
    hit: Hit
    number: int
    rests_on: MerchantMeasure | None = None

    @property
    def step(self) -> Step:
        return self.terms.step(self.number)


def terms_of(version: ConsequenceVersion) -> Terms:
    """What a version says. Raises those of ``consequenceterms.read``."""
    return read(version.terms)


# ------------------------------------------------------------------------------------------------- time of notice
def announced_until(rows: Sequence[ConsequenceVersion], now: datetime) -> dict[int, datetime]:
    """Fact: before which moment a version announced now cannot come into force."""
    until = now + duration(ANNOUNCED, now)
    return {row.pk: until for row in rows}


def earliest(now: datetime) -> datetime:
    """The beginning of the first whole day after the time of notice."""
    notice = (now + duration(ANNOUNCED, now)).astimezone(selectors.zone())
    begin = datetime.combine(notice.date(), time.min, selectors.zone())
    return begin if begin >= notice else begin + DAY


# ------------------------------------------------------------------------------------------------- who is touched
def month_before(now: datetime) -> date:
    """First day of the month that is over."""
    today = now.astimezone(selectors.zone()).date()
    return (today.replace(day=1) - DAY).replace(day=1)


def months_before(now: datetime) -> list[date]:
    """The months that are looked at for figures and grades, the oldest first."""
    found = [month_before(now)]
    while len(found) < MONTHS:
        found.insert(0, (found[0] - DAY).replace(day=1))
    return found


def settled(terms: Terms, month: date) -> datetime:
    """From when a month is judged: the rule's own days after it, and never before its figures' own have passed."""
    end, wait = selectors.ends(last_of(month)), terms.lag * DAY
    if terms.metric is not None and terms.metric.settles_after:
        wait = max(wait, duration(terms.metric.settles_after, end))
    return end + wait


def in_force(trigger_at: datetime) -> list[ConsequenceVersion]:
    """Every version by which that moment is judged, by the code of its rule."""
    rows = ConsequenceVersion.objects.in_force(trigger_at).select_related("rule")
    newest: dict[int, ConsequenceVersion] = {}
    for one in rows.order_by("number"):
        newest[one.rule_id] = one
    return sorted(newest.values(), key=lambda one: one.rule.code)


def plans(now: datetime) -> list[Plan]:
    """What follows now from the rules in force, the hardest first; what was followed up already is left out.

    Of several months the oldest comes first: the next one is judged after it, without its days and a step higher.
    """
    found: list[Plan] = []
    for version in in_force(now):
        found += safely(version, partial(_by_day, version, now=now))
    for month in months_before(now):
        for version in in_force(starts(month)):  # a month is judged by what was in force when it began
            known = {(one.version.rule_id, one.hit.merchant_id) for one in found}
            planned = safely(version, partial(_by_month, version, month=month, now=now))
            found += [one for one in planned if (one.version.rule_id, one.hit.merchant_id) not in known]
    order = list(Effect)
    return sorted(found, key=lambda one: -order.index(one.step.effect))


def safely(version: ConsequenceVersion, planned: Callable[[Terms], list[Found]]) -> list[Found]:
    """A version that can no longer be read or judged stands in the log; the others go on."""
    try:
        return planned(terms_of(version))
    except OperationalError:  # the database, not the rule
        raise
    except Exception:
        logger.exception("%s could not be judged", version)
        return []


def _by_day(version: ConsequenceVersion, terms: Terms, now: datetime) -> list[Plan]:
    if terms.trigger in MONTHLY:
        return []
    return _planned(version, terms, _daily(version, terms, now), now)


def _by_month(version: ConsequenceVersion, terms: Terms, month: date, now: datetime) -> list[Plan]:
    if terms.trigger not in MONTHLY or settled(terms, month) > now:
        return []
    assert version.valid_from is not None
    begin = version.valid_from.astimezone(selectors.zone()).date()
    after = _covered(version, terms, month)
    return _planned(version, terms, monthly(terms, month, after=after, begin=begin), now)


def _daily(version: ConsequenceVersion, terms: Terms, now: datetime) -> list[Hit]:
    if terms.trigger == Trigger.POINTS:
        return by_points(terms, now)
    assert version.valid_from is not None
    begin = max(version.valid_from, now - terms.days * DAY)
    last = dict(
        _judged(version.rule_id).order_by("proposed_at").values_list("merchant_id", "proposed_at")
    )  # only what comes after a warning can lead further
    by: dict[int, list[tuple[int, datetime]]] = {}
    for pk, merchant, at in broken(terms, begin, now, fresh=True):
        if at > last.get(merchant, begin):
            by.setdefault(merchant, []).append((pk, at))
    return [of_breaches(terms, merchant, rows) for merchant, rows in by.items() if len(rows) >= terms.count]


def broken(terms: Terms, since: datetime, until: datetime, *, fresh: bool) -> list[tuple[int, int, datetime]]:
    """Breaches of merchants that count, oldest first. ``fresh``: nothing followed from them yet."""
    rows = counting().filter(breached_at__gte=since, breached_at__lt=until)
    if terms.promises:
        rows = rows.filter(promise__in=terms.promises)
    told: Any = rows.order_by("breached_at", "pk").values_list("pk", "merchant_id", "breached_at")
    found: list[tuple[int, int, datetime]] = list(told)
    if not fresh:
        return found
    merchants, clocks = {one for _pk, one, _at in found}, {str(pk) for pk, _merchant, _at in found}
    taken = _taken(BREACH, merchants, clocks) | charged_breaches(since)
    begin = since.astimezone(selectors.zone()).date()
    taken |= figured([pk for pk, _merchant, _at in found], merchants, begin)
    return [one for one in found if str(one[0]) not in taken]


def _taken(kind: str, merchants: Collection[int], keys: Collection[str]) -> set[str]:
    rows = MeasureFact.objects.filter(merchant_id__in=merchants, kind=kind, key__in=keys, freed_at=None)
    return set(rows.values_list("key", flat=True))


def of_breaches(terms: Terms, merchant: int, rows: Sequence[tuple[int, datetime]]) -> Hit:
    at = rows[-1][1]
    figures = {"breaches": len(rows), "days": terms.days, "count": terms.count}
    period = at.astimezone(selectors.zone()).date().replace(day=1)
    facts, first = tuple((BREACH, str(pk)) for pk, _at in rows), rows[0][1].astimezone(selectors.zone())
    return Hit(merchant, at, period, facts, figures, len(rows), first.date())


def _ladder(rule: int) -> QuerySet[MerchantMeasure]:
    """Measures by a rule that nothing turned back."""
    rows: QuerySet[MerchantMeasure] = MerchantMeasure.objects.filter(rule=rule)
    return rows.exclude(state__in=sorted(FALLEN))


def _judged(rule: int) -> QuerySet[MerchantMeasure]:
    """The same and those that fell as the wrong consequence: this rule does not come back to what it was about."""
    rows = MerchantMeasure.objects.filter(rule=rule)
    return rows.exclude(~Q(fell_by=Fallen.CONSEQUENCE), state__in=sorted(FALLEN))  # type: ignore[no-any-return]


def _covered(
    version: ConsequenceVersion, terms: Terms, month: date, of: Collection[int] | None = None
) -> dict[int, date]:
    """By merchant the last day that a measure by this rule was about, or what else followed from the same figure for
    days up to this month; also one that people decided not to take. ``of``: of these merchants alone.
    """
    fallen = sorted(FALLEN - {MeasureState.WITHDRAWN})
    judged = MerchantMeasure.objects.filter(_mine(of), rule=version.rule_id)
    judged = judged.exclude(~Q(fell_by=Fallen.CONSEQUENCE), state__in=fallen)
    rows = judged.order_by("period").values_list("merchant_id", "period")
    found = {merchant: last_of(period) for merchant, period in rows}
    if terms.metric is not None:
        since = (last_of(month) - (terms.days - 1) * DAY).replace(day=1)
        charges = charged_figures([terms.metric.code], since, merchants=of)
        for one in [*measured(terms.metric.code, since, of), *charges]:
            if one.since <= last_of(month):
                found[one.merchant_id] = max(found.get(one.merchant_id, date.min), one.until)
    return found


def measured(code: str, since: date, of: Collection[int] | None = None) -> list[Span]:
    """Days of a figure that measures by whatever rule are about, for months from that of ``since`` on; also of one that
    people decided not to take. ``of``: of these merchants alone. One statement.
    """
    rows = MeasureFact.objects.filter(
        _mine(of), kind=FIGURE, key__startswith=f"{code} ", freed_at=None, measure__period__gte=since.replace(day=1)
    ).exclude(measure__state__in=sorted(FALLEN - {MeasureState.WITHDRAWN}))  # fmt: skip
    told = rows.values_list("merchant_id", "measure__period", "measure__figures", "measure__proposed_at")
    return [
        Span(merchant, code, first_day(period, figures, code), last_of(period), at)
        for merchant, period, figures, at in told
    ]


def _mine(of: Collection[int] | None) -> Q:
    return Q() if of is None else Q(merchant_id__in=of)


def monthly(
    terms: Terms,
    month: date,
    *,
    after: Mapping[int, date],
    begin: date = date.min,
    anew: bool = False,
    before: Before | None = None,
) -> list[Hit]:
    """Whom the figures or the grades of a month touch. ``after``: days that were judged before count no more.

    ``begin``: the first day of the rule; of figures before it nothing is held against anybody. ``before``: by merchant
    the moment at which a figure was judged; what followed later from its clocks, or took its days out with another
    measure, takes nothing from it.

    Grades are those of the snapshot; ``anew``: as if nothing had followed from anything, and of a month without a
    snapshot they are counted from the figures.
    """
    if terms.trigger == Trigger.METRIC:
        return _by_metric(terms, month, after, begin, anew=anew, before=before)
    hits = _by_score(terms, month, anew=anew)
    return [one for one in hits if after.get(one.merchant_id, date.min) < month]


def _by_metric(
    terms: Terms, month: date, after: Mapping[int, date], begin: date, *, anew: bool, before: Before | None
) -> list[Hit]:
    assert terms.metric is not None
    until = last_of(month)
    since = max(until - (terms.days - 1) * DAY, begin)
    later = fallen_since(terms.metric.code, since, until, before)
    out = neutral("subject_id").exclude(pk__in=later)
    rows = Rollup.objects.of_days(since, until).filter(
        ~Exists(out), subject_kind=SubjectKind.MERCHANT, metric=terms.metric.code
    )
    rows = rows if before is None else rows.filter(subject_id__in=before)
    first = {pk: max(since, day + DAY) for pk, day in after.items() if day >= since}
    summed = rows.exclude(subject_id__in=first).order_by().values_list("subject_id")
    found = {pk: (num, den) for pk, num, den in summed.annotate(Sum("num"), Sum("den"))}
    for pk, day, num, den in rows.filter(subject_id__in=first).values_list("subject_id", "day", "num", "den"):
        if day >= first[pk]:
            was = found.get(pk, (0, 0))
            found[pk] = (was[0] + num, was[1] + den)
    spent = {} if anew else answered(terms.metric.code, since, until, merchants=before, before=before)
    hits = []
    for pk, (num, den) in sorted(found.items()):
        start = first.get(pk, since)
        hits.append(_bad(terms, month, pk, num, den, start, sum(day >= start for day in spent.get(pk, ()))))
    months = rows.filter(day__gte=month, subject_id__in=[one.merchant_id for one in hits if one is not None])
    fresh = {
        pk: _bad_of(terms, num, den) - sum(day >= month for day in spent.get(pk, ()))
        for pk, num, den in months.order_by().values_list("subject_id").annotate(Sum("num"), Sum("den"))
    }  # nothing is held against a month without a bad case of its own
    return [one for one in hits if one is not None and fresh.get(one.merchant_id, 0) > 0]


def _bad_of(terms: Terms, num: int, den: int) -> int:
    assert terms.metric is not None
    return max(num, den) - num if terms.metric.direction == Direction.HIGHER else num


def neutral(merchant: str) -> QuerySet[Neutral]:
    """Days that count no more, of a roll-up row beside it."""
    rows: QuerySet[Neutral] = Neutral.objects.filter(
        merchant_id=OuterRef(merchant), metric=OuterRef("metric"), since__lte=OuterRef("day"),
        until__gte=OuterRef("day"),
    )  # fmt: skip
    return rows


def _bad(terms: Terms, month: date, merchant: int, num: int, den: int, since: date, spent: int) -> Hit | None:
    """Held against him only when the Wilson bound that favours him passes the limit and enough cases were bad (C1).

    ``spent``: so many of the bad cases led to something by themselves, and count neither as bad nor as cases.
    """
    assert terms.metric is not None
    higher = terms.metric.direction == Direction.HIGHER
    bad, cases = max(_bad_of(terms, num, den) - spent, 0), max(max(num, den) - spent, 0)
    limit = 1 - terms.limit if higher else terms.limit
    low, _high = rules.wilson(Decimal(bad), Decimal(cases), terms.z)
    if bad < terms.count or low <= limit:
        return None
    figures = {
        "metric": terms.metric.code, "bad": bad, "cases": cases, "low": str(low.quantize(rules.RATE)),
        "bad_limit": str(limit), "count": terms.count, "days": terms.days,
        "since": since.isoformat(),
    }  # fmt: skip
    if spent:
        figures["answered"] = spent
    fact = (FIGURE, f"{terms.metric.code} {month:%Y-%m}")
    return Hit(merchant, selectors.ends(last_of(month)), month, (fact,), figures, bad, since)


def _by_score(
    terms: Terms, month: date, *, of: Collection[int] | None = None, anew: bool = False
) -> list[Hit]:
    """Whose grade is named, or whose score surely lies below: by the upper bound of its interval; and so it is without
    the late clocks that led to something already.
    """
    scores = consequencegrades.kept(month, of) or (consequencegrades.counted(month) if anew else [])
    touched = [one for one in scores if _touches(terms, one.grade, one.high)]
    if touched and not anew:
        touched = _without_spent(terms, month, touched)
    return [
        Hit(
            one.merchant_id, selectors.ends(last_of(month)), month,
            ((MONTH, f"{month:%Y-%m}"), *((FIGURE, f"{code} {month:%Y-%m}") for code in one.missed)),
            {"score": str(one.score), "high": str(one.high), "grade": one.grade, "below": str(terms.below),
             "missed": list(one.missed), OF_SCORE: {code: f"{day}" for code, day in one.missed.items()}},
            len(one.missed), month,
        )
        for one in touched
    ]  # fmt: skip


def _touches(terms: Terms, grade: str, high: Decimal) -> bool:
    return bool(grade) and (grade in terms.grades if terms.grades else high < terms.below)


def _without_spent(terms: Terms, month: date, scores: Sequence[Scored]) -> list[Scored]:
    """What is missed only by cases that led to something is no ground any more."""
    merchants = [one.merchant_id for one in scores]
    rests = consequencegrades.rests(consequencegrades.formula(month), month, merchants)
    left = []
    for one in scores:
        rest = rests.get(one.merchant_id)
        if rest is None:
            left.append(one)
        elif _touches(terms, rest.score.grade, rest.score.high):
            missed = {code: day for code, day in one.missed.items() if code in rest.missed}
            left.append(replace(one, missed=missed))
    return left


def by_points(terms: Terms, at: datetime) -> list[Hit]:
    """Whose standing points reach a step of the rule; known by the newest of them."""
    rows = MerchantMeasure.objects.acting(at).filter(effect=Effect.POINTS).order_by("begins_at", "pk")
    return of_points(terms, at, rows.only("pk", "merchant_id", "points"))


def of_points(terms: Terms, at: datetime, rows: Iterable[MerchantMeasure]) -> list[Hit]:
    """The same of rows that are known to stand then, in the order in which they were given."""
    sums: dict[int, tuple[int, int]] = {}
    for one in rows:
        sums[one.merchant_id] = (sums.get(one.merchant_id, (0, 0))[0] + one.points, one.pk)
    least = terms.steps[0].reached
    period = at.astimezone(selectors.zone()).date().replace(day=1)
    return [
        Hit(merchant, at, period, ((POINTS, str(newest)),), {"points": points}, points)
        for merchant, (points, newest) in sums.items()
        if points >= least
    ]


def step_of_points(terms: Terms, points: int) -> int:
    return max(number for number, step in enumerate(terms.steps, 1) if step.reached <= points)


def _planned(version: ConsequenceVersion, terms: Terms, hits: Iterable[Hit], now: datetime) -> list[Plan]:
    """The step of each hit by what came before it; facts from which something followed already are left out."""
    listed = _open(list(hits), version.rule_id)
    earlier: dict[int, list[MerchantMeasure]] = {}
    for one in (
        _ladder(version.rule_id)
        .filter(merchant__in=[hit.merchant_id for hit in listed])
        .order_by("proposed_at", "pk")
    ):
        earlier.setdefault(one.merchant_id, []).append(one)
    found = []
    for hit in listed:
        mine = earlier.get(hit.merchant_id, [])
        if terms.trigger == Trigger.POINTS:
            number = step_of_points(terms, hit.bad)
            acting = [one for one in mine if one.ends_at is None or one.ends_at > now]
            if not any(one.step >= number and one.ended_at is None for one in acting):
                found.append(Plan(version, terms, hit, number))
            continue
        recent = [one for one in mine if one.proposed_at > now - terms.remember * DAY]
        last = recent[-1] if recent else None
        number = min(last.step + 1, len(terms.steps)) if last is not None else 1
        found.append(Plan(version, terms, hit, number, last))
    return found


def stands(plan: Plan, now: datetime) -> bool:
    """Whether the plan is what follows still: its facts are free, and no other step of its rule came between."""
    again = [(one.number, one.rests_on) for one in _planned(plan.version, plan.terms, [plan.hit], now)]
    breaches = {key for kind, key in plan.hit.facts if kind == BREACH}
    since, who = plan.hit.at - plan.terms.days * DAY, plan.hit.merchant_id
    free = not breaches & charged_breaches(since, merchants=[who]) and not _answered_meanwhile(plan)
    return free and again == [(plan.number, plan.rests_on)]


def _answered_meanwhile(plan: Plan) -> bool:
    """Whether something followed since from its clocks or days: from a figure of them, or from breaches one by one."""
    hit, metric = plan.hit, plan.terms.metric
    if hit.since is None:
        return False
    if plan.terms.trigger == Trigger.BREACHES:
        clocks = [int(key) for kind, key in hit.facts if kind == BREACH]
        return bool(figured(clocks, [hit.merchant_id], hit.since))
    if plan.terms.trigger in (Trigger.GRADE, Trigger.SCORE):
        return _by_score(plan.terms, hit.period, of=[hit.merchant_id]) != [hit]
    if plan.terms.trigger != Trigger.METRIC or metric is None:
        return False
    covered = _covered(plan.version, plan.terms, hit.period, [hit.merchant_id])
    if covered.get(hit.merchant_id, date.min) >= hit.since:
        return True
    spent = answered(metric.code, hit.since, hit.until, merchants=[hit.merchant_id])
    return len(spent.get(hit.merchant_id, ())) != hit.figures.get("answered", 0)


def _open(hits: Sequence[Hit], rule: int) -> list[Hit]:
    """Without what something stands for, and what this rule judged wrongly: another one may judge that anew."""
    rests = Q(freed_at=None) | Q(measure__rule=rule, measure__fell_by=Fallen.CONSEQUENCE)
    taken = {
        (merchant, kind, key)
        for merchant, kind, key in MeasureFact.objects.filter(
            rests, merchant_id__in=[one.merchant_id for one in hits]
        ).values_list("merchant_id", "kind", "key")
    } | charged([(one.merchant_id, one.period) for one in hits], FIGURE, MONTH)
    shops = Merchant.objects.filter(pk__in={one.merchant_id for one in hits})
    standing = set(shops.exclude(state__in=sorted(TERMINAL)).values_list("pk", flat=True))
    return [
        one
        for one in hits
        if one.merchant_id in standing and not any((one.merchant_id, *fact) in taken for fact in one.facts)
    ]
