"""Figures of a span of days, and the very rows behind each of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import compress, repeat
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.core.errors import NotPermitted, Text
from aftersales.scorecards.metrics import Metric, metric, of_kind, struck
from aftersales.scorecards.metrics.counting import Facts, facts, wide
from aftersales.scorecards.metrics.handed import DISPATCH, Handed, handed
from aftersales.scorecards.metrics.promised import Promised
from aftersales.scorecards.models import Neutral, Rollup, Standing, Touched
from aftersales.scorecards.querysets import PEOPLE, led_people, led_teams
from aftersales.scorecards.states import NAMED, TRADE, Direction, SubjectKind, Unit, Way
from aftersales.standards import selectors as rule_book

PAGE = 50
MOST_DAYS = 3660
SUBJECT = ("subject_id", "subject_name")
OVERTURNED = "overturned"
ORDER = "orders.order"


@dataclass(frozen=True)
class Figure:
    """One metric of one subject over a span. ``category`` is the currency of money, else empty.

    ``value``: a share of 1, a mean in the metric's unit, or what was counted; None where nothing was counted.
    ``median`` and ``p90`` are seconds, taken of the single times and exact for any span.
    """

    metric: Metric
    kind: SubjectKind
    subject_id: int
    subject_name: str
    category: str
    num: int
    den: int
    median: Decimal | None = None
    p90: Decimal | None = None

    @property
    def value(self) -> Decimal | None:
        if self.metric.way in (Way.COUNT, Way.STOCK):
            return Decimal(self.num)
        return Decimal(self.num) / self.den if self.den else None


@dataclass(frozen=True)
class Item:
    """One row behind a figure: what it is, when it counted, what it added, and why it was left out."""

    kind: str
    id: int
    at: datetime
    day: date
    num: int
    den: int
    seconds: int | None
    excluded: str
    reason: Text
    timed: Handed | Promised | None = None

    @property
    def took(self) -> str:
        """How long it took, or between what and what; empty where the figure knows no time."""
        if self.timed is not None:
            return self.timed.words
        return wording.duration(self.seconds) if self.seconds is not None else ""


MOST_WAITING = 1_000
_STATE = f"""
    SELECT NOT EXISTS (SELECT FROM {Rollup._meta.db_table}),
           (SELECT count(*) FROM (SELECT FROM {Touched._meta.db_table} LIMIT {MOST_WAITING + 1}) t),
           (SELECT max(at) FROM {Standing._meta.db_table})
"""


@dataclass(frozen=True)
class Counting:
    """How far the figures are behind: none yet; so many changed rows wait (at most one more than ``MOST_WAITING``)."""

    nothing_yet: bool
    waiting: int
    scored_at: datetime | None


def still_counting() -> Counting:
    """One statement, whatever there is; it tells of nobody's rows."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        return Counting(*cursor.fetchone())


def may_see(user: Any, kind: str, subject_id: int) -> bool:
    """The same as ``Rollup.objects.visible_to``, for a subject that may have no figures yet."""
    if not (user and user.is_active):
        return False
    if kind in TRADE:
        return bool(user.has_perm("scorecards.view_merchants"))
    if kind in PEOPLE and user.has_perm("scorecards.view_people"):
        return True
    if not user.has_perm("scorecards.view_own"):
        return False
    if kind == SubjectKind.PERSON:
        return subject_id == user.pk or led_people(user).filter(person=subject_id).exists()
    return kind == SubjectKind.TEAM and led_teams(user).filter(pk=subject_id).exists()


def figures(
    rows: QuerySet[Rollup], kind: SubjectKind, since: date, until: date, *, codes: Iterable[str] = ()
) -> list[Figure]:
    """All figures of these roll-ups over the days from ``since`` to ``until``, both counted; three statements at most.

    ``rows``: scoped by ``visible_to`` and narrowed to whom one asks for. Raises ``unknown_metric``.
    """
    chosen = {one.code: one for one in ([metric(code) for code in codes] or of_kind(kind))}
    mine = rows.filter(subject_kind=kind, metric__in=list(chosen))
    stocks = [code for code, one in chosen.items() if one.way is Way.STOCK]
    summed = _summed(mine.exclude(metric__in=stocks).filter(day__gte=since, day__lte=until))
    if stocks:
        summed += _summed(mine.filter(metric__in=stocks, day__lte=until))
    middles = _middles(mine.filter(day__gte=since, day__lte=until, samples__isnull=False))
    merged: dict[tuple[str, int, str, str], tuple[int, int]] = {}
    for code, subject, name, category, num, den in summed:
        key = (code, subject, name, category if chosen[code].unit == Unit.MONEY else "")
        before = merged.get(key, (0, 0))
        merged[key] = (before[0] + num, before[1] + den)
    order = {code: place for place, code in enumerate(chosen)}
    return [
        Figure(chosen[code], kind, subject, name, category, num, den, *middles.get((code, subject, name), (None, None)))
        for (code, subject, name, category), (num, den) in sorted(
            merged.items(), key=lambda one: (*one[0][1:3], order[one[0][0]], one[0][3])
        )
    ]  # fmt: skip


