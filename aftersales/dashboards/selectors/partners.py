"""Results of those who work for the platform and its shops: carriers, repair shops, outsourced vendors (R6.6).

One who speaks with a carrier each month sees him beside the others, over the same days, with what is sure of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from accounts.models import Team
from aftersales.cases.models import Repair
from aftersales.core.posted import day_of, whole
from aftersales.dashboards.selectors.products import SPANS, Span, span
from aftersales.improvement.models import Warning as Surge
from aftersales.improvement.states import OPEN, Surged
from aftersales.merchants.models import Merchant
from aftersales.scorecards import figurepages, trends
from aftersales.scorecards.metrics import Metric, metric, of_kind
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.selectors import Figure, figures
from aftersales.scorecards.states import Direction, SubjectKind, Way
from aftersales.standards.selectors import parameter

FLOOR = "partner_figures_floor"
KINDS = (SubjectKind.CARRIER, SubjectKind.WORKSHOP, SubjectKind.VENDOR)
COLUMNS: Mapping[SubjectKind, tuple[str, ...]] = {
    SubjectKind.CARRIER: (
        "parcels", "delivery_in_time", "carriage_time", "overdue", "lost_parcels", "carrier_damage", "carrier_problems",
    ),
    SubjectKind.WORKSHOP: ("repairs", "repair_time", "repair_success", "promises_kept", "repair_diagnosis"),
    SubjectKind.VENDOR: (
        "tickets", "response_in_time", "promises_kept", "handling_time", "resolution", "reopened", "satisfied_handling",
    ),
}  # fmt: skip
"""What stands side by side; the first says how much there was. One partner's page has every metric."""
BY_REGION = ("parcels", "delivery_in_time", "carriage_time", "overdue", "lost_parcels")
SHOWN = 10


@dataclass(frozen=True)
class Wanted:
    """The last ``days``, or a whole ``month``. ``sort``: a column, the surely worst first; of counts the most."""

    days: int = SPANS[1]
    month: date | None = None
    sort: str = ""

    @property
    def query(self) -> dict[str, str]:
        if self.month is not None:
            found = {"month": f"{self.month:%Y-%m}"}
        else:
            found = {"days": "" if self.days == SPANS[1] else str(self.days)}
        return {name: value for name, value in {**found, "sort": self.sort}.items() if value}


def wanted(given: Mapping[str, str], kind: SubjectKind) -> Wanted:
    """What a person asked for; what is none is left out."""
    days, sort = whole(given.get("days")), given.get("sort", "")
    return Wanted(
        days if days in SPANS else SPANS[1], day_of(f"{given.get('month', '')}-01"),
        sort if sort in COLUMNS[kind][1:] else "",
    )  # fmt: skip


