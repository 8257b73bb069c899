"""Merchants by their scores, and one merchant's score down to the very orders and tickets."""

from __future__ import annotations

from datetime import date
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
from aftersales.core.posted import day_of
from aftersales.core.sheets.views import attachment
from aftersales.dashboards.pages import pages
from aftersales.dashboards.selectors import merchants as selectors
from aftersales.merchants.models import Merchant
from aftersales.scorecards import pages as scores
from aftersales.scorecards.models import Formula, Scored
from aftersales.scorecards.states import SubjectKind

READ = "scorecards.view_merchants"


@require_GET
@needs(READ)
def merchants(request: HttpRequest) -> HttpResponse:
    """Shops by grade and score, narrowed by category or name."""
    formula = scores.formula_of(SubjectKind.MERCHANT)
    if formula is None:
        raise Http404
    asked = selectors.wanted(request.GET.dict())
    rows, more = selectors.shops(request.user, formula, asked)
    counted = selectors.grades(request.user, formula)
    page = {
        "title": pgettext("figures", "Merchants' scores"), "formula": formula, "asked": asked, "rows": rows,
        "more": urlencode(asked.query | {"after": more}) if more else "",
        "grades": _grades(asked, counted), "categories": selectors.categories(request.user, formula),
        "pages": pages(request.user, "dashboards:merchants"), "day": rows[0].row.day if rows else None,
        "counts": scores.counts(rows[0].row) if rows else True, "begins": rows[0].row.rule.valid_from if rows else None,
        "turned": urlencode({**asked.query, "up": "" if asked.up else "1"}),
    }  # fmt: skip
    return render(request, "dashboards/merchants.html", page)


def _grades(asked: selectors.Wanted, counted: Any) -> list[tuple[str, str, int, bool]]:
    """Tabs: address, words, how many, whether it is this one."""
    query = {name: value for name, value in asked.query.items() if name != "grade"}
    listed = [("", _("All"), sum(counted.values()))]
    listed += [
        (code, pgettext("score", "Grade %(grade)s") % {"grade": code}, counted[code])
        for code in sorted(counted)
        if code
    ]
    if counted.get(""):
        listed.append((selectors.NO_GRADE, str(scores.no_grade()[0]), counted[""]))
    return [
        (urlencode(query | ({"grade": code} if code else {})), words, n, asked.grade == code)
        for code, words, n in listed
    ]


def _scored(request: HttpRequest, public_id: str) -> tuple[Merchant, Formula, Scored | None, date | None]:
    shop = get_object_or_404(Merchant.objects.visible_to(request.user), public_id=public_id)
    formula = scores.formula_of(SubjectKind.MERCHANT)
    month = day_of(f"{request.GET.get('month', '')}-01")
    if formula is None:
        raise Http404
    return shop, formula, scores.score_of(request.user, formula, shop.pk, month), month


@require_GET
@needs(READ)
def merchant(request: HttpRequest, public_id: str) -> HttpResponse:
    """One merchant's score, now or of a past month: where points went, each metric, what would raise it."""
    shop, formula, row, month = _scored(request, public_id)
    asked = f"?month={month:%Y-%m}" if month is not None else ""

    def url(code: str) -> str:
        return reverse("dashboards:merchant_rows", args=[public_id, code]) + asked

    page = {
        "title": shop.name, "shop": shop, "formula": formula, "row": row, "month": month,
        "card": scores.card(row, url) if row is not None else None,
        "counts": scores.counts(row) if row is not None else True,
        "announced": scores.announced(formula, row) if row is not None else None,
        "here": reverse("dashboards:merchant", args=[public_id]),
    }  # fmt: skip
    return render(request, "dashboards/merchant.html", page)


@require_GET
@needs(READ)
def merchant_rows(request: HttpRequest, public_id: str, code: str) -> HttpResponse:
    """The very orders and tickets behind a metric of a merchant's score; as a sheet with ``?format=csv``."""
    shop, _formula, row, month = _scored(request, public_id)
    asked = scores.rows_wanted(request.GET.dict())
    opened = scores.opened(row, code, asked) if row is not None else None
    if opened is None:
        raise Http404
    named = scores.called(opened.rows, request.user)
    if request.GET.get("format") == "csv":
        text = scores.sheet(scores.behind(opened.found, code, opened.rows, named))
        answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
        return attachment(answer, f"score-{code}-{opened.row.day}.csv")
    back = reverse("dashboards:merchant", args=[public_id]) + (
        f"?month={month:%Y-%m}" if month is not None else ""
    )
    page = scores.rows_page(opened, code, named) | {
        "shop": shop, "back": back, "month": month, "now": timezone.now(),
    }  # fmt: skip
    return render(request, "dashboards/merchant_rows.html", page)
