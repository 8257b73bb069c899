"""Gateways: where messages leave by a signed request. Their addresses are shown by the host only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.components import badge
from aftersales.core.posted import whole
from aftersales.notices import selectors, services
from aftersales.notices.models import Gateway
from aftersales.notices.states import STATE_COLOURS, GatewayForm, NoticeState, RecipientKind

WRONG = {
    "address": pgettext_lazy("gateway", "the address is not one that may be called"),
    "inside": pgettext_lazy("gateway", "the address leads inside the house"),
    "unreachable": pgettext_lazy("gateway", "nobody answers in time"),
    "redirect": pgettext_lazy("gateway", "it sends us elsewhere, which we do not follow"),
    "too_large": pgettext_lazy("gateway", "the answer is too large"),
    "refused": pgettext_lazy("gateway", "the robot says no"),
}


@require_GET
@needs("notices.view_gateway")
def gateways(request: HttpRequest) -> HttpResponse:
    """Every gateway."""
    rows = selectors.gateways_seen(request.user)
    context = {
        "title": _("Gateways"), "now": timezone.now(), "rows": [(row, host_of(row), _whom(row)) for row in rows],
        "forms": GatewayForm.choices, "recipients": RecipientKind.choices,
    }  # fmt: skip
    return render(request, "desk/gateways.html", context)


def host_of(row: Gateway) -> str:
    """What is shown of an address: its path may hold a token."""
    return urlsplit(row.url).hostname or "–"


def _whom(row: Gateway) -> str:
    return ", ".join(str(RecipientKind(one).label) for one in row.recipients)


def the_gateway(request: HttpRequest, code: str) -> Gateway:
    found = selectors.gateway(request.user, code)
    if found is None:
        raise Http404
    return found


@require_GET
@needs("notices.view_gateway")
def gateway(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, the_gateway(request, code))


def _page(request: HttpRequest, row: Gateway, *, secret: str = "") -> HttpResponse:
    sent = [
        (one, badge(str(NoticeState(one.state).label), tone=STATE_COLOURS[NoticeState(one.state)]))
        for one in selectors.sent_by(row)
    ]
    context = {
        "title": row.name, "now": timezone.now(), "gateway": row, "host": host_of(row), "sent": sent,
        "secret": secret, "recipients": RecipientKind.choices,
    }  # fmt: skip
    response = render(request, "desk/gateway.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@needs("notices.manage_gateways")
def gateway_add(request: HttpRequest) -> HttpResponse:
    """Add one; its secret stands on the page that answers, and never again."""
    told = {name: request.POST.get(name, "") for name in ("code", "name", "form", "url")}
    whom = request.POST.getlist("recipients")
    made = answered(
        lambda: services.gateway_create(**told, recipients=whom, actor=request.user, now=timezone.now()),
        request,
    )
    return _page(request, made[0], secret=made[1]) if made else redirect("desk:gateways")


@require_POST
@needs("notices.manage_gateways")
def gateway_act(request: HttpRequest, code: str) -> HttpResponse:
    """Change, test, or give a new secret."""
    row = the_gateway(request, code)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("This act does not exist."))
        return redirect("desk:gateway", code)
    return act(request, row)


def _change(request: HttpRequest, row: Gateway) -> HttpResponse:
    answered(
        lambda: services.gateway_change(
            gateway=row, name=request.POST.get("name", ""), url=request.POST.get("url", ""),
            recipients=request.POST.getlist("recipients"), is_active=bool(request.POST.get("is_active")),
            version=whole(request.POST.get("version")) or 0, actor=request.user, now=timezone.now(),
        ),
        request, _("Done."),
    )  # fmt: skip
    return redirect("desk:gateway", row.code)


def _rotate(request: HttpRequest, row: Gateway) -> HttpResponse:
    secret = answered(
        lambda: services.gateway_rotate(gateway=row, actor=request.user, now=timezone.now()), request
    )
    return _page(request, row, secret=secret) if secret else redirect("desk:gateway", row.code)


def _test(request: HttpRequest, row: Gateway) -> HttpResponse:
    wrong: Any = answered(
        lambda: services.gateway_test(gateway=row, actor=request.user, now=timezone.now()), request
    )
    if wrong == "":
        messages.success(request, _("The gateway took the test."))
    elif wrong:
        messages.error(request, _("The test did not arrive: %(why)s") % {"why": WRONG.get(wrong, wrong)})
    return redirect("desk:gateway", row.code)


ACTS: dict[str, Callable[[HttpRequest, Gateway], HttpResponse]] = {
    "change": _change, "rotate": _rotate, "test": _test,
}  # fmt: skip
