"""Payment services: where payments leave by a signed request. Their addresses are shown by the host only."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.cases import services
from aftersales.cases.models import MoneyGateway
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole


@require_GET
@needs("cases.view_moneygateway")
def money_gateways(request: HttpRequest) -> HttpResponse:
    """Every payment service."""
    return _page(request)


def _page(request: HttpRequest, *, secret: str = "", row: MoneyGateway | None = None) -> HttpResponse:
    rows = MoneyGateway.objects.visible_to(request.user)
    context = {
        "title": _("Payment services"), "now": timezone.now(), "secret": secret, "made": row,
        "rows": [(one, urlsplit(one.url).hostname or "–") for one in rows],
        "hook": request.build_absolute_uri(reverse("money_hook", args=[row.code])) if row else "",
    }  # fmt: skip
    response = render(request, "desk/money_gateways.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@needs("cases.manage_gateways")
def money_gateway_add(request: HttpRequest) -> HttpResponse:
    """Add one; its secret stands on the page that answers, and never again."""
    told = {name: request.POST.get(name, "") for name in ("code", "name", "url", "currency")}
    made: Any = answered(
        lambda: services.money_gateway_create(**told, actor=request.user, now=timezone.now()), request
    )
    return _page(request, row=made[0], secret=made[1]) if made else redirect("desk:money_gateways")


@require_POST
@needs("cases.manage_gateways")
def money_gateway_act(request: HttpRequest, code: str) -> HttpResponse:
    """Switch on or off, or give a new secret."""
    row = MoneyGateway.objects.visible_to(request.user).filter(code=code).first()
    if row is None:
        raise Http404
    who: dict[str, Any] = {"gateway": row, "actor": request.user, "now": timezone.now()}
    if request.POST.get("act") == "rotate":
        secret = answered(lambda: services.money_gateway_rotate(**who), request)
        return _page(request, row=row, secret=secret) if secret else redirect("desk:money_gateways")
    version, on = whole(request.POST.get("version")), request.POST.get("act") == "on"
    answered(lambda: services.money_gateway_switch(**who, on=on, version=version), request, _("Done."))
    return redirect("desk:money_gateways")