def span_of(asked: Wanted, now: datetime) -> Span:
    """A month ends today where it is not over yet."""
    today = span(1, now).until
    if asked.month is None:
        return span(asked.days, now)
    last = (asked.month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return Span(asked.month, max(asked.month, min(last, today)))


def floor_of(now: datetime) -> int:
    return int(parameter(FLOOR, now))


def columns(kind: SubjectKind) -> list[Metric]:
    return [metric(code) for code in COLUMNS[kind]]


def rollups(user: Any, kind: SubjectKind) -> QuerySet[Rollup]:
    rows: QuerySet[Rollup] = Rollup.objects.visible_to(user).filter(subject_kind=kind)
    return rows


@dataclass(frozen=True)
class Row:
    """One partner with the figures of the columns, by code."""

    name: str
    figures: Mapping[str, Figure]


def table(user: Any, kind: SubjectKind, asked: Wanted, of: Span, floor: int) -> list[Row]:
    """Everybody of a kind that did anything in these days; three statements at most, whatever the number."""
    found: dict[str, dict[str, Figure]] = {}
    for one in figures(rollups(user, kind), kind, of.since, of.until, codes=COLUMNS[kind]):
        found.setdefault(one.subject_name, {})[one.metric.code] = one
    rows = [Row(name, mine) for name, mine in found.items()]
    sort = asked.sort or COLUMNS[kind][0]
    return sorted(rows, key=lambda one: (*_worse(one.figures.get(sort), floor), one.name))


def _worse(one: Figure | None, floor: int) -> tuple[int, Decimal]:
    """Of a rate what is sure: the bound on its good side. Who did too little to say comes last."""
    if one is None:
        return 2, Decimal(0)
    if one.metric.way is Way.COUNT:
        return 0, Decimal(-one.num)
    if one.den < max(floor, 1) or one.value is None:
        return 1, Decimal(-one.den)
    if figurepages.is_rate(one.metric) and (found := figurepages.bounds(one.num, one.den)) is not None:
        low, high = found
        return 0, high if one.metric.direction == Direction.HIGHER else -low
    value = one.median if one.median is not None else one.value
    return 0, value if one.metric.direction == Direction.HIGHER else -value


@dataclass(frozen=True)
class Region:
    """Where a carrier took parcels to, with its figures there, by code."""

    name: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Told:
    """One partner: figures, those of all others of the kind, months."""

    figures: list[Figure]
    others: Mapping[str, tuple[int, int]]
    months: Mapping[str, trends.Spans]


def told(user: Any, kind: SubjectKind, name: str, of: Span) -> Told:
    """Five statements at most."""
    mine = rollups(user, kind).filter(subject_name=name)
    codes = [one.code for one in of_kind(kind)]
    course = trends.by_month(mine, kind, codes, of.until)
    beside = rollups(user, kind).exclude(subject_name=name).filter(day__gte=of.since, day__lte=of.until)
    summed = beside.values_list("metric").annotate(Sum("num"), Sum("den")).order_by()
    return Told(
        figures(mine, kind, of.since, of.until), {code: (num, den) for code, num, den in summed},
        {one.metric: spans for one, spans in course.items()},
    )  # fmt: skip


def is_known(user: Any, kind: SubjectKind, name: str) -> bool:
    """Whether anything was ever counted of it that this person may see."""
    return bool(name) and rollups(user, kind).filter(subject_name=name).exists()


def regions(user: Any, name: str, of: Span) -> list[Region]:
    """A carrier's figures by the province of delivery, the most parcels first; one statement."""
    rows = rollups(user, SubjectKind.CARRIER).filter(
        subject_name=name, metric__in=BY_REGION, day__gte=of.since, day__lte=of.until
    )
    summed = rows.values_list("category", "metric")
    found: dict[str, dict[str, Figure]] = {}
    for region, code, num, den in summed.annotate(Sum("num"), Sum("den")).order_by():
        figure = Figure(metric(code), SubjectKind.CARRIER, 0, name, "", num, den)
        found.setdefault(region, {})[code] = figure
    listed = [Region(region, mine) for region, mine in found.items()]
    return sorted(listed, key=lambda one: (-_number(one, "parcels"), one.name))


def _number(one: Region, code: str) -> int:
    figure = one.figures.get(code)
    return figure.num if figure is not None else 0


def surges(user: Any, name: str) -> Sequence[Surge]:
    """Warnings about a carrier that are not closed, the newest first."""
    if not user.has_perm("improvement.view_warning"):
        return []
    rows = Surge.objects.visible_to(user).filter(kind=Surged.CARRIER, key=name, state__in=OPEN)
    return list(rows.order_by("-last_day", "-pk")[:SHOWN])


def teams_of(vendor: str) -> list[Team]:
    return list(Team.objects.filter(vendor=vendor, active_to=None).order_by("code"))


def shops_of(user: Any, workshop: str, of: Span) -> list[tuple[Merchant, int]]:
    """Whose articles a repair shop took in, the most first; two statements."""
    rows = Repair.objects.visible_to(user).filter(
        workshop__iexact=workshop, received_at__date__gte=of.since, received_at__date__lte=of.until
    )
    counted = rows.values_list("case__merchant").annotate(n=Count("pk")).order_by("-n")[:SHOWN]
    found = dict(counted)
    named = Merchant.objects.visible_to(user).in_bulk([pk for pk in found if pk])
    return [(named[pk], n) for pk, n in found.items() if pk in named]
