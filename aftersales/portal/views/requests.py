"""Small requests (R4.0) that customers made and the merchant owes: list, one of them, its answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from aftersales.cases.models import ServiceRequest
from aftersales.cases.services.requests import request_finish, request_look, request_refuse
from aftersales.core import origin
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole as whole_number
from aftersales.portal import requests
from aftersales.portal.scope import acting_page, merchant_page, reading

from .today import WORK


@needs(WORK)
@merchant_page
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What customers ask of the shop besides returns, by its time; and what became of it."""
    now, turn = timezone.now(), request.GET.get("turn", "")
    turn = turn if turn in requests.TURNS else "mine"
    rows, more = requests.listed(
        requests.own_requests(request), turn, whole_number(request.GET.get("before")), now
    )
    page = {
        "title": pgettext("portal", "Small requests"), "now": now, "rows": rows, "turn": turn,
        "turns": requests.TURNS.items(), "more": urlencode({"turn": turn, "before": more}) if more else "",
    }  # fmt: skip
    return render(request, "portal/requests.html", page)


@needs(WORK)
@acting_page
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """What is asked, and the form that answers it; a whole address is shown on demand, and who looked is recorded."""
    row, form, posted = _opened(request, public_id)
    if posted and form.is_valid():
        if _run(request, row, form):
            return redirect("portal:request", public_id)
        row, _form, _posted = _opened(request, public_id)
    shown = request.POST.get("do") == "show" and _looked(request, row)
    page = {
        "title": row.get_kind_display(), "now": timezone.now(), "row": row, "form": form,
        "found": requests.whole(row, timezone.now(), shown=shown),
    }  # fmt: skip
    return render(request, "portal/request.html", page, status=422 if posted else 200)


def _opened(request: HttpRequest, public_id: str) -> tuple[ServiceRequest, requests.AnswerForm, bool]:
    with reading(request):
        rows = requests.own_requests(request).select_related("order", "line", "ticket")
        row = rows.filter(public_id=public_id).first()
    if row is None:
        raise Http404
    posted = request.method == "POST" and request.POST.get("do") != "show"
    declared = requests.KINDS[row.kind].answers
    return row, requests.AnswerForm(request.POST if posted else None, declared=declared), posted


def _looked(request: HttpRequest, row: ServiceRequest) -> bool:
    def look() -> ServiceRequest:
        with origin.coming_from("portal"):
            return request_look(request=row, actor=request.user, now=timezone.now())

    return answered(look, request) is not None


def _run(request: HttpRequest, row: ServiceRequest, form: requests.AnswerForm) -> Any:
    who: dict[str, Any] = {
        "request": row, "actor": request.user, "version": whole_number(request.POST.get("version")),
    }  # fmt: skip

    def act() -> ServiceRequest:
        words = form.cleaned_data["words"]
        with origin.coming_from("portal"):
            if form.cleaned_data["do"] == "refuse":
                return request_refuse(words=words, now=timezone.now(), **who)
            return request_finish(answers=form.details, words=words, now=timezone.now(), **who)

    return answered(act, request, pgettext("portal", "Done."))
