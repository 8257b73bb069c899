"""Measures that rules led to against the shop: why, until when, the appeal with what proves it. For owners."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import files, moves
from aftersales.core.access import answered, needs
from aftersales.portal import measurerows
from aftersales.portal.scope import MerchantRequest, owner_page, reading
from aftersales.scorecards import consequencewords as words
from aftersales.scorecards import measurepages, services
from aftersales.scorecards.consequencequerysets import OF_MERCHANT
from aftersales.scorecards.models import MeasureFile, MerchantMeasure


def _measure(request: HttpRequest, public_id: str) -> MerchantMeasure:
    rows = MerchantMeasure.objects.visible_to(request.user).select_related("merchant", "rule")
    found: MerchantMeasure = get_object_or_404(rows, public_id=public_id)
    return found


@needs(OF_MERCHANT)
@owner_page
@require_GET
def measure(request: MerchantRequest, public_id: str) -> HttpResponse:
    """Fact by fact, rule, how it was judged; the appeal while its time runs."""
    row, now = _measure(request, public_id), timezone.now()
    options = {one.move.name: one for one in moves.options(row, actor=request.user, now=now)}
    line = measurepages.line(row, now)
    page = {
        "title": row.number, "now": now, "row": row, "line": line, "counting": words.counting(row),
        "facts": measurerows.facts(row, request), "proposals": measurepages.proposals(row, request.user),
        "appeal": options.get("appeal"), "accept": files.accepted(), "files": row.files.all(),
        "why_ended": words.why_ended(row), "is_void": measurepages.is_void(row),
    }  # fmt: skip
    return render(request, "portal/measure.html", page)


@needs(OF_MERCHANT)
@owner_page
@require_POST
def appeal(request: MerchantRequest, public_id: str) -> HttpResponse:
    """Against it, with reasons and what proves them; nothing of a file stays when it is refused."""
    now = timezone.now()
    with reading(request):
        row = _measure(request, public_id)
    sent = request.FILES.getlist("files")

    def appealed() -> MerchantMeasure:
        with files.stored_for(sent, now=now) as stored:
            return services.measure_appeal(
                measure=row,
                text=request.POST.get("reason", "")[:4001],
                actor=request.user,
                now=now,
                files=stored,
            )

    answered(
        appealed,
        request,
        _("Your appeal is with us. Another person decides; until then the measure goes on."),
    )
    return redirect("portal:measure", public_id)


@needs(OF_MERCHANT)
@owner_page
@require_GET
def file(request: MerchantRequest, public_id: str) -> HttpResponseBase:
    """A file that the shop brought with its appeal."""
    row = get_object_or_404(MeasureFile.objects.visible_to(request.user), public_id=public_id)
    return files.serve(row, request)
