"""Quality of products: the list by what one can be sure of, one product, and the very rows behind its figures."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.core.components import Share, share_bars
from aftersales.dashboards.pages import pages, trade
from aftersales.dashboards.selectors import products as selectors
from aftersales.dashboards.selectors.products import Span
from aftersales.dashboards.states import Table
from aftersales.dashboards.views import tables
from aftersales.dashboards.views.figures import line_of, rows_answer
from aftersales.orders.models import Product
from aftersales.scorecards import figurepages
from aftersales.scorecards.metrics import metric, of_kind
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.returns.states import Ground
from aftersales.standards.selectors import one_edition
from aftersales.tickets.states import Kind

READ = "scorecards.view_merchants"


@require_GET
@needs(READ)
@one_edition()
def products(request: HttpRequest) -> HttpResponse:
    """Products with enough orders, the surest problems first; as a sheet with ``?format=csv``."""
    now, asked = timezone.now(), selectors.wanted(request.GET.dict())
    of, floor = selectors.span(asked.days, now), selectors.floor_of(now)
    found = selectors.listed(request.user, asked, of, floor)
    rows = found[: selectors.PAGE]
    if tables.is_asked(request):
        whole = selectors.listed(request.user, asked, of, floor, limit=5_000)
        return tables.sheet(request, Table.PRODUCTS, of.until, _head(), [_taken(one) for one in whole])
    page = {
        "title": pgettext("figures", "Quality of products"), "asked": asked, "of": of, "floor": floor,
        "rows": [_row(one, floor) for one in rows], "columns": _columns(asked),
        "categories": selectors.categories(request.user), "spans": _spans(asked),
        "few": _query(asked, few="" if asked.few else "1"),
        "more": _query(asked, page=str(asked.page + 1)) if len(found) > selectors.PAGE else "",
        "back": _query(asked, page=str(asked.page - 1)) if asked.page > 1 else "", "out": _query(asked, format="csv"),
        "pages": pages(request.user, "dashboards:merchants"), "trade": trade("dashboards:products"),
    }  # fmt: skip
    return render(request, "dashboards/products.html", page)


def _query(asked: selectors.Wanted, **changes: str) -> str:
    return urlencode({name: value for name, value in {**asked.query, **changes}.items() if value})


def _columns(asked: selectors.Wanted) -> list[tuple[Any, str, bool]]:
    """Name of a metric, the address that sorts by it, whether the list is."""
    return [(one.name, _query(asked, sort=one.code), asked.sort == one.code) for one in selectors.metrics()]


def _spans(asked: selectors.Wanted) -> list[tuple[int, str, bool]]:
    return [(days, _query(asked, days=str(days)), days == asked.days) for days in selectors.SPANS]


def _row(one: selectors.Line, floor: int) -> dict[str, Any]:
    cells = [figurepages.told(figure, floor) for figure in one.figures.values()]
    return {"line": one, "cells": cells}


def _head() -> list[Any]:
    found: list[Any] = [pgettext("figures", "Code"), pgettext("figures", "Name")]
    for one in selectors.metrics():
        found += [f"{one.name}: {one.numerator}", f"{one.name}: {one.denominator}"]
    return found


def _taken(one: selectors.Line) -> list[Any]:
    return [
        one.code,
        one.name,
        *(part for figure in one.figures.values() for part in (figure.num, figure.den)),
    ]


def _product(request: HttpRequest, public_id: str) -> tuple[Product, int, Span]:
    rows = Product.objects.visible_to(request.user).select_related("category", "merchant")
    days = selectors.wanted(request.GET.dict()).days
    return get_object_or_404(rows, public_id=public_id), days, selectors.span(days, timezone.now())


@require_GET
@needs(READ)
@one_edition()
def product(request: HttpRequest, public_id: str) -> HttpResponse:
    """One product: its figures beside its category's, twelve months of each, causes, and whose sales they were."""
    row, days, of = _product(request, public_id)
    found, floor = selectors.told(request.user, row, of), selectors.floor_of(timezone.now())

    def url(code: str) -> str:
        return f"{reverse('dashboards:product_rows', args=[public_id, code])}?days={days}"

    page = {
        "title": row.name or row.code, "product": row, "of": of, "days": days, "floor": floor,
        "spans": [(one, f"days={one}", one == days) for one in selectors.SPANS],
        "lines": [
            line_of(one, floor, found.months.get(code, {}), of.until, url(code), found.category.get(code))
            for one in found.figures
            for code in (one.metric.code,)
        ],
        "kinds": _bars(found.kinds, dict(Kind.choices)), "grounds": _bars(found.grounds, dict(Ground.choices)),
        "merchants": found.merchants, "has_category": bool(found.category),
    }  # fmt: skip
    return render(request, "dashboards/product.html", page)


def _bars(counted: Any, labels: dict[str, Any]) -> Any:
    """Causes as bars, each with its count and its part of all."""
    total = sum(counted.values())
    if not total:
        return ""
    items = [
        Share(str(labels.get(code, code) or _("not said")), number / total, f"{number:,}", note=f"{number / total:.0%}")
        for code, number in counted.items()
    ]  # fmt: skip
    return share_bars(items)


@require_GET
@needs(READ)
@one_edition()
def product_rows(request: HttpRequest, public_id: str, code: str) -> HttpResponse:
    """The very orders, tickets and reviews behind one figure of a product; as a sheet with ``?format=csv``."""
    row, days, of = _product(request, public_id)
    if code not in {one.code for one in of_kind(SubjectKind.PRODUCT)}:
        raise Http404
    back = f"{reverse('dashboards:product', args=[public_id])}?days={days}"
    frame = {
        "crumbs": [(reverse("dashboards:products"), pgettext("figures", "Products")), (back, row.name or row.code)],
        "keep": f"&days={days}", "title": metric(code).name,
    }  # fmt: skip
    return rows_answer(request, code, SubjectKind.PRODUCT, row.pk, of, frame)
