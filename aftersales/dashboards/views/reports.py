"""Reports on schedule: which I get, what they said, and the workbook."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Team
from aftersales.core import events
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.dashboards import reporting, services
from aftersales.dashboards.files import XLSX
from aftersales.dashboards.models import Report, ReportPlan
from aftersales.dashboards.pages import pages
from aftersales.dashboards.states import Period

SHOWN = 60


@require_GET
@needs("dashboards.view")
def reports(request: HttpRequest) -> HttpResponse:
    """My plans and the newest reports."""
    made = Report.objects.visible_to(request.user).defer("content").select_related("plan__team")
    context = {
        "title": pgettext("figures", "Reports"), "pages": pages(request.user, "dashboards:reports"),
        "plans": ReportPlan.objects.visible_to(request.user).active().select_related("team").order_by("id"),
        "reports": made.order_by("-last_day", "-id")[:SHOWN], "periods": Period.choices, "hours": services.HOURS,
        "teams": Team.objects.visible_to(request.user).active(),
    }  # fmt: skip
    return render(request, "dashboards/reports.html", context)


@require_POST
@needs("dashboards.view")
def plan(request: HttpRequest) -> HttpResponse:
    """Ask for a report."""
    post, now = request.POST, timezone.now()
    key, hour = whole(post.get("team")), whole(post.get("hour"))
    team = Team.objects.visible_to(request.user).active().filter(pk=key).first() if key else None
    answered(
        lambda: services.plan_make(
            period=post.get("period", ""),
            team=team,
            hour=-1 if hour is None else hour,
            actor=request.user,
            now=now,
        ),
        request,
        _("You will get this report; the last one is being made."),
    )
    return redirect("dashboards:reports")


@require_POST
@needs("dashboards.view")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """No more of these."""
    found = ReportPlan.objects.visible_to(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    answered(
        lambda: services.plan_end(plan=found, actor=request.user, now=timezone.now()),
        request,
        _("This report ends."),
    )
    return redirect("dashboards:reports")


def _report(request: HttpRequest, public_id: str) -> Report:
    rows = Report.objects.visible_to(request.user).select_related("plan__owner", "plan__team")
    found: Report | None = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@needs("dashboards.view")
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    """One report as a page that prints well."""
    found = _report(request, public_id)
    return render(request, "dashboards/report.html", _page(found))


def _page(found: Report, draft: str | None = None) -> dict[str, Any]:
    return {
        "title": str(found), "report": found, "sections": reporting.sections(found),
        "draft": found.comment if draft is None else draft,
    }  # fmt: skip


@require_POST
@needs("dashboards.view")
def comment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep my words beside the figures; what was typed stays when it is refused."""
    found, text = _report(request, public_id), request.POST.get("comment", "")
    saved = answered(
        lambda: services.report_comment(
            report=found,
            text=text,
            actor=request.user,
            now=timezone.now(),
            version=whole(request.POST.get("version")),
        ),
        request,
        _("The comment is kept."),
    )
    if saved is None:
        return render(request, "dashboards/report.html", _page(found, text), status=422)
    return redirect("dashboards:report", public_id)


@require_GET
@needs("dashboards.view")
def workbook(request: HttpRequest, public_id: str) -> HttpResponse:
    """The same tables as a workbook; taking it out leaves a trace."""
    found = _report(request, public_id)
    events.record("report.exported", subject=found, actor=request.user, now=timezone.now())
    response = HttpResponse(reporting.workbook(found, str(found)), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="report-{found.last_day}.xlsx"'
    return response
