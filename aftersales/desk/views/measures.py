"""Pages of measures against merchants: lists by whose turn it is, one measure, the traffic-weight file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import files
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.core.sheets.views import handed
from aftersales.ledger.states import Fallen
from aftersales.merchants.models import Merchant
from aftersales.scorecards import consequenceeffects, measurepages, services, weightsheets
from aftersales.scorecards import consequencewords as words
from aftersales.scorecards.consequencequerysets import VIEW
from aftersales.scorecards.measurepages import Tab
from aftersales.scorecards.models import MeasureFile, MerchantMeasure
from aftersales.scorecards.rectification.selectors import may_rectify
from aftersales.scorecards.services.weights import TAKE


@needs(VIEW)
@require_GET
def measures(request: HttpRequest) -> HttpResponse:
    """Measures by whose turn it is; of one merchant with what stands against him."""
    now, tab = timezone.now(), request.GET.get("tab", "")
    shop = _shop(request)
    if tab not in Tab.values:
        tab = Tab.ALL if shop is not None else Tab.STANDING
    rows = measurepages.of_tab(tab, request.user, now)
    rows = rows.filter(merchant=shop) if shop is not None else rows
    listed, more = measurepages.lines(rows, now, before=whole(request.GET.get("before")), tab=tab)
    page = {
        "title": pgettext("scorecards", "Measures against merchants"), "now": now, "rows": listed, "more": more,
        "tab": tab, "tabs": measurepages.tabs(request.user, now), "shop": shop,
        "held": consequenceeffects.effects(shop, now) if shop is not None else None,
    }  # fmt: skip
    return render(request, "scorecards/measures.html", page)


def _shop(request: HttpRequest) -> Merchant | None:
    code = request.GET.get("merchant", "")[:60]
    if not code:
        return None
    found: Merchant = get_object_or_404(Merchant.objects.visible_to(request.user), code=code)
    return found


def _measure(request: HttpRequest, number: str) -> MerchantMeasure:
    rows = MerchantMeasure.objects.visible_to(request.user).select_related("merchant", "rule", "rests_on")
    found: MerchantMeasure = get_object_or_404(rows, number=number)
    return found


@needs(VIEW)
@require_GET
def measure(request: HttpRequest, number: str) -> HttpResponse:
    """One measure: fact by fact down to the rows, how it was judged, its ladder, the appeal, what may be done now."""
    row, now = _measure(request, number), timezone.now()
    page = {
        "title": row.number, "now": now, "row": row, "line": measurepages.line(row, now),
        "counting": words.counting(row), "facts": measurepages.facts(row, request.user),
        "acts": measurepages.acts(row, request.user, now), "files": row.files.select_related("by"),
        "proposals": measurepages.proposals(row, request.user), "led_to": row.led_to.order_by("pk"),
        "happened": measurepages.happened(row), "accept": files.accepted(),
        "may_rectify": row.begins_at is not None and may_rectify(request.user, row.merchant),
        "why_ended": words.why_ended(row), "is_void": measurepages.is_void(row),
        "grounds": Fallen.choices, "rule_url": row.citation.removeprefix(words.RULES).partition(" v"),
    }  # fmt: skip
    return render(request, "scorecards/measure.html", page)


Step = Callable[..., Any]
ACTS: Mapping[str, tuple[str, Step]] = {
    "impose": ("impose", lambda text, **who: services.measure_impose(reason=text, **who)),
    "withdraw": ("impose", lambda text, **who: services.measure_withdraw(reason=text, **who)),
    "appeal": ("appeal_measure", lambda text, **who: services.measure_appeal(text=text, **who)),
    "uphold": ("hear_measure", lambda text, **who: services.measure_hear(upheld=True, answer=text, **who)),
    "overturn": ("hear_measure", lambda text, **who: services.measure_hear(upheld=False, answer=text, **who)),
    "lift": ("impose", lambda text, **who: services.measure_lift(reason=text, **who)),
}


@needs(VIEW)
@require_POST
def act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One step of a measure."""
    row = _measure(request, number)
    capability, step = ACTS.get(name, ("", None))
    if step is None or not request.user.has_perm(f"scorecards.{capability}"):
        raise Http404
    text, now = request.POST.get("reason", "")[:4001], timezone.now()
    sent = request.FILES.getlist("files") if name == "appeal" else []
    why = {"fell_by": request.POST.get("fell_by", "")[:12]} if name == "overturn" else {}
    answered(lambda: _step(step, text, row, sent, request.user, now, **why), request, _("Done."))
    return redirect("measures:measure", number)


def _step(
    step: Step, text: str, row: MerchantMeasure, sent: list[Any], actor: Any, now: datetime, **why: str
) -> Any:
    """The step with what was brought; nothing of a file stays when the step is refused."""
    with files.stored_for(sent, now=now) as stored:
        more: dict[str, Any] = {"files": stored, **why} if stored else why
        return step(text, measure=row, actor=actor, now=now, **more)


@needs(VIEW)
@require_GET
def measure_file(request: HttpRequest, public_id: str) -> FileResponse:
    """A file that came with an appeal."""
    row = get_object_or_404(MeasureFile.objects.visible_to(request.user), public_id=public_id)
    return files.serve(row, request)


@needs(VIEW)
@require_GET
def weights(request: HttpRequest) -> HttpResponse:
    """What share of its traffic each shop gets, by which version, since when; first those that get less."""
    now, everybody = timezone.now(), request.GET.get("all") == "1"
    rows = weightsheets.weights(now, only_less=not everybody)
    page = {
        "title": pgettext("scorecards", "Traffic weights"), "now": now, "rows": rows[:500], "number": len(rows),
        "everybody": everybody, "taken": measurepages.weights_taken(), "may_take": request.user.has_perm(TAKE),
    }  # fmt: skip
    return render(request, "scorecards/weights.html", page)


@needs(TAKE)
@require_POST
def weights_file(request: HttpRequest) -> HttpResponseBase:
    """The file for the traffic system, as CSV or XLSX; who took it is kept."""
    now, fmt = timezone.now(), request.POST.get("fmt", "xlsx")
    taken = answered(lambda: services.weights_take(fmt=fmt, actor=request.user, now=now), request)
    return handed(BytesIO(taken.content), taken.name) if taken else redirect("measures:weights")
