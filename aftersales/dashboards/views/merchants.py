"""Merchants by their scores, and one merchant's score down to the very orders and tickets."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.cases.states import CASE_COLOURS, CaseState
from aftersales.core.access import needs
from aftersales.core.components import Column, histogram
from aftersales.core.posted import day_of
from aftersales.core.sheets import exporting
from aftersales.core.sheets.views import exported
from aftersales.dashboards.pages import pages, trade
from aftersales.dashboards.selectors import merchant as one_merchant
from aftersales.dashboards.selectors import merchants as selectors
from aftersales.dashboards.selectors import products, weeks
from aftersales.dashboards.views import duties as heat
from aftersales.dashboards.views.figures import score_rows_answer
from aftersales.ledger import pages as ledger
from aftersales.ledger import words
from aftersales.merchants.models import Merchant
from aftersales.orders.selectors import category_name
from aftersales.scorecards import lanes
from aftersales.scorecards import pages as scores
from aftersales.scorecards.figurepages import Told, told
from aftersales.scorecards.models import Formula, Scored, Standing
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.selectors import one_edition

READ = "scorecards.view_merchants"
SHEET = "scores"


@require_GET
@needs(READ)
@one_edition()
def merchants(request: HttpRequest) -> HttpResponse:
    """The board: how many shops have which grade, who moved, who is at risk; the list, narrowed and sorted."""
    formula = _formula()
    asked = selectors.wanted(request.GET.dict())
    page: dict[str, Any] = {
        "title": pgettext("figures", "Merchants"), "formula": formula, "asked": asked, "rows": [], "board": None,
        "pages": pages(request.user, "dashboards:merchants"), "trade": trade("dashboards:merchants"), "counts": True,
    }  # fmt: skip
    found = selectors.stands_on(request.user, formula)
    if found is not None:
        page |= _board(request, selectors.told(request.user, found, asked), asked)
    return render(request, "dashboards/merchants.html", page)


def _formula() -> Formula:
    formula = scores.formula_of(SubjectKind.MERCHANT)
    if formula is None:
        raise Http404
    return formula


def _board(request: HttpRequest, found: selectors.Board, asked: selectors.Wanted) -> dict[str, Any]:
    rows, more = selectors.shops(request.user, found, asked)
    begin = found.rule.valid_from
    may_export = exporting.may_export(SHEET, request.user)
    return {
        "board": found, "rows": rows, "more": urlencode(asked.query | {"after": more}) if more else "",
        "tabs": _tabs(asked, found), "categories": selectors.categories(request.user, found.formula),
        "managers": selectors.managers(), "counts": begin is not None and begin <= scores.selectors.ends(found.day),
        "begins": begin, "heads": _heads(asked), "chart": _chart(found), "figures": _figures(asked, found),
        "formats": [(fmt, urlencode(asked.query)) for fmt in exporting.FORMATS] if may_export else [],
    }  # fmt: skip


def _with(asked: selectors.Wanted, **changes: str) -> str:
    return urlencode({name: value for name, value in {**asked.query, **changes}.items() if value})


def _tabs(asked: selectors.Wanted, found: selectors.Board) -> list[tuple[str, str, int, bool]]:
    """Address, words, how many, whether it is this one."""
    counted = found.grades
    listed = [("", _("All"), found.number)]
    listed += [
        (one.code, pgettext("score", "Grade %(grade)s") % {"grade": one.code}, counted.get(one.code, 0))
        for one in found.terms.grades
    ]
    if counted.get(""):
        listed.append((selectors.NO_GRADE, str(scores.no_grade()[0]), counted[""]))
    return [(_with(asked, grade=code), words, n, asked.grade == code) for code, words, n in listed]


def _figures(asked: selectors.Wanted, found: selectors.Board) -> list[dict[str, Any]]:
    """What one looks at first: who moved by more than chance explains, who misses a target for sure, who is near."""
    listed: list[dict[str, Any]] = [
        {"label": pgettext("score", "Targets missed for sure"), "n": found.risks.get(selectors.SURE, 0), "tone": "bad",
         "note": pgettext("score", "the whole interval is beyond the target"), "on": asked.risk == selectors.SURE,
         "query": _with(asked, risk=str(selectors.SURE), moved="", sort="risk")},
        {"label": pgettext("score", "At risk"), "tone": "warn", "on": asked.risk == selectors.NEAR,
         "n": found.risks.get(selectors.SURE, 0) + found.risks.get(selectors.NEAR, 0),
         "note": pgettext("score", "with those whose interval crosses a grade's limit"),
         "query": _with(asked, risk=str(selectors.NEAR), moved="", sort="risk")},
    ]  # fmt: skip
    if found.month is not None:
        since = _("since %(month)s, more than chance explains") % {"month": f"{found.month:%Y-%m}"}
        listed += [
            {"label": pgettext("score", "Fell"), "n": found.moves.get("down", 0), "tone": "warn", "note": since,
             "on": asked.moved == "down", "query": _with(asked, moved="down", risk="", sort="moved", up="1")},
            {"label": pgettext("score", "Rose"), "n": found.moves.get("up", 0), "tone": "", "note": since,
             "on": asked.moved == "up", "query": _with(asked, moved="up", risk="", sort="moved", up="")},
        ]  # fmt: skip
    return listed


def _heads(asked: selectors.Wanted) -> dict[str, dict[str, str]]:
    """For each column that sorts: the address and the arrow; the second press turns the order."""
    found = {}
    for sort in selectors.SORTS:
        is_on = asked.sort == sort
        turned = "1" if is_on and not asked.up else ""
        arrow = ("↑" if asked.up else "↓") if is_on else ""
        found[sort] = {"query": _with(asked, sort="" if sort == "score" else sort, up=turned), "arrow": arrow}
    return found


def _chart(found: selectors.Board) -> SafeString | str:
    """How many shops have how many points."""
    if not found.columns:
        return ""
    first = max(min(found.columns), 100 // scores.STEP - 10)
    counts: dict[int, int] = {}
    for place, number in found.columns.items():
        at = min(max(place, first), 100 // scores.STEP - 1)
        counts[at] = counts.get(at, 0) + number
    columns = []
    for at in range(first, 100 // scores.STEP):
        least = at * scores.STEP
        columns.append(
            Column(f"<{least + scores.STEP}" if at == first and first else f"{least}", counts.get(at, 0))
        )
    total = sum(counts.values())
    return histogram(columns, message=_("Scores of %(n)s shops, by steps of %(step)s points") % {
        "n": total, "step": scores.STEP})  # fmt: skip


@require_GET
@needs("core.export_scores")
def taken_out(request: HttpRequest, fmt: str) -> HttpResponse:
    """The list as it is narrowed and sorted, as a sheet."""
    found = selectors.stands_on(request.user, _formula())
    if fmt not in exporting.FORMATS or found is None:
        raise Http404
    asked = selectors.wanted(request.GET.dict())
    keys = selectors.chosen(request.user, found, asked).order_by().values("pk")
    rows = Standing.objects.filter(pk__in=keys).order_by("score" if asked.up else "-score", "subject_id")
    return exported(request, rows, SHEET, fmt, filtered=request.GET.urlencode())


def _scored(request: HttpRequest, public_id: str) -> tuple[Merchant, Scored | None, date | None]:
    rows = one_merchant.counted(
        request.user, Merchant.objects.visible_to(request.user).select_related("manager")
    )
    shop = get_object_or_404(rows, public_id=public_id)
    month = day_of(f"{request.GET.get('month', '')}-01")
    return shop, scores.standing_of(request.user, SubjectKind.MERCHANT, shop.pk, month), month


@require_GET
@needs(READ)
@one_edition()
def merchant(request: HttpRequest, public_id: str) -> HttpResponse:
    """One merchant: the score and its months, each metric with its course, obligations, what is open, products."""
    shop, row, month = _scored(request, public_id)
    asked = f"?month={month:%Y-%m}" if month is not None else ""

    def url(code: str) -> str:
        return reverse("dashboards:merchant_rows", args=[public_id, code]) + asked

    now = timezone.now()
    found = one_merchant.about(request.user, shop, row, now)
    page = {
        "title": shop.name, "shop": shop, "row": row, "month": month, "now": now, "about": found,
        "category": category_name(row.category) if row is not None else "",
        "card": scores.card(row, url, found.courses) if row is not None else None,
        "counts": scores.counts(row) if row is not None else True,
        "announced": scores.announced(row.formula, row) if row is not None else None, "products": _products(found),
        "here": reverse("dashboards:merchant", args=[public_id]), "duties": _duties(found, public_id, now),
        "weeks": weeks.wanted({}, now).weeks, "asked": weeks.wanted({}, now),
    }  # fmt: skip
    return render(request, "dashboards/merchant.html", page)


def _duties(found: one_merchant.About, public_id: str, now: datetime) -> list[dict[str, Any]]:
    asked = weeks.wanted({}, now)
    base = reverse("dashboards:merchant_duties", args=[public_id])
    rows = [*found.promises, found.together] if found.promises else []
    return [heat.line(one, asked, base) for one in rows]


def _products(found: one_merchant.About) -> list[tuple[Any, Told]]:
    return [(one, told(one.figures[products.RATES[0]], found.floor)) for one in found.products]


def case_badge(state: str) -> tuple[str, str]:
    return str(CaseState(state).label), CASE_COLOURS[CaseState(state)]


@require_GET
@needs(READ)
def beside(request: HttpRequest, public_id: str) -> HttpResponse:
    """What other rooms say of the merchant: training, measures, plans; each room shows what this reader may see."""
    shop = get_object_or_404(Merchant.objects.visible_to(request.user), public_id=public_id)
    template = (
        "dashboards/_beside.html" if request.headers.get("HX-Request") else "dashboards/merchant_beside.html"
    )
    now = timezone.now()
    page = {
        "title": shop.name, "shop": shop, "now": now, "days": one_merchant.DAYS,
        "carriers": lanes.carriers_of(shop.pk, now - timedelta(days=one_merchant.DAYS)),
        "cases": [(one, case_badge(one.state)) for one in one_merchant.open_cases(request.user, shop)],
        "proposals": [
            (one, ledger.amount_of(one), ledger.badge_of(one), words.fact(one.fact_code))
            for one in one_merchant.undecided(request.user, shop)
        ],
    }  # fmt: skip
    return render(request, template, page)


@require_GET
@needs(READ)
@one_edition()
def merchant_rows(request: HttpRequest, public_id: str, code: str) -> HttpResponse:
    """The very orders and tickets behind a metric of a merchant's score; as a sheet with ``?format=csv``."""
    shop, row, month = _scored(request, public_id)
    kept = f"month={month:%Y-%m}" if month is not None else ""
    back = reverse("dashboards:merchant", args=[public_id]) + (f"?{kept}" if kept else "")
    frame = {
        "crumbs": [(reverse("dashboards:merchants"), pgettext("figures", "Merchants")), (back, shop.name)],
        "keep": f"&{kept}" if kept else "",
    }  # fmt: skip
    return score_rows_answer(request, code, row, frame)
