"""Scores of a day: whose figures, over which windows, beside which peers. The same rows give the same digits.

A past day is counted anew from the figures of the days up to it, by whichever version one names. Figures may still be
corrected after the day; what was counted for a month stands unchanged in its snapshot, with all it was counted from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.models import Team, User
from accounts.states import STAFF_ROLES
from aftersales.core.rulebook import RuleState
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TERMINAL
from aftersales.scorecards.metrics import Metric
from aftersales.scorecards.models import Formula, FormulaVersion, Neutral, Rollup
from aftersales.scorecards.scores import rules
from aftersales.scorecards.scores.rules import Counted, Prior, Score
from aftersales.scorecards.scores.terms import Item, Terms, read
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import selectors as rule_book

Sums = Mapping[str, Sequence[Counted]]
ANNOUNCED = {
    SubjectKind.MERCHANT: "incentive_announce_days_merchant",
    SubjectKind.PERSON: "incentive_announce_days_staff",
    SubjectKind.TEAM: "incentive_announce_days_staff",
}
"""The rule book's time of notice, by whom a formula judges."""


class Timed(Protocol):
    """A metric, and for one of times how many seconds of a single one are good."""

    @property
    def metric(self) -> Metric: ...
    @property
    def within(self) -> int: ...


class Wanted(Protocol):
    """Which figures over which windows: the terms of a formula, or those of a rule that hangs on a figure."""

    @property
    def windows(self) -> tuple[int, ...]: ...
    @property
    def codes(self) -> list[str]: ...
    @property
    def items(self) -> Sequence[Timed]: ...


@dataclass(frozen=True)
class Subject:
    """Who is scored, among whom."""

    pk: int
    name: str
    category: str = ""


@dataclass(frozen=True)
class Result:
    """A subject's score, and its place: of a hundred peers ``below`` have less."""

    subject: Subject
    score: Score
    below: int | None
    peers: int


def zone() -> ZoneInfo:
    """The zone whose days are counted."""
    return ZoneInfo(rule_book.market_default().zone)


def last_day(terms: Terms, now: datetime) -> date:
    """The last day whose figures have settled."""
    return now.astimezone(zone()).date() - timedelta(days=1 + terms.lag)


def ends(day: date) -> datetime:
    """The first moment after a day."""
    return datetime.combine(day + timedelta(days=1), time.min, zone())


def announced_until(rows: Sequence[FormulaVersion], now: datetime) -> dict[int, datetime]:
    """Fact: before which moment a version announced now cannot come into force."""
    return {
        row.pk: now + rule_book.duration(ANNOUNCED[SubjectKind(row.formula.subject_kind)], now)
        for row in rows
    }


def earliest(version: FormulaVersion, now: datetime) -> datetime:
    """The beginning of the first whole day after the time of notice."""
    notice = announced_until([version], now)[version.pk].astimezone(zone())
    begin = datetime.combine(notice.date(), time.min, zone())
    return begin if begin >= notice else ends(notice.date())


def in_force(formula: Formula, day: date) -> FormulaVersion | None:
    """The version by which a day is judged: the one in force when the day began."""
    rows = FormulaVersion.objects.filter(formula=formula).in_force(datetime.combine(day, time.min, zone()))
    return rows.select_related("formula").order_by("-number").first()


def judging(kind: SubjectKind, day: date) -> Formula | None:
    """The formula by which a day was judged: the first by code of which a version was in force; before there was one,
    that which judges now.
    """
    rows = FormulaVersion.objects.filter(formula__subject_kind=kind)
    found = rows.in_force(datetime.combine(day, time.min, zone())).select_related("formula")
    version = found.order_by("formula__code").first()
    formula: Formula | None = Formula.objects.judging(kind).first() if version is None else version.formula
    return formula


def counting(formula: Formula, day: date) -> tuple[FormulaVersion | None, bool]:
    """The version by which a day is shown, and whether it counts: before the first one is in force, one sees by the
    announced one how it would be.
    """
    if (found := in_force(formula, day)) is not None:
        return found, True
    rows = FormulaVersion.objects.filter(formula=formula, state=RuleState.ACTIVE, valid_from__gt=ends(day))
    return rows.select_related("formula").order_by("valid_from", "number").first(), False


