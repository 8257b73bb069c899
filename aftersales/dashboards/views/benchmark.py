"""The benchmark of categories: quartiles of each metric, and where one shop stands among them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.core import wording
from aftersales.core.access import needs
from aftersales.dashboards.pages import pages, trade
from aftersales.dashboards.selectors import benchmark as selectors
from aftersales.dashboards.selectors import merchants as shops
from aftersales.dashboards.states import Table
from aftersales.dashboards.views import tables
from aftersales.merchants.models import Merchant
from aftersales.orders.selectors import category_names
from aftersales.scorecards import charts
from aftersales.scorecards import pages as scores
from aftersales.scorecards.models import Standing
from aftersales.scorecards.states import SubjectKind, Verdict
from aftersales.standards.selectors import one_edition, parameter

FLOOR = "benchmark_least_shops"
DASH = "–"


@require_GET
@needs("scorecards.view_merchants")
@one_edition()
def benchmark(request: HttpRequest) -> HttpResponse:
    """One category (or all) metric by metric; below it every category's medians; as a sheet with ``?format=csv``."""
    formula = scores.formula_of(SubjectKind.MERCHANT)
    if formula is None:
        raise Http404
    page: dict[str, Any] = {
        "title": pgettext("figures", "Benchmark of categories"), "formula": formula, "board": None,
        "pages": pages(request.user, "dashboards:merchants"), "trade": trade("dashboards:benchmark"),
    }  # fmt: skip
    found = shops.stands_on(request.user, formula)
    if found is not None:
        page |= _about(request, found)
        if tables.is_asked(request):
            return tables.sheet(request, Table.BENCHMARK, found.day, _head(), _sheet(page, found))
    return render(request, "dashboards/benchmark.html", page)


def _about(request: HttpRequest, found: shops.Board) -> dict[str, Any]:
    floor = int(parameter(FLOOR, timezone.now()))
    among = selectors.spreads(request.user, found)
    listed = sorted({category for category, _metric in among if category})
    category = request.GET.get("category", "")
    category = category if category in listed else selectors.ALL
    row, shop = _of(request, found)
    mine = selectors.places(request.user, found, row, category) if row is not None and row.grade else None
    lines = selectors.lines(found, among, category, floor, mine)
    return {
        "board": found, "floor": floor, "category": category, "categories": listed, "shop": shop, "row": row,
        "q": _words(request), "lines": [_line(one) for one in lines], "among": among,
        "category_names": category_names(listed),
        "medians": [_median(found, *one) for one in selectors.medians(found, among, floor)],
        "heads": [scores.name_of(one.metric, one.within) for one in found.terms.items],
    }  # fmt: skip


def _words(request: HttpRequest) -> str:
    return request.GET.get("shop", "").replace("\x00", "").strip()[:80]


def _of(request: HttpRequest, found: shops.Board) -> tuple[Standing | None, Merchant | None]:
    """The shop that somebody asks about: the one of that code, else whose code or name begins so, else has it in it."""
    words = _words(request)
    if not words:
        return None, None
    fits = Case(
        When(code__iexact=words, then=0), When(code__istartswith=words, then=1), When(name__istartswith=words, then=2),
        default=3,
    )  # fmt: skip
    shop = Merchant.objects.visible_to(request.user).called(words).order_by(fits, "code").first()
    if shop is None:
        return None, None
    return shops.standings(request.user, found.formula).filter(subject_id=shop.pk).first(), shop


def _line(one: selectors.Line) -> dict[str, Any]:
    item, spread, place = one.item, one.spread, one.place
    verdict = place.judged.verdict if place is not None else None
    rate = place.judged.rate if place is not None and verdict != Verdict.TOO_FEW else None
    return {
        "name": scores.name_of(item.metric, item.within), "code": item.metric.code, "number": one.number,
        "better": "≥" if item.higher_is_better else "≤", "target": wording.percent(item.limit), "box": _box(one, rate),
        "values": _values(one), "spread": spread, "mine": wording.percent(rate) if rate is not None else "",
        "figure": f"{place.judged.counted.num:,} / {place.judged.counted.den:,}" if place is not None else "",
        "place": place, "badge": (str(verdict.label), *scores.MARKS[verdict]) if verdict is not None else None,
    }  # fmt: skip


def _values(one: selectors.Line) -> list[str]:
    """Outer tenths, quartiles and median, the worst end first as the rate runs."""
    if one.spread is None:
        return [DASH] * 5
    spread = one.spread
    low, high = (spread.low_tenth, spread.high_tenth) if one.outer else (None, None)
    listed = (low, spread.quarter, spread.median, spread.three_quarters, high)
    return [wording.percent(value) if value is not None else DASH for value in listed]


def _box(one: selectors.Line, rate: Decimal | None) -> SafeString | str:
    if one.spread is None:
        return ""
    spread, values = one.spread, _values(one)
    finding = _("Median %(median)s, the middle half from %(from)s to %(to)s, target %(target)s") % {
        "median": values[2], "from": values[1], "to": values[3], "target": wording.percent(one.item.limit)
    }  # fmt: skip
    ends = (spread.low_tenth, spread.high_tenth) if one.outer else ()
    return charts.box(
        (spread.quarter, spread.median, spread.three_quarters), ends, float(one.item.limit),
        float(rate) if rate is not None else None, finding=finding,
    )  # fmt: skip


def _median(
    found: shops.Board, category: str, values: list[Decimal | None], numbers: list[int]
) -> tuple[str, list[tuple[str, int, bool]]]:
    """A category's medians as text, of how many shops, and whether it misses the target."""
    cells = []
    for item, value, number in zip(found.terms.items, values, numbers, strict=True):
        is_bad = value is not None and (value < item.limit if item.higher_is_better else value > item.limit)
        cells.append((wording.percent(value) if value is not None else DASH, number, is_bad))
    return category, cells


def _head() -> list[str]:
    return [
        pgettext("figures", "Category"), pgettext("figures", "Metric"), pgettext("figures", "Shops"), "P10", "P25",
        pgettext("figures", "Median"), "P75", "P90", pgettext("figures", "Target"),
    ]  # fmt: skip


def _sheet(page: dict[str, Any], found: shops.Board) -> list[list[Any]]:
    """Every category with every metric."""
    rows = []
    for category in [selectors.ALL, *page["categories"]]:
        for one in selectors.lines(found, page["among"], category, page["floor"]):
            name, called = (
                scores.name_of(one.item.metric, one.item.within),
                page["category_names"].get(category),
            )
            rows.append([
                called or _("All"), name, one.number, *_values(one), wording.percent(one.item.limit),
            ])  # fmt: skip
    return rows
