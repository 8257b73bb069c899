"""The integrity page: signs that a figure was made to look better than the work was, each with its tickets."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET

from accounts.models import User
from aftersales.core.access import needs
from aftersales.core.posted import whole
from aftersales.dashboards import ranges
from aftersales.dashboards.pages import pages
from aftersales.dashboards.selectors import integrity as selectors


@require_GET
@needs("dashboards.integrity")
def integrity(request: HttpRequest) -> HttpResponse:
    """All signs of a range, and who stands behind them against what each resolved."""
    asked = ranges.asked(request, timezone.now())
    signs = selectors.signs(asked.scope, asked.compare)
    resolved = selectors.resolved_by(asked.scope)
    context = {
        "title": pgettext("figures", "Integrity"), "asked": asked, "teams": ranges.teams_of(request.user),
        "pages": pages(request.user, "dashboards:integrity"),
        "signs": [_card(sign, asked) for sign in signs],
        "people": [_row(user, counts, resolved, signs, asked) for user, counts in selectors.people_of(signs)],
    }  # fmt: skip
    return render(request, "dashboards/integrity.html", context)


def counted(tickets: int, times: int) -> str:
    """Both units in words: on how many tickets, how often."""
    words = ngettext("%(n)s ticket", "%(n)s tickets", tickets) % {"n": tickets}
    often = ngettext("%(n)s time", "%(n)s times", times) % {"n": times}
    return _("%(tickets)s · %(times)s") % {"tickets": words, "times": often}


def _url(code: str, asked: ranges.Asked, person: int | None = None) -> str:
    query = asked.query + (f"&person={person}" if person else "")
    return f"{reverse('dashboards:traces', args=[code])}?{query}"


def _card(sign: selectors.Sign, asked: ranges.Asked) -> dict[str, Any]:
    url = _url(sign.measure.code, asked) if sign.tickets else ""
    return {"sign": sign, "url": url, "counted": counted(sign.tickets, sign.times)}


def _row(
    user: User, counts: list[int], resolved: dict[int, int], signs: list[selectors.Sign], asked: ranges.Asked
) -> dict[str, Any]:
    cells = [
        (number, sign.often.get(user.pk, 0), _url(sign.measure.code, asked, user.pk) if number else "")
        for number, sign in zip(counts, signs, strict=True)
    ]
    return {"user": user, "resolved": resolved.get(user.pk, 0), "cells": cells}


@require_GET
@needs("dashboards.integrity")
def traces(request: HttpRequest, code: str) -> HttpResponse:
    """The events behind one sign, of everybody or of one person."""
    measure = selectors.BY_CODE.get(code)
    if measure is None:
        raise Http404
    asked = ranges.asked(request, timezone.now())
    person = User.objects.visible_to(request.user).filter(pk=whole(request.GET.get("person")) or 0).first()
    found = selectors.traces(measure, asked.scope, person.pk if person else None)
    sign = selectors.sign(measure, asked.scope, person.pk if person else None)
    context = {
        "title": measure.label, "measure": measure, "asked": asked, "person": person, "traces": found,
        "sign": sign, "counted": counted(sign.tickets, sign.times), "full": sign.times > selectors.SHOWN,
        "shown": selectors.SHOWN,
    }  # fmt: skip
    return render(request, "dashboards/traces.html", context)
