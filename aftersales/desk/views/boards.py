"""The boards of cases."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.cases.states import CaseKind, Ground
from aftersales.core.access import needs
from aftersales.desk import boards


@require_GET
@needs("cases.view_case")
def cases(request: HttpRequest) -> HttpResponse:
    """A page of a board; it opens as it was left."""
    kept = request.session.get(boards.KEPT, "")
    if not request.GET and kept:
        return HttpResponseRedirect(f"{reverse('desk:cases')}?{kept}")
    asked, now = boards.wanted(request), timezone.now()
    _keep(request, asked, kept)
    rows, more = boards.page(request.user, asked, now)
    numbers = boards.counts(request.user)
    context = {
        "title": pgettext("navigation", "Returns and refunds"), "now": now, "rows": rows, "more": more, "asked": asked,
        "tabs": [
            (code, label, boards.counted(numbers[code]) if code in numbers else "")
            for code, label in boards.BOARDS.items()
        ],
        "kinds": CaseKind.choices, "grounds": Ground.choices,
    }  # fmt: skip
    return render(request, "desk/cases/boards.html", context)


def _keep(request: HttpRequest, asked: boards.Wanted, kept: str) -> None:
    """The board and its filters stay with the person's session."""
    query = request.GET.copy()
    for name in set(query) - {"board", *boards.FILTERS}:
        del query[name]
    state = query.urlencode()[:300]
    if state and state != kept:
        request.session[boards.KEPT] = state
