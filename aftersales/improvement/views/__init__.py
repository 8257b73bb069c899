"""Early warning: the list, one warning with everything behind it, the monthly list to buying and quality."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.posted import day_of, whole
from aftersales.core.sheets import exporting
from aftersales.core.sheets.views import exported
from aftersales.improvement import pages, selectors, services
from aftersales.improvement.machine import HANDLE
from aftersales.improvement.models import Warning, WarningAsk
from aftersales.improvement.sheets import WarningList
from aftersales.improvement.states import Surged, WarningState

READ = "improvement.open"


@needs(READ)
@require_GET
def warnings(request: HttpRequest) -> HttpResponse:
    """What surged, the strongest first, each with what it explains."""
    now, state, kind = timezone.now(), request.GET.get("state", "")[:12], request.GET.get("kind", "")[:8]
    at = max(0, min(whole(request.GET.get("page")) or 0, 1000))
    rows, more = selectors.listed(request.user, state=state, kind=kind, page=at)
    counts = selectors.counts(request.user, kind)
    page = {
        "title": pgettext("surge", "Early warning"), "now": now, "rows": [pages.row(one, now) for one in rows],
        "more": at + 1 if more else None, "state": state, "kind": kind, "kinds": Surged.choices,
        "states": pages.states(counts), "open_count": counts[""],
        "learned": selectors.learned(request.user, now), "tab": "warnings",
    }  # fmt: skip
    return render(request, "improvement/warnings.html", page)


@needs("core.export_warnings")
@require_GET
def warnings_sheet(request: HttpRequest, fmt: str) -> HttpResponse:
    """The list as a sheet: what this person may see, of one month where it is named."""
    if fmt not in exporting.FORMATS:
        raise Http404
    rows = Warning.objects.visible_to(request.user)
    month = _month(request)
    if month is not None:
        rows = rows.filter(pk__in=[one.pk for one in selectors.of_month(request.user, month)])
    return exported(request, rows, WarningList.sheet, fmt, filtered=request.GET.urlencode())


def _month(request: HttpRequest) -> date | None:
    return day_of(f"{(request.GET or request.POST).get('month', '')}-01")


@needs(READ)
@require_GET
def warning(request: HttpRequest, number: str) -> HttpResponse:
    """One warning: its days and limits, the tickets behind it, what moved with it, what was asked and answered."""
    rows = Warning.objects.visible_to(request.user).select_related(
        "merchant__manager", "product", "taken_by", "closed_by"
    )
    row = get_object_or_404(rows, number=number)
    page = pages.one(row, request.user, timezone.now(), after=whole(request.GET.get("before")))
    return render(request, "improvement/warning.html", page | {"tab": "warnings"})


@needs(HANDLE)
@require_POST
def act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Look into it, ask for action, close it."""
    row = get_object_or_404(Warning.objects.visible_to(request.user), number=number)
    acts = _acts(row, request, request.user)
    if name not in acts:
        raise Http404
    answered(acts[name], request, _("Recorded."))
    return redirect("improvement:warning", number)


def _acts(row: Warning, request: HttpRequest, actor: Any) -> dict[str, Callable[[], Any]]:
    now, words = timezone.now(), request.POST.get("words", "")[:1001]
    return {
        "acknowledge": lambda: services.warning_acknowledge(warning=row, actor=actor, now=now),
        "ask": lambda: services.warning_ask(
            warning=row, of=request.POST.get("of", "")[:8], words=words, actor=actor, now=now
        ),
        "close_true": lambda: services.warning_close(warning=row, outcome="true", done=words, actor=actor, now=now),
        "close_lasting": lambda: services.warning_close(
            warning=row, outcome="lasting", done=words, since=day_of(request.POST.get("since")), actor=actor, now=now
        ),
        "close_false": lambda: services.warning_close(warning=row, outcome="false", done=words, actor=actor, now=now),
    }  # fmt: skip


@needs(HANDLE)
@require_POST
def answer(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take down what was answered."""
    asks = WarningAsk.objects.visible_to(request.user).select_related("warning")
    ask = get_object_or_404(asks, public_id=public_id)
    answered(
        lambda: services.ask_answer(
            ask=ask, answer=request.POST.get("words", "")[:2001], actor=request.user, now=timezone.now()
        ),
        request, _("The answer is taken down."),
    )  # fmt: skip
    return redirect("improvement:warning", ask.warning.number)


@needs(READ)
@require_GET
def month(request: HttpRequest) -> HttpResponse:
    """The monthly list to buying and quality, to print or to take out."""
    now = timezone.now()
    chosen = _month(request) or timezone.localdate(now).replace(day=1)
    rows = selectors.of_month(request.user, chosen)
    page = {
        "title": pgettext("surge", "Monthly list to buying and quality"), "now": now, "month": chosen,
        "rows": [pages.month_row(one) for one in rows], "may_send": request.user.has_perm(HANDLE), "tab": "month",
        "kinds": WarningState.choices,
    }  # fmt: skip
    return render(request, "improvement/month.html", page)


@needs(HANDLE)
@require_POST
def month_send(request: HttpRequest) -> HttpResponse:
    """Ask buying and quality about every open warning of goods and merchants, once a month."""
    chosen = _month(request)

    def sent() -> int:
        if chosen is None:
            raise DomainError(_("Choose the month of the list."), "month")
        words = request.POST.get("words", "")[:1001]
        return services.list_send(month=chosen, words=words, actor=request.user, now=timezone.now())

    asked = answered(sent, request)
    if asked is not None:
        words = ngettext("%(n)s question was asked.", "%(n)s questions were asked.", asked) % {"n": asked}
        answered(lambda: None, request, words)
    response: HttpResponse = redirect("improvement:month")
    if chosen is not None:
        response["Location"] += f"?month={chosen:%Y-%m}"
    return response
