"""Reconciliation: statements compared with our payments, each difference worked off."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.cases import services
from aftersales.cases.models import Difference
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import reconciling


@require_GET
@needs("cases.view_reconciliation")
def reconciliation(request: HttpRequest) -> HttpResponse:
    """Sources that told something, and a page of differences."""
    asked = request.GET.get("view", "open")
    view = asked if asked in reconciling.VIEWS else "open"
    rows, more = reconciling.differences(request.user, view, before=whole(request.GET.get("before")))
    context = {
        "title": _("Reconciliation"), "now": timezone.now(), "view": view, "views": reconciling.VIEWS.items(),
        "rows": [(row, reconciling.look(row)) for row in rows], "more": rows[-1].pk if more else None,
        "sources": reconciling.sources(request.user), "comparisons": reconciling.comparisons(request.user),
    }  # fmt: skip
    return render(request, "desk/reconciliation.html", context)


@require_POST
@needs("cases.reconcile")
def compare(request: HttpRequest) -> HttpResponse:
    """Compare what one source told with our payments."""
    source = request.POST.get("source", "")[:40]
    found: Any = answered(
        lambda: services.statement_compare(source=source, actor=request.user, now=timezone.now()), request
    )
    if found is not None:
        answered(lambda: None, request, _compared(found))
    return redirect("desk:reconciliation")


def _compared(found: int) -> str:
    return ngettext("%(found)d new difference.", "%(found)d new differences.", found) % {"found": found}


@require_POST
@needs("cases.reconcile")
def difference_act(request: HttpRequest, public_id: str) -> HttpResponse:
    """Explain one, say that it was put right, or look again."""
    row = Difference.objects.visible_to(request.user).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    answered(lambda: _perform(request, row), request, _("Done."))
    return redirect("desk:reconciliation")


def _perform(request: HttpRequest, row: Difference) -> Any:
    how: dict[str, Any] = {"difference": row, "actor": request.user, "now": timezone.now()}
    how["version"] = whole(request.POST.get("version"))
    if request.POST.get("act") == "reopen":
        return services.difference_reopen(**how)
    corrected = request.POST.get("act") == "correct"
    return services.difference_explain(**how, words=request.POST.get("words", ""), corrected=corrected)