def _summed(rows: QuerySet[Rollup]) -> list[tuple[Any, ...]]:
    keys = ("metric", *SUBJECT, "category")
    return list(rows.values_list(*keys).annotate(Sum("num"), Sum("den")).order_by())


def _middles(rows: QuerySet[Rollup]) -> Mapping[tuple[str, int, str], tuple[Decimal, Decimal]]:
    """Median and 90th percentile of the single times, per metric and subject."""
    sql, params = rows.order_by().values("metric", *SUBJECT, "samples").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.metric, q.subject_id, q.subject_name, "
            "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY v) "
            f"FROM ({sql}) q CROSS JOIN LATERAL unnest(q.samples) v GROUP BY 1, 2, 3",
            params,
        )
        return {
            (code, subject, name): (_seconds(middle), _seconds(high))
            for code, subject, name, (middle, high) in cursor.fetchall()
        }


def cold(
    kind: SubjectKind, since: date, until: date, codes: Iterable[str]
) -> Mapping[tuple[str, int, str], tuple[int, int]]:
    """(metric, key, name) → numerator and denominator, straight from the rows: what roll-ups say, without them.

    For everybody at once and whatever nobody rolled up yet; the caller sees to whom it is shown. Raises
    ``unknown_metric``, and ``ValueError`` for a span of no or too many days.
    """
    found: dict[tuple[str, int, str], tuple[int, int]] = {}
    seen: set[str] = set()
    with rule_book.one_edition(), connection.cursor() as cursor:
        for listed, statement in wide([metric(code) for code in codes], kind, days=days_of(since, until)):
            cursor.execute(statement.sql, statement.params)
            rows = cursor.fetchall()
            if not rows:
                continue
            subjects, names, *sums = zip(*rows, strict=True)
            for place, code in enumerate(listed):
                num, den = sums[2 * place : 2 * place + 2]
                keyed = zip(zip(repeat(code), subjects, names), zip(num, den, strict=True), strict=False)
                mine = compress(keyed, map(or_, num, den))
                if code not in seen:
                    seen.add(code)
                    found.update(mine)
                    continue
                for key, (more, of) in mine:
                    before = found.get(key, (0, 0))
                    found[key] = (before[0] + more, before[1] + of)
    return found


def _seconds(value: float) -> Decimal:
    """Between two whole seconds lies at most a tenth of one; what is finer is the computer's own."""
    return Decimal(str(round(value, 3)))


def items(
    *, user: Any, code: str, kind: SubjectKind, subject: int | str, since: date, until: date,
    after: tuple[datetime, int] | None = None, page: int = PAGE,
) -> list[Item]:  # fmt: skip
    """The rows behind a figure, the excluded ones with their reason, oldest first; one statement and two for the right.

    ``subject``: the key, or the name of a carrier, workshop or vendor. ``after``: moment and key of the last row
    one has. Raises ``NotPermitted``, ``unknown_metric``, and ``ValueError`` for a span of no or too many days.
    """
    if not may_see(user, kind, 0 if kind in NAMED else int(subject)):
        raise NotPermitted()
    return rows_behind(
        code=code, kind=kind, subject=subject, since=since, until=until, after=after, page=page
    )


def rows_behind(
    *, code: str, kind: SubjectKind, subject: int | str, since: date, until: date, which: str = "", within: int = 0,
    after: tuple[datetime, int] | None = None, page: int = PAGE, known: datetime | None = None, category: str = "",
) -> list[Item]:  # fmt: skip
    """The same for a caller that has seen to the right already: a score of the subject was shown to this person.

    Days on which the figure counts no more, because a measure that rested on it was overturned, are left out of the
    score and so marked here; those of which nothing was ``known`` yet when the score was counted are not.
    ``which``: ``bad`` for those that were not as they should be (of times: longer than ``within`` seconds),
    ``excluded`` for those that did not count; all without it. ``category``: only those of it.
    """
    one = metric(code)
    out = overturned(kind, code, subject, since, until, known)
    found = _marked(facts(one, kind, days=days_of(since, until), whose=subject), out)
    with connection.cursor() as cursor:
        cursor.execute(*_paged(found, after, page, _which(one, which, within), category))
        rows = cursor.fetchall()
    by_disaster = {struck.code_of(place) for place in one.excused_at}
    orders = [row[1] for row in rows if row[7] in by_disaster and row[0] == ORDER]
    names = struck.names(orders) if orders else {}
    found_at = handed([row[1] for row in rows if row[0] == ORDER], subject) if code == DISPATCH else {}
    return [_item(one, row, out, names, found_at.get(row[1])) for row in rows]


