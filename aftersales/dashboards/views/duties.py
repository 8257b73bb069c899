"""The obligations by week: which merchants kept how many, which promises one of them broke, and the very clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.clocks.models import Clock
from aftersales.core import subjects, wording
from aftersales.core.access import needs
from aftersales.dashboards.pages import pages, trade
from aftersales.dashboards.selectors import merchants as shops
from aftersales.dashboards.selectors import weeks as selectors
from aftersales.dashboards.states import Table
from aftersales.dashboards.views import tables
from aftersales.merchants.models import Merchant
from aftersales.orders.selectors import category_names
from aftersales.scorecards import obligations as kept
from aftersales.scorecards import trends
from aftersales.scorecards.metrics import metric
from aftersales.standards.selectors import one_edition
from aftersales.standards.states import Promise

READ = "scorecards.view_merchants"
SHEET = 5_000  # merchants of a sheet


@require_GET
@needs(READ)
@one_edition()
def duties(request: HttpRequest) -> HttpResponse:
    """Merchants by weeks, most broken first; all of them as a sheet with ``?format=csv``."""
    asked = selectors.wanted(request.GET.dict(), timezone.now())
    if tables.is_asked(request):
        whole, _more = selectors.of_merchants(request.user, replace(asked, after=None), limit=SHEET)
        return tables.sheet(request, Table.OBLIGATIONS, asked.until, _head(asked), _sheet(whole))
    rows, more = selectors.of_merchants(request.user, asked)
    query = _query(asked)
    page = {
        "title": pgettext("figures", "Obligations by week"), "asked": asked,
        "rows": [line(one, asked, _base(one.merchant)) for one in rows],
        "weeks": asked.weeks, "meaning": metric(selectors.CODE).meaning, "managers": shops.managers(),
        "categories": _categories(), "more": urlencode(query | {"after": more}) if more else "",
        "pages": pages(request.user, "dashboards:merchants"), "trade": trade("dashboards:duties"), "steps": _steps(),
        **_paging(asked, query),
    }  # fmt: skip
    return render(request, "dashboards/duties.html", page)


@require_GET
@needs(READ)
@one_edition()
def merchant_duties(request: HttpRequest, public_id: str) -> HttpResponse:
    """One merchant's promises by weeks; a cell opens the clocks of that week below."""
    shop = get_object_or_404(Merchant.objects.visible_to(request.user), public_id=public_id)
    asked = selectors.wanted(request.GET.dict(), timezone.now())
    rows, together = selectors.of_merchant(request.user, shop, asked)
    base = _base(shop)
    if tables.is_asked(request):
        return tables.sheet(request, Table.OBLIGATIONS, asked.until, _head(asked), _sheet([*rows, together]))
    page = {
        "title": shop.name, "shop": shop,
        "rows": [line(one, asked, base) for one in ([*rows, together] if rows else [])],
        "asked": asked, "weeks": asked.weeks, "meaning": metric(selectors.CODE).meaning,
        "steps": _steps(), **_paging(asked, {}), **_clocks(request, shop, asked),
    }  # fmt: skip
    return render(request, "dashboards/merchant_duties.html", page)


def _clocks(request: HttpRequest, shop: Merchant, asked: selectors.Wanted) -> dict[str, Any]:
    """The clocks of the chosen week and promise."""
    if asked.week is None:
        return {"chosen": None}
    seen = Clock.objects.visible_to(request.user).order_by().values("pk")
    since, until = selectors.moments(asked.week)
    found, more = kept.ended_between(
        kept.of_merchant(shop).filter(pk__in=seen), since, until, promise=asked.promise
    )
    names = subjects.named(kept.subject_keys(found), request.user)
    out = selectors.neutral(shop, [one.clock for one in found])
    return {
        "chosen": asked.week, "chosen_until": asked.week + timedelta(days=6), "has_more": more, "most": kept.MOST,
        "promise": dict(Promise.choices).get(asked.promise, ""),
        "clocks": [
            (one, names.get((one.clock.subject_kind, one.clock.subject_id)), one.clock.get_promise_display(),
             out.get(one.clock.pk, ""))
            for one in found
        ],
    }  # fmt: skip


def _query(asked: selectors.Wanted) -> dict[str, str]:
    found = {"category": asked.category, "manager": str(asked.manager or ""), "q": asked.words}
    return {name: value for name, value in found.items() if value}


def _paging(asked: selectors.Wanted, query: dict[str, str]) -> dict[str, str]:
    """The twelve weeks before; those after, where they are no future."""
    first, last = asked.weeks[0], asked.weeks[-1]
    later = last + timedelta(weeks=trends.WEEKS)
    today = timezone.localdate()
    found = {"earlier": urlencode(query | {"last": f"{first - timedelta(days=1)}"})}
    found["later"] = (
        urlencode(query | {"last": f"{min(later, today)}"}) if last < trends.monday(today) else ""
    )
    return found


def _base(shop: Merchant | None) -> str:
    return reverse("dashboards:merchant_duties", args=[shop.public_id]) if shop is not None else ""


def line(one: selectors.Row, asked: selectors.Wanted, base: str) -> dict[str, Any]:
    """A line of the map with what each cell says and opens."""
    return {
        "row": one, "url": base, "whole": _cell(one.whole, ""),
        "cells": [_cell(cell, _open(base, cell.week, asked, one.promise)) if cell else None for cell in one.cells],
    }  # fmt: skip


def _open(base: str, week: date | None, asked: selectors.Wanted, promise: str) -> str:
    query = {"week": f"{week}", "last": f"{asked.last}"} | ({"promise": promise} if promise else {})
    return f"{base}?{urlencode(query)}#clocks"


def _cell(cell: selectors.Cell, url: str) -> dict[str, Any]:
    words = _("%(kept)s of %(total)s kept") % {"kept": cell.kept, "total": cell.total}
    return {"cell": cell, "share": wording.percent(cell.share, 0), "words": words, "url": url}


def _steps() -> list[tuple[int, str]]:
    """The shades with what they mean."""
    listed = [(0, pgettext("obligations", "all kept"))]
    for place, least in enumerate(selectors.STEPS[1:], 1):
        listed.append((place, f"≥ {wording.percent(least, 0)}"))
    return [*listed, (len(selectors.STEPS), f"< {wording.percent(selectors.STEPS[-1], 0)}")]


def _categories() -> list[tuple[str, str]]:
    """As merchants have them, and as the reader calls them."""
    rows = (
        Merchant.objects.exclude(main_category="")
        .order_by("main_category")
        .values_list("main_category", flat=True)
    )
    return list(category_names(list(rows.distinct()[:200])).items())


def _head(asked: selectors.Wanted) -> list[Any]:
    kept_ended = (pgettext("obligations", "kept"), pgettext("obligations", "ended"))
    weeks = [f"{week} {words}" for week in asked.weeks for words in kept_ended]
    return [pgettext("figures", "Code"), pgettext("figures", "Name"), *weeks, *kept_ended]


def _sheet(rows: list[selectors.Row]) -> list[list[Any]]:
    """Kept and ended of each week, so that whoever takes them out can sum them up."""
    listed = []
    for one in rows:
        cells = [part for cell in one.cells for part in ((cell.kept, cell.total) if cell else (0, 0))]
        code = one.merchant.code if one.merchant is not None else one.promise
        listed.append([code, one.words, *cells, one.whole.kept, one.whole.total])
    return listed