def terms_of(version: FormulaVersion) -> Terms:
    """What a version is counted with. Raises those of ``terms.read``."""
    return read(version.terms, version.formula.subject_kind)


def subjects(kind: SubjectKind, at: datetime) -> list[Subject]:
    """Everybody who is scored, by key: merchants and their main category as of a moment, active people of the
    department, teams.
    """
    if kind == SubjectKind.MERCHANT:
        return _shops(at)
    if kind == SubjectKind.PERSON:
        people = User.objects.active().with_role(*STAFF_ROLES).order_by("pk")
        return [Subject(one.pk, str(one)) for one in people]
    return [Subject(one.pk, one.name) for one in Team.objects.filter(active_to=None).order_by("pk")]


def _shops(at: datetime) -> list[Subject]:
    """By their history, so that who left or changed since changes nothing of a past day; one statement.

    Of a shop whose history begins later the first that is known of it counts, unless it was admitted after the moment.
    """
    history = Merchant.history.model._meta.db_table
    sql = f"""
        WITH told AS (
            SELECT DISTINCT ON (h.id) h.id, h.state, h.main_category, h.history_date <= %(at)s AS known
              FROM {history} h
             ORDER BY h.id, h.history_date > %(at)s,
                      CASE WHEN h.history_date <= %(at)s THEN h.history_date END DESC, h.history_date,
                      CASE WHEN h.history_date <= %(at)s THEN -h.history_id ELSE h.history_id END)
        SELECT m.id, m.name, coalesce(told.main_category, m.main_category)
          FROM {Merchant._meta.db_table} m LEFT JOIN told ON told.id = m.id
         WHERE coalesce(told.state, m.state) <> ALL(%(gone)s)
           AND (told.known OR m.opened_at IS NULL OR m.opened_at <= %(at)s)
         ORDER BY m.id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"at": at, "gone": sorted(TERMINAL)})
        return [Subject(*row) for row in cursor.fetchall()]


def sums(terms: Wanted, kind: SubjectKind, until: date, *, whose: int | None = None) -> dict[int, Sums]:
    """By subject and metric the figures of each window that ends with ``until``; one statement."""
    spans = [(until - timedelta(days=days), until) for days in terms.windows]
    return {pk: _whole(terms, mine) for pk, mine in sums_of(terms, kind, spans, whose=whose).items()}


def sums_of(
    terms: Wanted, kind: SubjectKind, spans: Sequence[tuple[date, date]], *, whose: int | None = None
) -> dict[int, dict[str, Sequence[Counted]]]:
    """By subject and metric the figures of spans of days, each from the day after its first one; one statement."""
    params: dict[str, Any] = {"kind": kind.value, "codes": terms.codes, "whose": whose}
    columns = []
    for place, (after, until) in enumerate(spans):
        params |= {f"after_{place}": after, f"until_{place}": until}
        of_span = f"FILTER (WHERE r.day > %(after_{place})s AND r.day <= %(until_{place})s)"
        columns += [f"coalesce(sum({part}) {of_span}, 0)::bigint" for part in (_good(terms, params), "r.den")]
    params |= {"first": min(after for after, _until in spans), "last": max(until for _after, until in spans)}
    one = "" if whose is None else "AND r.subject_id = %(whose)s"
    sql = f"""
        SELECT r.subject_id, r.metric, {", ".join(columns)} FROM {Rollup._meta.db_table} r
         WHERE r.subject_kind = %(kind)s AND r.metric = ANY(%(codes)s) AND r.day <= %(last)s
           AND r.day > %(first)s {one} {_counting_still(kind)} GROUP BY 1, 2
    """
    lengths = [(until - after).days for after, until in spans]
    found: dict[int, dict[str, Sequence[Counted]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for pk, code, *numbers in cursor.fetchall():
            pairs = zip(numbers[::2], numbers[1::2], lengths, strict=True)
            found.setdefault(pk, {})[code] = tuple(Counted(*one) for one in pairs)
    return found


def _counting_still(kind: SubjectKind) -> str:
    """Without days that count no more, because a measure that rested on them was overturned."""
    if kind != SubjectKind.MERCHANT:
        return ""
    return f"""
           AND NOT EXISTS (SELECT FROM {Neutral._meta.db_table} n WHERE n.merchant_id = r.subject_id
                              AND n.metric = r.metric AND r.day BETWEEN n.since AND n.until)
    """


def _good(terms: Wanted, params: dict[str, Any]) -> str:
    """The numerator; of times, how many were short enough."""
    cases = []
    for number, item in enumerate(one for one in terms.items if one.within):
        params |= {f"code_{number}": item.metric.code, f"within_{number}": item.within}
        cases.append(
            f"WHEN r.metric = %(code_{number})s THEN "
            f"(SELECT count(*) FROM unnest(r.samples) v WHERE v <= %(within_{number})s)"
        )
    return f"CASE {' '.join(cases)} ELSE r.num END" if cases else "r.num"


def _whole(terms: Wanted, mine: Mapping[str, Sequence[Counted]]) -> Sums:
    """With zeros where nothing was counted."""
    nothing = tuple(Counted(0, 0, days) for days in terms.windows)
    return {code: mine.get(code, nothing) for code in terms.codes}


def scores(
    version: FormulaVersion, until: date, *, only: int | None = None, at: datetime | None = None
) -> list[Result]:
    """What a version says of everybody by the days up to ``until``; ``only``: of one, without its place among peers.

    ``at``: as of when one looks who is scored, and in which category; without it, when the last day ended.

    Two statements, whatever the number. Raises those of ``terms.read``.
    """
    terms, kind = terms_of(version), SubjectKind(version.formula.subject_kind)
    listed, counted = subjects(kind, at or ends(until)), sums(terms, kind, until)
    if (
        kind != SubjectKind.MERCHANT
    ):  # finance answers no ticket: who has no figure of these is not scored by them
        listed = [one for one in listed if one.pk in counted]
    nobody = _whole(terms, {})
    priors = _priors(terms, listed, counted)
    found = [
        (one, rules.scored(terms, one.category, counted.get(one.pk, nobody), priors[one.category]))
        for one in listed
        if only is None or one.pk == only
    ]
    return (
        [Result(one, score, None, 0) for one, score in found] if only is not None else _placed(terms, found)
    )


def _placed(terms: Terms, found: Sequence[tuple[Subject, Score]]) -> list[Result]:
    """Beside those of the same category; where they are too few, beside all."""
    everybody = [score.score for _one, score in found if score.enough]
    by_category: dict[str, list[Decimal]] = {}
    for one, score in found:
        if score.enough:
            by_category.setdefault(one.category, []).append(score.score)
    places: dict[tuple[int, Decimal], int] = {}
    results = []
    for one, score in found:
        mine = by_category.get(one.category, [])
        peers = mine if len(mine) >= terms.peers else everybody
        key = (id(peers), score.score)
        if score.enough and key not in places:
            places[key] = rules.percentile(score.score, peers)
        has_place = score.enough and len(peers) > 1
        others = len(peers) - 1
        results.append(Result(one, score, places[key] if has_place else None, others if has_place else 0))
    return results


def _priors(
    terms: Terms, listed: Iterable[Subject], counted: Mapping[int, Sums]
) -> Mapping[str, Mapping[str, Prior]]:
    """By category and metric what one expects of anybody: fitted to those with enough cases (C4)."""
    categories = {one.category for one in listed}
    found: dict[str, dict[str, Prior]] = {category: {} for category in categories}
    for item in terms.items:
        by_category: dict[str, list[tuple[int, int]]] = {category: [] for category in categories}
        everybody: list[tuple[int, int]] = []
        for one in listed:
            if one.pk in counted:
                mine = rules.chosen(counted[one.pk][item.metric.code], item.least)
                if mine.cases >= item.least:
                    row = (rules.bad_of(item, mine), mine.cases)
                    by_category[one.category].append(row)
                    everybody.append(row)
        of_all = _fitted(terms, item, everybody) or Prior(item.bad_limit, terms.strength, len(everybody))
        for category, rows in by_category.items():
            found[category][item.metric.code] = _fitted(terms, item, rows) or of_all
    return found


def _fitted(terms: Terms, item: Item, rows: Sequence[tuple[int, int]]) -> Prior | None:
    return rules.fitted(rows, terms.strongest) if len(rows) >= terms.peers else None
