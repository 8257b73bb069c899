"""Connected systems: the list, one of them with its last requests, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.channels import selectors
from aftersales.channels.models import Connection
from aftersales.channels.services import connecting
from aftersales.channels.services.hooks import told_viewed
from aftersales.channels.states import TAKEN_TONES, SystemKind, Taken
from aftersales.core.access import answered, needs
from aftersales.core.components import badge
from aftersales.core.posted import whole
from aftersales.tickets.states import Channel

LATELY = timedelta(days=7)
CHANNELS = (Channel.PHONE, Channel.CHAT, Channel.MESSAGE, Channel.APP, Channel.WEB, Channel.SOCIAL)


@require_GET
@needs("channels.view_connection")
def connections(request: HttpRequest) -> HttpResponse:
    """Every connected system with how it does."""
    now = timezone.now()
    context = {
        "title": _("Connected systems"), "now": now, "rows": selectors.connections(request.user, now, now - LATELY),
        "kinds": SystemKind.choices, "channels": [(one.value, one.label) for one in CHANNELS],
    }  # fmt: skip
    return render(request, "desk/connections.html", context)


@require_POST
@needs("channels.manage")
def connection_add(request: HttpRequest) -> HttpResponse:
    """Connect a system; its secret stands on the page that answers, and never again."""
    told = {
        name: request.POST.get(name, "") for name in ("code", "name", "kind", "channel", "account_source")
    }
    hosts = request.POST.get("recording_hosts", "")
    made = answered(
        lambda: connecting.connection_create(
            **told, recording_hosts=hosts, actor=request.user, now=timezone.now()
        ),
        request,
    )
    return _page(request, made[0], secret=made[1]) if made else redirect("desk:connections")


def the_connection(request: HttpRequest, code: str) -> Connection:
    found = selectors.connection(request.user, code)
    if found is None:
        raise Http404
    return found


@require_GET
@needs("channels.view_connection")
def connection(request: HttpRequest, code: str) -> HttpResponse:
    """One system: its address, its secrets by date, what it told last, what was refused."""
    return _page(request, the_connection(request, code))


def _page(request: HttpRequest, row: Connection, *, secret: str = "") -> HttpResponse:
    now = timezone.now()
    told = [(one, _look(one.outcome)) for one in selectors.told_by(row)]
    context = {
        "title": row.name, "now": now, "connection": row, "secret": secret, "told": told,
        "address": request.build_absolute_uri(reverse("channels:hook", args=[row.code])),
        "keys": selectors.keys_of(row, now), "refused": selectors.refused_of(row),
        "hosts": ", ".join(row.recording_hosts),
    }  # fmt: skip
    response = render(request, "desk/connection.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _look(outcome: str) -> Any:
    return badge(str(Taken(outcome).label), tone=TAKEN_TONES[Taken(outcome)])


@require_POST
@needs("channels.manage")
def connection_act(request: HttpRequest, code: str) -> HttpResponse:
    """Change, test, or give a new secret."""
    row = the_connection(request, code)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("This act does not exist."))
        return redirect("desk:connection", code)
    return act(request, row)


def _change(request: HttpRequest, row: Connection) -> HttpResponse:
    asked = {name: request.POST.get(name, "") for name in ("name", "recording_hosts")}
    version = whole(request.POST.get("version")) or 0
    answered(
        lambda: connecting.connection_change(
            connection=row, is_active=bool(request.POST.get("is_active")), version=version, actor=request.user,
            now=timezone.now(), **asked,
        ),
        request, _("Done."),
    )  # fmt: skip
    return redirect("desk:connection", row.code)


def _rotate(request: HttpRequest, row: Connection) -> HttpResponse:
    secret = answered(
        lambda: connecting.secret_rotate(connection=row, actor=request.user, now=timezone.now()), request
    )
    return _page(request, row, secret=secret) if secret else redirect("desk:connection", row.code)


def _test(request: HttpRequest, row: Connection) -> HttpResponse:
    answered(
        lambda: connecting.connection_test(connection=row, actor=request.user, now=timezone.now()),
        request, _("A signed request went the whole way."),
    )  # fmt: skip
    return redirect("desk:connection", row.code)


ACTS: dict[str, Callable[[HttpRequest, Connection], HttpResponse]] = {
    "change": _change, "rotate": _rotate, "test": _test,
}  # fmt: skip


@require_POST
@needs("channels.view_raw")
def told_raw(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """What a system told, word for word, for a reason that is recorded."""
    row = selectors.told_one(the_connection(request, code), pk)
    if row is None:
        raise Http404
    reason = request.POST.get("reason", "")
    body: Any = answered(
        lambda: told_viewed(row=row, reason=reason, actor=request.user, now=timezone.now()), request
    )
    if body is None:
        return redirect("desk:connection", code)
    return render(request, "desk/told.html", {"title": str(row), "row": row, "body": body, "code": code})
