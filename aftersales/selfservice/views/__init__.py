"""The page behind the link of a *resolved* message: GET shows, POST acts, a dead link explains itself.

The token in the address is the whole authority: no cookie is read or set, which is also why a forged form of a
stranger cannot act and the page needs no CSRF cookie (browsers send no origin under *no-referrer*).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from aftersales.core import origin
from aftersales.core.errors import DomainError
from aftersales.tickets import services as tickets
from aftersales.tickets.models import CustomerLink

from .. import selectors, throttle
from ..forms import MARKS, AnswerForm

PURPOSE = "confirm"
LANGUAGES = {"zh": "zh-hans", "en": "en"}
MOMENTS = {"zh": "n月j日 H:i", "en": "j M, H:i"}
DAYS = {"zh": "n月j日", "en": "j M"}
ANSWERS = {"solved", "again"}

View = Callable[..., HttpResponseBase]


def private(view: View) -> View:
    """Never stored, never indexed, never named to another site."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return guarded


@csrf_exempt
@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Is it solved? Used, expired, revoked and unknown links look alike."""
    now = timezone.now()
    link = tickets.customer_link_open(token=token, purpose=PURPOSE, now=now)
    if link is None:
        return dead(request, now)
    with translation.override(language(request, selectors.languages_of(link))):
        if request.method == "POST":
            return _answer(request, link, now)
        return _page(request, link, now, AnswerForm())


def _answer(request: HttpRequest, link: CustomerLink, now: Any) -> HttpResponse:
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            with origin.coming_from("customer"):
                tickets.ticket_confirm(link=link, now=now, **form.answer())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            answer = "solved" if form.answer()["satisfied"] else "again"
            address = reverse("selfservice:thanks", args=[answer])
            return HttpResponseRedirect(f"{address}?lang={_short()}")
    return _page(request, link, now, form, status=422)


def _page(
    request: HttpRequest, link: CustomerLink, now: Any, form: AnswerForm, *, status: int = 200
) -> HttpResponse:
    page = {"ticket": selectors.confirmation(link, now), "form": form, "marks": MARKS, "now": now}
    return render(request, "selfservice/confirm.html", {**page, **frame()}, status=status)


def dead(request: HttpRequest, now: Any) -> HttpResponse:
    with translation.override(language(request, [])):
        if throttle.too_many(request, now):
            response = render(request, "selfservice/too_many.html", frame(), status=429)
            response["Retry-After"] = str(throttle.WINDOW)
            return response
        return render(request, "selfservice/dead.html", frame(), status=404)


@private
@require_safe
def thanks(request: HttpRequest, answer: str) -> HttpResponse:
    """After the answer. Says nothing about the ticket, so that it may be reloaded by anybody."""
    if answer not in ANSWERS:
        raise Http404
    with translation.override(language(request, [])):
        return render(request, "selfservice/thanks.html", {"solved": answer == "solved", **frame()})


def language(request: HttpRequest, wanted: list[str]) -> str:
    """The choice on the page, else the customer's own language, else Chinese."""
    chosen = LANGUAGES.get(request.GET.get("lang", ""))
    known = [LANGUAGES[code[:2].lower()] for code in wanted if code[:2].lower() in LANGUAGES]
    return chosen or next(iter(known), "zh-hans")


def _short() -> str:
    return "en" if (translation.get_language() or "").startswith("en") else "zh"


def frame() -> dict[str, str]:
    """What every page needs: its language, the other one, how moments are written, how to reach us."""
    lang = _short()
    other = "zh" if lang == "en" else "en"
    return {
        "lang": lang,
        "other": other,
        "moment": MOMENTS[lang],
        "day": DAYS[lang],
        "contact": settings.SERVICE_CONTACT,
    }
