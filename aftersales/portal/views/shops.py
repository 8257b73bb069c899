"""For which of one's merchants one acts now: asked once in a session, changed at any time."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import needs
from aftersales.portal import scope

LEARN = "merchants.learn"


@needs(LEARN)
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """The merchants for whom the person acts, and as what."""
    held = scope.memberships(request)
    if not held:
        raise Http404
    now = scope.chosen(request, held)
    page = {"title": _("For which shop?"), "held": held, "now_for": now, "next": request.GET.get("next", "")}
    return render(request, "portal/choose.html", page)


@needs(LEARN)
@require_POST
def chosen(request: HttpRequest) -> HttpResponse:
    """From now on, in this session, for that merchant."""
    held = {one.merchant.public_id: one for one in scope.memberships(request)}
    one = held.get(request.POST.get("merchant", ""))
    if one is None:
        raise Http404
    request.session[scope.CHOSEN] = one.merchant_id
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(target if safe else reverse("portal:today"))
