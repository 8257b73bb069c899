"""Pages of pay and settlement sheets: made, downloaded, what was paid, what differs."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.posted import day_of, whole
from aftersales.ledger import exportrows, selectors, services, statementpages, statements
from aftersales.ledger.models import Export, ExportGap
from aftersales.ledger.paidstates import ExportKind

READ = "ledger.view_export"


@needs(READ)
@require_GET
def exports(request: HttpRequest) -> HttpResponse:
    """Every sheet with how far it is paid."""
    now = timezone.now()
    rows, more = statementpages.sheets(request.user, before=whole(request.GET.get("before")))
    over = [month for month in statements.months_to_choose(now) if selectors.month_end(month) <= now]
    page = {
        "title": pgettext("ledger", "Pay and settlement sheets"), "now": now, "rows": rows, "more": more,
        "months": over, "choices": statementpages.choices(), "may_make": request.user.has_perm("ledger.export"),
    }  # fmt: skip
    return render(request, "ledger/exports.html", page)


@needs("ledger.export")
@require_POST
def export_make(request: HttpRequest) -> HttpResponse:
    """The sheet of a month; asked again it is the same one or holds the difference."""
    kind, _sep, unit = request.POST.get("what", "").partition(":")
    month = day_of(f"{request.POST.get('month', '')}-01")
    if kind not in ExportKind.values or month is None or not unit:
        raise Http404
    made = answered(
        lambda: services.export_make(kind=kind, month=month, unit=unit[:8], actor=request.user, now=timezone.now()),
        request,
    )  # fmt: skip
    if made is None:
        return redirect("ledger:exports")
    row, is_new = made
    words = _("The sheet is made.") if is_new else _("Nothing changed since: this is the sheet of the month.")
    answered(lambda: row, request, words)
    return redirect("ledger:export", row.number)


@needs(READ)
@require_GET
def export(request: HttpRequest, number: str) -> HttpResponse:
    """One sheet: its lines, what was said of each, and what does not agree."""
    row = get_object_or_404(Export.objects.visible_to(request.user).select_related("made_by"), number=number)
    lines = list(row.rows.select_related("account", "gap", "export").prefetch_related("told").order_by("key"))
    parts = Export.objects.filter(kind=row.kind, month=row.month, unit=row.unit).order_by("part")
    page = {
        "title": row.number, "now": timezone.now(), "one": statementpages.sheet(exportrows.standings([row])[0]),
        "row": row, "others": [one for one in parts if one.pk != row.pk],
        "lines": statementpages.sheet_lines(row, lines), "may_work": request.user.has_perm("ledger.export"),
        "me": request.user.pk,
    }  # fmt: skip
    return render(request, "ledger/export.html", page)


@needs(READ)
@require_POST
def export_file(request: HttpRequest, number: str) -> HttpResponse:
    """Download the file; who did is recorded."""
    row = get_object_or_404(Export.objects.visible_to(request.user), number=number)
    content = answered(
        lambda: services.export_fetch(export=row, actor=request.user, now=timezone.now()), request
    )
    if content is None:
        return redirect("ledger:export", number)
    name = f"{row.number}-{row.kind}-{row.month:%Y-%m}-{row.part}.csv"
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


@needs("ledger.export")
@require_POST
def gap_explain(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what a difference was."""
    gap = get_object_or_404(
        ExportGap.objects.visible_to(request.user).select_related("line__export"), public_id=public_id
    )
    answered(
        lambda: services.gap_explain(
            gap=gap, words=request.POST.get("words", "")[:501], actor=request.user, now=timezone.now()
        ),
        request, _("The difference is explained."),
    )  # fmt: skip
    return redirect("ledger:export", gap.line.export.number)
