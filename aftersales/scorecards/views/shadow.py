"""Shadow runs: choose a period and drafts, see what would have been different; nothing is sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.posted import day_of, whole
from aftersales.core.sheets.views import attachment
from aftersales.scorecards import services
from aftersales.scorecards import shadowpages as pages
from aftersales.scorecards.models import ShadowRun
from aftersales.scorecards.services import Tried
from aftersales.scorecards.services.shadow import SIMULATE, last_quarter
from aftersales.scorecards.shadow.others import MOST
from aftersales.scorecards.simulationpages import days_played, job_of

READ = "scorecards.view_trials"
BOOKS = ("intake", "grading", "routes")


@require_GET
@needs(READ)
def index(request: HttpRequest) -> HttpResponse:
    """The runs, and the form for another one."""
    return render(request, "scorecards/shadow.html", _index(request, None))


def _index(request: HttpRequest, posted: QueryDict | None) -> dict[str, Any]:
    now = timezone.now()
    typed = posted or QueryDict()
    since, until = last_quarter(now)
    may = request.user.has_perm(SIMULATE)
    waits = pages.waiting(request.user) if may else {}
    if posted is not None:
        waits["books"] = [(name, words, typed.get(name, text)) for name, words, text in waits["books"]]
    return {
        "title": pgettext("shadow", "Shadow runs"), "now": now, "runs": pages.runs(request.user), "may": may,
        "since": typed.get("since") or f"{since}", "until": typed.get("until") or f"{until}",
        **waits,
    }  # fmt: skip


@require_POST
@needs(SIMULATE)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a run; a job plays it. What was typed stays on the page when it is refused."""
    run = answered(lambda: _ask(request), request)
    if run is None:
        return render(request, "scorecards/shadow.html", _index(request, request.POST), status=422)
    return redirect("shadow:run", run.public_id)


def _ask(request: HttpRequest) -> ShadowRun:
    posted = request.POST
    since, until = day_of(posted.get("since")), day_of(posted.get("until"))
    if since is None or until is None:
        raise DomainError(_("Give the first and the last day."), "period")
    tried = Tried(
        standards=_keys(posted, "standard"), rungs=_keys(posted, "rung"), weights=whole(posted.get("weights")),
        formula=whole(posted.get("formula")), books={name: posted.get(name, "")[:200_000] for name in BOOKS},
    )  # fmt: skip
    return services.shadow_ask(since=since, until=until, tried=tried, actor=request.user, now=timezone.now())


def _keys(posted: QueryDict, name: str) -> tuple[int, ...]:
    return tuple(key for text in posted.getlist(name)[:200] if (key := whole(text)) is not None)


@require_GET
@needs(READ)
def run(request: HttpRequest, public_id: str) -> HttpResponse:
    """One run: headline figures, sums by promise and by whom, differences with links to their tickets."""
    rows = ShadowRun.objects.visible_to(request.user).select_related("by", "formula__formula")
    row, now = get_object_or_404(rows, public_id=public_id), timezone.now()
    counts = pages.whole(row)
    if counts is not None and request.GET.get("format") == "csv":
        text = pages.sheet(row, request.user, now)
        return attachment(
            HttpResponse(text, content_type="text/csv; charset=utf-8"), f"shadow-{row.since}.csv"
        )
    return render(request, "scorecards/shadow_run.html", _run_page(request, row, counts, now))


def _run_page(request: HttpRequest, row: ShadowRun, counts: Any, now: Any) -> dict[str, Any]:
    page = {
        "title": pgettext("shadow", "Shadow run %(since)s – %(until)s") % {"since": row.since, "until": row.until},
        "run": row, "now": now, "counts": counts, "tried": pages.tried(row),
        "job": job_of(row) if counts is None else None,
    }  # fmt: skip
    if counts is None:
        return page
    has_scores = "formula" in row.drafts and bool(days_played(row))
    return page | {"has_scores": has_scores} | _sums(counts) | _differences(request, row, now)


def _sums(counts: Any) -> dict[str, Any]:
    return {
        "tiles": pages.tiles(counts), "fidelity": pages.fidelity(counts), "by_promise": pages.by_promise(counts),
        "by_debtor": pages.by_debtor(counts), "moves": pages.moves(counts),
        "before_after": pages.before_after(counts), "number": counts.get("tickets", {}).get("n", 0),
    }  # fmt: skip


def _differences(request: HttpRequest, row: ShadowRun, now: Any) -> dict[str, Any]:
    topics = pages.topics(row)
    known = [code for code, _label, _n in topics]
    topic = request.GET.get("topic", "")
    if topic not in known:
        topic = known[0] if known else ""
    group = request.GET.get("group", "")[:80]
    found, after = pages.lines(row, topic, group, whole(request.GET.get("after")) or 0, request.user, now)
    here = {"topic": topic, "group": group}
    return {
        "topic": topic, "group": group, "lines": found, "more": urlencode(here | {"after": after}) if after else "",
        "topics": [(code, label, n, urlencode({"topic": code})) for code, label, n in topics],
        "groups": [(code, label, n, urlencode({"topic": topic, "group": code}))
                   for code, label, n in (pages.groups(row, topic) if topic else [])],
        "most": MOST,
    }  # fmt: skip
