"""The daily exception report: what went beyond the ordinary, and what still waits for a second person."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.core.posted import day_of
from aftersales.dashboards.pages import pages
from aftersales.dashboards.selectors import exceptions as selectors
from training.selectors import waiting_exceptions


@require_GET
@needs("dashboards.exceptions")
def exceptions(request: HttpRequest) -> HttpResponse:
    """One day; without a day in the address, today so far."""
    today = timezone.localdate(timezone.now())
    day, problem = _day(request.GET.get("day", ""), today)
    groups = selectors.of_day(day, request.user)
    context = {
        "title": pgettext("figures", "Exceptions"), "day": day, "today": today, "problem": problem,
        "before": day - timedelta(days=1), "after": day + timedelta(days=1) if day < today else None,
        "groups": groups, "total": sum(len(lines) for _group, lines in groups),
        "waiting": waiting_exceptions(request.user), "most": selectors.MOST,
        "pages": pages(request.user, "dashboards:exceptions"),
    }  # fmt: skip
    return render(request, "dashboards/exceptions.html", context)


def _day(text: str, today: date) -> tuple[date, bool]:
    """The day asked for; today, and that something was wrong, where it is none or still to come."""
    if not text:
        return today, False
    day = day_of(text)
    return (day, False) if day is not None and day <= today else (today, True)
