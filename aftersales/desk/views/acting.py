"""Acts on many tickets: planned with what each of them will say, done once, with a result for each row."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import once
from aftersales.core.access import answered, needs
from aftersales.desk import bulk, bulkplan, steps
from aftersales.desk.views.bulk import back, tell
from aftersales.tickets.models import ActionRun, Macro
from aftersales.tickets.services.running import actions_again, actions_begin
from aftersales.tickets.states import RowOutcome

SHOWN = 500  # rows of a result
TONES = {
    "done": ("green", "tick"),
    "refused": ("red", "cross"),
    "busy": ("amber", "pause"),
    "waiting": ("grey", "dashed"),
}


@require_POST
@needs("desk.view")
def bulk_plan(request: HttpRequest) -> HttpResponse:
    """Choose what is to be done and see before the click which tickets will refuse it, and why."""
    return _planned(request)


def _planned(request: HttpRequest, status: int = 200) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    plan = bulkplan.plan(user, request.POST, now)
    shown = (
        steps.shown(plan.steps, bulk.people(user, now), steps.teams(user), plain=True) if plan.action else []
    )
    context = {
        "title": plan.title, "now": now, "plan": plan, "shown": shown,
        "what": request.POST.get("what", ""), "offered": steps.offered(user), "all": request.POST.get("all", ""),
        "macros": Macro.objects.usable_by(user), "variables": steps.variables(),
        "query": QueryDict(request.POST.get("query", "").replace("\x00", "")[:1000]).urlencode(),
        "checked": "check" in request.POST or bool(plan.macro),
        "templates": bulkplan.templates(plan, user), "template": request.POST.get("template", ""),
    }  # fmt: skip
    return render(request, "desk/bulk_plan.html", context, status=status)


@require_POST
@needs("desk.view")
def bulk_run(request: HttpRequest) -> HttpResponse:
    """Do it. The same form twice leads to the same result page."""
    now = timezone.now()
    plan = bulkplan.plan(request.user, request.POST, now)
    if not plan.steps:
        return _planned(request, 422)
    run = answered(
        lambda: actions_begin(
            steps=plan.steps, ticket_ids=plan.ids, actor=request.user, now=now, key=once.reference(request),
            macro=plan.macro, macro_seen=request.POST.get("macro_seen", ""),
        ),
        request,
    )  # fmt: skip
    at_once = "back" in request.POST  # from a bar: back to the list, unless it goes on in the background
    if run is None:
        return back(request) if at_once else _planned(request, 422)
    if at_once and run.finished_at:
        tell(request, run, plan.gone, plan.left_out)
        return back(request)
    return redirect("desk:bulk_result", run.public_id)


def _run(request: HttpRequest, public_id: str) -> ActionRun:
    found: ActionRun | None = ActionRun.objects.visible_to(request.user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@needs("desk.view")
def bulk_result(request: HttpRequest, public_id: str) -> HttpResponse:
    """What became of each ticket; while it runs the page follows it."""
    run = _run(request, public_id)
    rows = list(run.rows.select_related("ticket").order_by("id")[:SHOWN])
    order = [RowOutcome.REFUSED, RowOutcome.BUSY, RowOutcome.WAITING, RowOutcome.DONE]
    rows.sort(key=lambda row: order.index(RowOutcome(row.outcome)))
    counts = {outcome: sum(row.outcome == outcome for row in rows) for outcome in order}
    context = {
        "title": str(run), "run": run, "rows": [(row, *TONES[row.outcome]) for row in rows], "counts": counts,
        "over": counts[RowOutcome.WAITING] == 0, "past": len(rows) - counts[RowOutcome.WAITING],
        "mine": run.actor_id == request.user.pk,
    }  # fmt: skip
    fragment = request.htmx  # type: ignore[attr-defined]
    return render(request, "desk/_bulk_result.html" if fragment else "desk/bulk_result.html", context)


@require_POST
@needs("desk.view")
def bulk_again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Try those once more that somebody else held."""
    run = _run(request, public_id)
    answered(lambda: actions_again(run=run, actor=request.user, now=timezone.now()), request)
    return redirect("desk:bulk_result", public_id)
