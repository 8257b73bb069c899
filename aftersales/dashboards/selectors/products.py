"""Quality of products: how often there are problems, by what one can be sure of; one product with what is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from aftersales.core.posted import whole
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Category, OrderLine, Product
from aftersales.scorecards import causes, trends
from aftersales.scorecards.figurepages import Z
from aftersales.scorecards.metrics import Metric, metric
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.scores.selectors import zone
from aftersales.scorecards.selectors import Figure, figures
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.selectors import parameter

PAGE = 50
SPANS = (30, 90, 365)
VOLUME = "orders"
RATES = ("problem_rate", "quality_return_rate", "low_rating_share", "repeat_problems")
"""All of them are better the lower, so what one can be sure of is the lower bound."""
TREND = (*RATES, "return_rate", "complaint_rate", "mean_score", "orders")
FLOOR = "product_figures_floor"


@dataclass(frozen=True)
class Wanted:
    """``few``: those with fewer orders than are compared. ``page``: from 1."""

    days: int = 90
    category: str = ""
    shop: str = ""
    words: str = ""
    sort: str = RATES[0]
    few: bool = False
    page: int = 1

    @property
    def query(self) -> dict[str, str]:
        found = {
            "days": "" if self.days == SPANS[1] else str(self.days), "category": self.category, "shop": self.shop,
            "q": self.words, "sort": "" if self.sort == RATES[0] else self.sort, "few": "1" if self.few else "",
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}

    @property
    def narrowed(self) -> bool:
        return bool(self.category or self.shop or self.words)


@dataclass(frozen=True)
class Line:
    """One product: key, names, and the figures of the volume and of each rate."""

    pk: int
    public_id: str
    code: str
    name: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Span:
    since: date
    until: date


def wanted(given: Mapping[str, str]) -> Wanted:
    """What a person asked for; what is none is left out."""
    days, page = whole(given.get("days")), whole(given.get("page"))
    sort = given.get("sort", "")
    return Wanted(
        days if days in SPANS else SPANS[1], _plain(given, "category"), _plain(given, "shop"), _plain(given, "q"),
        sort if sort in (*RATES, VOLUME) else RATES[0], bool(given.get("few")),
        page if page is not None and 0 < page <= 200 else 1,
    )  # fmt: skip


def _plain(given: Mapping[str, str], name: str) -> str:
    return given.get(name, "").replace("\x00", "").strip()[:80]


def span(days: int, now: datetime) -> Span:
    """The last so many days, today with them, in the market's zone."""
    until = now.astimezone(zone()).date()
    return Span(until - timedelta(days=days - 1), until)


def floor_of(now: datetime) -> int:
    return int(parameter(FLOOR, now))


def rollups(user: Any) -> QuerySet[Rollup]:
    rows: QuerySet[Rollup] = Rollup.objects.visible_to(user).filter(subject_kind=SubjectKind.PRODUCT)
    return rows


