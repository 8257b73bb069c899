"""What waits for a merchant's people today, and every case of theirs."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.cases.states import CaseKind, CaseState
from aftersales.cases.turns import Turn
from aftersales.core.access import needs
from aftersales.core.posted import whole
from aftersales.portal import news
from aftersales.portal.cases import listing
from aftersales.portal.scope import MerchantRequest, merchant_page, own_cases

WORK = "portal.work"


@needs(WORK)
@merchant_page
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """Whose turn, until when, what if nobody acts; then what others owe, then what is new."""
    now = timezone.now()
    counted = listing.today(own_cases(request), now)
    page = {
        "title": pgettext("portal", "Today"), "now": now, "counted": counted, "words": listing.words_of(counted),
        "news": news.of(request.user, cast(MerchantRequest, request).merchant, now),
    }  # fmt: skip
    return render(request, "portal/today.html", page)


@needs(WORK)
@merchant_page
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """Every case of one's merchants, newest first, narrowed by turn, state, kind or a number."""
    now = timezone.now()
    asked = listing.wanted(request.GET.dict(), whole(request.GET.get("before")))
    rows, more = listing.cases(own_cases(request), asked, now)
    page = {
        "title": pgettext("portal", "Cases"), "now": now, "rows": rows, "asked": asked,
        "more": urlencode({**asked.query, "before": more}) if more else "",
        "turns": [*listing.TURNS, *Turn.choices], "states": CaseState.choices,
        "kinds": [one for one in CaseKind.choices if one[0] != CaseKind.COMPENSATION],
    }  # fmt: skip
    return render(request, "portal/cases.html", page)
