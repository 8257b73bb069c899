"""A merchant's own score: where the points went, each metric, and the very orders and cases behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.cases.models import Case
from aftersales.core import rowpolicies
from aftersales.core.access import needs
from aftersales.core.posted import day_of
from aftersales.core.sheets.views import attachment
from aftersales.core.subjects import Subject
from aftersales.orders.selectors import category_name
from aftersales.portal.scope import MerchantRequest, merchant_page, own_cases
from aftersales.scorecards import pages as scores
from aftersales.scorecards.models import Scored
from aftersales.scorecards.selectors import ORDER
from aftersales.scorecards.selectors import Item as Row
from aftersales.scorecards.states import SubjectKind

from .today import WORK


def _own(request: HttpRequest) -> tuple[Scored | None, date | None]:
    """The score of the shop for which the person acts, now or of a past month."""
    formula = scores.formula_of(SubjectKind.MERCHANT)
    month = day_of(f"{request.GET.get('month', '')}-01")
    if formula is None:
        return None, month
    return scores.score_of(request.user, formula, cast(MerchantRequest, request).merchant.pk, month), month


@needs(WORK)
@merchant_page
@require_GET
def score(request: HttpRequest) -> HttpResponse:
    """The score with its interval and place among peers; what would raise it most; each metric with its rows."""
    row, month = _own(request)
    if row is None and month is not None:
        raise Http404
    asked = f"?month={month:%Y-%m}" if month is not None else ""

    def url(code: str) -> str:
        return reverse("portal:score_rows", args=[code]) + asked

    page = {
        "title": pgettext("portal", "Where your score comes from"), "now": timezone.now(), "row": row, "month": month,
        "card": scores.card(row, url) if row is not None else None,
        "category": category_name(row.category) if row is not None else "",
        "counts": scores.counts(row) if row is not None else True,
        "announced": scores.announced(row.formula, row) if row is not None else None, "here": reverse("portal:score"),
    }  # fmt: skip
    return render(request, "portal/score.html", page)


@needs(WORK)
@merchant_page
@require_GET
def score_rows(request: HttpRequest, code: str) -> HttpResponse:
    """The orders, tickets and cases behind a metric; as a sheet with ``?format=csv``."""
    row, month = _own(request)
    asked = scores.rows_wanted(request.GET.dict())
    opened = scores.opened(row, code, asked) if row is not None else None
    if opened is None:
        raise Http404
    named = _named(request, opened.rows)
    if request.GET.get("format") == "csv":
        text = scores.sheet(scores.behind(opened.found, code, opened.rows, named))
        answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
        return attachment(answer, f"score-{code}-{opened.row.day}.csv")
    back = reverse("portal:score") + (f"?month={month:%Y-%m}" if month is not None else "")
    page = scores.rows_page(opened, code, named) | {
        "back": back,
        "month": month,
        "now": timezone.now(),
    }
    return render(request, "portal/score_rows.html", page)


def _named(request: HttpRequest, rows: Sequence[Row]) -> scores.Called:
    """What may be named to the shop's people: their orders and tickets by number; their cases lead to their page, as do
    orders with a case, to the newest.
    """
    shown = {model._meta.label_lower for model in rowpolicies.declared()}
    own = [one for one in rows if one.kind in shown]
    found = {key: Subject(one.words, "") for key, one in scores.called(own, request.user).items()}
    wanted = [one.id for one in rows if one.kind == Case._meta.label_lower]
    for case in own_cases(request).filter(pk__in=wanted):
        address = reverse("portal:case", args=[case.public_id])
        found[Case._meta.label_lower, case.pk] = Subject(case.number, address)
    orders = [one.id for one in rows if (ORDER, one.id) in found and one.kind == ORDER]
    for case in own_cases(request).filter(order__in=orders).order_by("pk") if orders else ():
        address = reverse("portal:case", args=[case.public_id])
        found[ORDER, case.order_id] = Subject(found[ORDER, case.order_id].words, address)
    return found