def listed(user: Any, asked: Wanted, of: Span, floor: int, limit: int = PAGE) -> list[Line]:
    """A page of products, the surest problems first; one more than ``limit`` says that there is a next page.

    One statement, whatever the number.
    """
    codes = (VOLUME, *RATES)
    rows = _narrowed(rollups(user), asked).filter(metric__in=codes, day__gte=of.since, day__lte=of.until)
    inner, params = rows.order_by().values("subject_id", "metric", "num", "den").query.sql_with_params()
    sums = ", ".join(
        f"coalesce(sum(r.num) FILTER (WHERE r.metric = '{code}'), 0)::bigint AS {code}_num, "
        f"coalesce(sum(r.den) FILTER (WHERE r.metric = '{code}'), 0)::bigint AS {code}_den"
        for code in codes
    )
    enough = "<" if asked.few else ">="
    sql = f"""
        SELECT p.id, p.public_id, p.code, p.name, {", ".join(f"s.{code}_num, s.{code}_den" for code in codes)}
          FROM (SELECT r.subject_id, {sums} FROM ({inner}) r GROUP BY 1) s
          JOIN {Product._meta.db_table} p ON p.id = s.subject_id
         WHERE s.{VOLUME}_num {enough} %s AND (s.{VOLUME}_num > 0 OR s.{RATES[0]}_num > 0)
         ORDER BY {_key(asked)} DESC, s.{RATES[0]}_num DESC, p.id LIMIT %s OFFSET %s
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, floor, limit + 1, (asked.page - 1) * PAGE])
        return [_line(row, codes) for row in cursor.fetchall()]


def _key(asked: Wanted) -> str:
    """What the list is sorted by: of rates their lower bound (Wilson), of few orders simply how many problems."""
    if asked.sort == VOLUME:
        return f"s.{VOLUME}_num"
    if asked.few:
        return f"s.{asked.sort}_num"
    num, z = f"s.{asked.sort}_num::float8", float(Z)
    cases = f"greatest(s.{asked.sort}_den, s.{asked.sort}_num, 1)::float8"
    rate, square = f"({num} / {cases})", z * z
    spread = f"{z} * sqrt({rate} * (1 - {rate}) / {cases} + {square} / (4 * {cases} * {cases}))"
    return f"(({rate} + {square} / (2 * {cases}) - {spread}) / (1 + {square} / {cases}))"


def _line(row: Sequence[Any], codes: Sequence[str]) -> Line:
    pk, public_id, code, name, *numbers = row
    found = {
        one: Figure(metric(one), SubjectKind.PRODUCT, pk, "", "", *numbers[2 * place : 2 * place + 2])
        for place, one in enumerate(codes)
    }
    return Line(pk, public_id, code, name or code, found)


def _narrowed(rows: QuerySet[Rollup], asked: Wanted) -> QuerySet[Rollup]:
    if asked.category:
        rows = rows.filter(category=asked.category)
    if asked.shop:
        shops = Merchant.objects.filter(code=asked.shop).order_by().values("pk")
        sold = OrderLine.objects.filter(merchant__in=shops).exclude(product=None).order_by().values("product")
        rows = rows.filter(subject_id__in=sold)
    if asked.words:
        called = Product.objects.filter(Q(code=asked.words) | Q(name__icontains=asked.words)).order_by()
        rows = rows.filter(subject_id__in=called.values("pk"))
    return rows


def categories(user: Any) -> list[tuple[str, str]]:
    """Code and name of the categories that have figures."""
    codes = rollups(user).filter(metric=VOLUME).exclude(category="").order_by().values("category")
    return [(one.code, str(one)) for one in Category.objects.filter(code__in=codes).order_by("code")[:300]]


@dataclass(frozen=True)
class Told:
    """One product over some days: its figures, those of its category, its months, what it was about, whose it was."""

    figures: list[Figure]
    category: Mapping[str, tuple[int, int]]
    months: Mapping[str, trends.Spans]
    kinds: Mapping[str, int]
    grounds: Mapping[str, int]
    merchants: list[tuple[Merchant, int]]


def told(user: Any, product: Product, of: Span) -> Told:
    """Nine statements at most, whatever happened."""
    mine = rollups(user).filter(subject_id=product.pk)
    shops = causes.by_merchant(product.pk, of.since, of.until)
    named = Merchant.objects.in_bulk(list(shops))
    course = trends.by_month(mine, SubjectKind.PRODUCT, TREND, of.until)
    return Told(
        figures(mine, SubjectKind.PRODUCT, of.since, of.until), _of_category(user, product, of),
        {one.metric: spans for one, spans in course.items()}, causes.by_kind(product.pk, of.since, of.until),
        causes.by_ground(product.pk, of.since, of.until),
        [(named[pk], number) for pk, number in shops.items() if pk in named],
    )  # fmt: skip


def _of_category(user: Any, product: Product, of: Span) -> Mapping[str, tuple[int, int]]:
    """All products of the category together."""
    if product.category is None:
        return {}
    rows = rollups(user).filter(category=product.category.code, day__gte=of.since, day__lte=of.until)
    summed = rows.values_list("metric").annotate(Sum("num"), Sum("den")).order_by()
    return {code: (num, den) for code, num, den in summed}


def metrics() -> list[Metric]:
    return [metric(code) for code in (VOLUME, *RATES)]