def overturned(
    kind: SubjectKind, code: str, subject: int | str, since: date, until: date, known: datetime | None = None
) -> list[Neutral]:
    """Spans of days on which a figure of a merchant counts no more, each with the measure that was overturned."""
    if kind != SubjectKind.MERCHANT:
        return []
    rows = Neutral.objects.filter(merchant_id=subject, metric=code, since__lte=until, until__gte=since)
    rows = rows.filter(at__lte=known) if known is not None else rows
    return list(rows.select_related("measure").order_by("pk"))


def _marked(found: Facts, out: Sequence[Neutral]) -> Facts:
    """Rows of days that count no more are left out; whoever was left out anyway keeps the reason of his own."""
    if not out:
        return found
    spans, params = [], dict(found.params)
    for place, one in enumerate(out):
        params |= {f"neutral_{place}": one.since, f"neutral_end_{place}": one.until}
        spans.append(f"n.day BETWEEN %(neutral_{place})s AND %(neutral_end_{place})s")
    sql = f"""SELECT n.item_kind, n.item, n.at, n.day, n.category, n.num, n.den, n.seconds, n.due, n.done,
                     coalesce(n.excluded, CASE WHEN {" OR ".join(spans)} THEN '{OVERTURNED}' END) AS excluded
                FROM ({found.sql}) n"""
    return replace(found, sql=sql, params=params)


def _which(one: Metric, which: str, within: int) -> str:
    if which == "excluded":
        return "f.excluded IS NOT NULL"
    if which != "bad":
        return ""
    if within:
        wrong = f"f.seconds > {int(within)}"
    else:
        wrong = "f.num < f.den" if one.direction == Direction.HIGHER else "f.num > 0"
    return f"f.excluded IS NULL AND {wrong}"


def _paged(
    found: Facts, after: tuple[datetime, int] | None, page: int, which: str = "", category: str = ""
) -> tuple[str, Mapping[str, Any]]:
    wanted = [which] if which else []
    params = dict(found.params) | {"page": page}
    if after:
        wanted.append("(f.at, f.item) > (%(after_at)s, %(after_item)s)")
        params |= {"after_at": after[0], "after_item": after[1]}
    if category:
        wanted.append("f.category = %(category)s")
        params["category"] = category
    past = f"WHERE {' AND '.join(wanted)}" if wanted else ""
    sql = f"""
        SELECT f.item_kind, f.item, f.at, f.day, f.num, f.den, f.seconds, f.excluded, f.due, f.done
          FROM ({found.sql}) f {past}
         ORDER BY f.at, f.item LIMIT %(page)s
    """
    return sql, params


def _item(
    one: Metric, row: Sequence[Any], out: Sequence[Neutral] = (), names: Mapping[tuple[int, str], str] | None = None,
    parcel: Handed | None = None,
) -> Item:  # fmt: skip
    kind, pk, at, day, num, den, seconds, excluded, due, done = row
    timed = parcel if due is None else Promised(one.code, due, done)
    reason: Text = one.exclusions.get(excluded, "") or (timed.missed if timed is not None else "")
    if name := (names or {}).get((pk, excluded)):
        reason = _("%(reason)s (%(name)s)") % {"reason": reason, "name": name}
    if excluded == OVERTURNED:
        number = next(found.measure.number for found in out if found.since <= day <= found.until)
        reason = _("Left out: measure %(number)s, which rested on it, was overturned.") % {"number": number}
    return Item(kind, pk, at, day, num, den, seconds, excluded or "", reason, timed)


def days_of(since: date, until: date) -> list[date]:
    """Both with it. Raises ``ValueError`` for a span of no or too many days."""
    days = (until - since).days + 1
    if not 0 < days <= MOST_DAYS:
        raise ValueError(f"{since} to {until} is no span of 1 to {MOST_DAYS} days")
    return [since + timedelta(days=place) for place in range(days)]
