"""Obligations by week: merchants by weeks, or the promises of one merchant by weeks; each cell with its count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from aftersales.clocks.models import Clock
from aftersales.core.posted import day_of, whole
from aftersales.merchants.models import Merchant
from aftersales.scorecards import trends
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.scores.selectors import zone
from aftersales.scorecards.selectors import overturned
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.states import Promise

CODE = "obligations_kept"
PAGE = 40
STEPS = (1.0, 0.95, 0.85, 0.7)
"""Shares of kept obligations between the shades: all kept, nearly all, and so on; the last shade is below them all."""


@dataclass(frozen=True)
class Cell:
    """Kept of those that ended in a week. ``shade``: 0 all kept … 4 most broken."""

    week: date | None
    kept: int
    total: int

    @property
    def share(self) -> float:
        return self.kept / self.total if self.total else 0.0

    @property
    def broken(self) -> int:
        return self.total - self.kept

    @property
    def shade(self) -> int:
        return next((place for place, least in enumerate(STEPS) if self.share >= least), len(STEPS))


@dataclass(frozen=True)
class Row:
    """One line of the map: a merchant or a promise, its weeks (None: nothing ended), and all of them together."""

    merchant: Merchant | None
    promise: str
    words: str
    cells: list[Cell | None]
    whole: Cell


@dataclass(frozen=True)
class Wanted:
    """``last``: a day of the last week; ``after``: broken ones and key of the last merchant one has."""

    last: date
    category: str = ""
    manager: int | None = None
    words: str = ""
    after: tuple[int, int] | None = None
    week: date | None = None
    promise: str = ""

    @property
    def weeks(self) -> list[date]:
        return trends.weeks(self.last)

    @property
    def until(self) -> date:
        return self.weeks[-1] + timedelta(days=6)


def wanted(given: Mapping[str, str], now: datetime) -> Wanted:
    """What a person asked for; what is none is left out."""
    today = now.astimezone(zone()).date()
    last = day_of(given.get("last")) or today
    broken, _sep, key = given.get("after", "").partition("_")
    after = (whole(broken), whole(key))
    week, promise = day_of(given.get("week")), given.get("promise", "")
    return Wanted(
        min(last, today), given.get("category", "").replace("\x00", "")[:80], whole(given.get("manager")),
        given.get("q", "").replace("\x00", "").strip()[:80],
        (after[0], after[1]) if after[0] is not None and after[1] is not None else None,
        trends.monday(week) if week is not None else None, promise if promise in Promise.values else "",
    )  # fmt: skip


def of_merchants(user: Any, asked: Wanted, limit: int = PAGE) -> tuple[list[Row], str]:
    """Most broken first, and where the next page begins. Three statements, whatever the number of merchants."""
    weeks = asked.weeks
    summed = (
        _shops(_rows(user), asked)
        .filter(day__gte=weeks[0], day__lte=asked.until)
        .values("subject_id")
        .annotate(kept=Sum("num"), ended=Sum("den"))
        .annotate(broken=F("ended") - F("kept"))
        .filter(ended__gt=0)
    )
    if asked.after is not None:
        broken, key = asked.after
        summed = summed.filter(Q(broken__lt=broken) | Q(broken=broken, subject_id__gt=key))
    listed = list(summed.order_by("-broken", "subject_id")[: limit + 1])
    page = listed[:limit]
    keys = [one["subject_id"] for one in page]
    course = trends.by_week(
        _rows(user).filter(subject_id__in=keys), SubjectKind.MERCHANT, CODE, weeks[0], asked.until
    )
    shops = Merchant.objects.in_bulk(keys)
    rows = [
        Row(shops[key], "", shops[key].name, _cells(course.get(trends.Of(CODE, key), {}), weeks),
            Cell(None, one["kept"], one["ended"]))
        for one in page if (key := one["subject_id"]) in shops
    ]  # fmt: skip
    more = f"{page[-1]['broken']}_{page[-1]['subject_id']}" if len(listed) > limit else ""
    return rows, more


def of_merchant(user: Any, shop: Merchant, asked: Wanted) -> tuple[list[Row], Row]:
    """The promises of one merchant, most broken first, and all together. One statement."""
    weeks = asked.weeks
    course = trends.by_week(
        _rows(user).filter(subject_id=shop.pk), SubjectKind.MERCHANT, CODE, weeks[0], asked.until, apart=True
    )
    words = dict(Promise.choices)
    rows = [
        Row(None, of.category, str(words.get(of.category, of.category)), _cells(spans, weeks), _whole(spans))
        for of, spans in course.items()
    ]  # fmt: skip
    rows.sort(key=lambda one: (-one.whole.broken, -one.whole.total, one.words))
    together: dict[date, tuple[int, int]] = {}
    for spans in course.values():
        for week, (num, den) in spans.items():
            before = together.get(week, (0, 0))
            together[week] = (before[0] + num, before[1] + den)
    return rows, Row(shop, "", shop.name, _cells(together, weeks), _whole(together))


def moments(week: date) -> tuple[datetime, datetime]:
    """When a week begins and ends in the market's zone."""
    begin = datetime.combine(week, time.min, zone())
    return begin, datetime.combine(week + timedelta(days=7), time.min, zone())


def _rows(user: Any) -> QuerySet[Rollup]:
    """Without days that count no more since a measure was overturned, as the score leaves them out."""
    rows: QuerySet[Rollup] = Rollup.objects.visible_to(user).counting_still()
    return rows.filter(metric=CODE, subject_kind=SubjectKind.MERCHANT)


def neutral(shop: Merchant, clocks: Sequence[Clock]) -> Mapping[int, str]:
    """Clocks that fell to such a day, by key, with the number of the measure that was overturned; one statement."""
    fell = {
        one.pk: moment.astimezone(zone()).date()
        for one in clocks
        if (moment := one.breached_at or one.met_at)
    }
    if not fell:
        return {}
    out = overturned(SubjectKind.MERCHANT, CODE, shop.pk, min(fell.values()), max(fell.values()))
    return {
        pk: one.measure.number for pk, day in fell.items() for one in reversed(out) if one.since <= day <= one.until
    }  # fmt: skip


def _shops(rows: QuerySet[Rollup], asked: Wanted) -> QuerySet[Rollup]:
    shops = Merchant.objects.all()
    if asked.category:
        shops = shops.filter(main_category=asked.category)
    if asked.manager:
        shops = shops.filter(manager_id=asked.manager)
    if asked.words:
        shops = shops.called(asked.words)
    if not (asked.category or asked.manager or asked.words):
        return rows
    return rows.filter(subject_id__in=shops.order_by().values("pk"))


def _cells(spans: Mapping[date, tuple[int, int]], weeks: Sequence[date]) -> list[Cell | None]:
    return [Cell(week, *spans[week]) if week in spans and spans[week][1] else None for week in weeks]


def _whole(spans: Mapping[date, tuple[int, int]]) -> Cell:
    return Cell(None, sum(one[0] for one in spans.values()), sum(one[1] for one in spans.values()))
