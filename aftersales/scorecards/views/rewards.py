"""The monthly run: every rule of a month, the dry run of one, the rows behind a figure, the proposals."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.posted import day_of, whole
from aftersales.core.sheets.views import attachment
from aftersales.ledger import incentives
from aftersales.ledger.models import IncentiveVersion
from aftersales.scorecards import pages as scores
from aftersales.scorecards import rewardpages as pages
from aftersales.scorecards import services
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.rewards import asking, selectors
from aftersales.scorecards.selectors import PAGE, rows_behind
from aftersales.scorecards.services.months import RUN, may_ask
from aftersales.scorecards.states import Direction

READ = "scorecards.view_own"


@require_GET
@needs(READ)
def months(request: HttpRequest) -> HttpResponse:
    """Every rule that hangs on a figure in one month that is over: what came of it, or what would."""
    now = timezone.now()
    listed = pages.months(now)
    month = _month(request.GET.get("month", ""))
    month = month if month in listed else listed[0]
    page = {
        "title": pgettext("monthly run", "Monthly run"), "now": now, "month": month, "months": listed,
        "lines": pages.overview(request.user, month, now),
    }  # fmt: skip
    return render(request, "scorecards/months.html", page)


def _month(text: str) -> date | None:
    return day_of(f"{text}-01")


def _version(request: HttpRequest, code: str, month: str) -> tuple[IncentiveVersion, date, bool, int | None]:
    """The version that judges the month, or the one asked for with ``?v=``; whether it does; the number asked for."""
    first, number = _month(month), whole(request.GET.get("v"))
    if first is None or first not in pages.months(timezone.now()):
        raise Http404
    listed = {one.rule.code: (one, is_in) for one, is_in in pages.versions_of(first)}
    if code not in listed:
        raise Http404
    version, is_in = listed[code]
    if number is None or number == version.number:
        return version, first, is_in, None
    rows = IncentiveVersion.objects.select_related("rule").exclude(terms={})
    return get_object_or_404(rows, rule__code=code, number=number), first, False, number


@require_GET
@needs(READ)
def rule(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """One rule in one month: who gets what and why, who nothing and why; as a sheet with ``?format=csv``."""
    version, first, is_in, number = _version(request, code, month)
    found = pages.shown(request.user, version, first, number=number)
    if request.GET.get("format") == "csv":
        text = pages.sheet(found, pages.rows_of(found, found.judged, request.user, number))
        return attachment(HttpResponse(text, content_type="text/csv; charset=utf-8"), f"{code}-{month}.csv")
    which, tabs = pages.tabs(found, request.GET.get("which", ""))
    listed, after = pages.page_of(found, request.user, which, whole(request.GET.get("after")), number)
    page = _about(request, found, is_in) | {
        "number": number, "which": which, "tabs": tabs, "rows": listed, "after": after,
    }  # fmt: skip
    return render(request, "scorecards/month.html", page)


def _about(request: HttpRequest, found: pages.Shown, is_in: bool) -> dict[str, Any]:
    now, version, run = timezone.now(), found.version, found.run
    is_in = is_in or run is not None
    settles = selectors.settled(version, found.month)
    since, until = asking.span(version, found.month, dry=not is_in)
    is_ready = is_in and now >= settles and (run is None or run.done_at is None)
    return {
        "title": version.rule.name, "now": now, "version": version, "month": found.month, "run": run, "is_in": is_in,
        "badge": pages.state_of(version, found.month, run, now, is_in=is_in), "looked": found.looked,
        "says": incentives.raised_by(version), "gives": incentives.gives(version), "since": since, "until": until,
        "settles": settles, "runs_at": selectors.runs_at(version, found.month),
        "may_run": is_ready and may_ask(request.user, version.rule.party),
        "has_scores": selectors.has_scores(version, found.month),
        "sees": run is not None or pages.sees_all(request.user, version.rule.party),
        "is_score": asking.asked(version).metric is None, "months": pages.months(now),
    }  # fmt: skip


@require_POST
@needs(RUN)
def run(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """Ask for the proposals of a month after the dry run."""
    version, first, _is_in, _number = _version(request, code, month)
    answered(
        lambda: services.month_ask(version=version, month=first, actor=request.user, now=timezone.now()),
        request, _("The proposals are being made; they stand here in a moment."),
    )  # fmt: skip
    return redirect("rewards:rule", code, month)


@require_GET
@needs(READ)
def rows(request: HttpRequest, code: str, month: str, party: int, metric_code: str) -> HttpResponse:
    """The very orders and tickets behind a figure of a party; as a sheet with ``?format=csv``."""
    version, first, is_in, number = _version(request, code, month)
    found = pages.shown(request.user, version, first, number=number)
    one = next((row for row in found.judged if row.party_id == party), None)
    if one is None or metric_code not in {proof.code for proof in one.proofs}:
        raise Http404
    opened = _opened(request, found, one, metric_code, is_in)
    named = scores.called(opened["found"], request.user)
    told = scores.behind_figure(metric(metric_code), opened["found"], named, opened["within"])
    if request.GET.get("format") == "csv":
        answer = HttpResponse(scores.sheet(told), content_type="text/csv; charset=utf-8")
        return attachment(answer, f"{code}-{month}-{metric_code}.csv")
    (row,) = pages.rows_of(found, [one], request.user, number)
    keep = f"&v={number}" if number is not None else ""
    page = opened | {
        "title": metric(metric_code).name, "meaning": metric(metric_code).meaning, "version": found.version,
        "rows": told, "row": row, "keep": keep, "now": timezone.now(), "month": first,
        "back": reverse("rewards:rule", args=[code, month]) + (f"?v={number}" if number is not None else ""),
    }  # fmt: skip
    return render(request, "scorecards/month_rows.html", page)


def _opened(request: HttpRequest, found: pages.Shown, one: Any, code: str, is_in: bool) -> dict[str, Any]:
    """A page of the rows of the window, and where the next one begins."""
    asked = scores.rows_wanted(request.GET.dict())
    _sort, kind, own = asking.of_trigger(found.version.trigger)
    terms = asking.asked(found.version).terms
    within = terms.within if code == own else 0
    proof = next(row for row in one.proofs if row.code == code)
    is_dry = not (is_in or found.run is not None)
    since, until = selectors.days_of(found.version, found.month, proof, dry=is_dry)
    is_neither = metric(code).direction == Direction.NEITHER
    which = "all" if is_neither and asked.which == "bad" else asked.which
    size = scores.MOST_ROWS if asked.whole else PAGE
    listed = list(
        rows_behind(
            code=code, kind=kind, subject=one.subject_id, since=since, until=until,
            which="" if which == "all" else which, within=within, after=asked.after, page=size + 1,
        )
    )  # fmt: skip
    last = listed[size - 1] if len(listed) > size else None
    labels = {
        "bad": pgettext("score", "Count against"), "excluded": pgettext("score", "Excluded"),
        "all": pgettext("score", "All"),
    }  # fmt: skip
    return {
        "found": listed[:size], "within": within, "since": since, "until": until, "which": which,
        "tabs": list(labels.items()), "after": f"{last.at.isoformat()}_{last.id}" if last is not None else "",
    }  # fmt: skip
