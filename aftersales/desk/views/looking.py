"""The quick look beside the queue, with the workbench's reply box: the same form, addresses and services."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.messages import constants
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django_htmx.http import trigger_client_event

from aftersales.core import files
from aftersales.desk import promises, voices, workbench
from aftersales.desk.views import saying
from aftersales.orders.selectors import order_card
from aftersales.tickets import selectors
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.states import AuthorKind

PLACE = "look"  # the id of the panel: what asks from there is answered there
SPOKEN = ("customer", "note")  # taking down what others said is done where the conversation is read


def asked(request: HttpRequest) -> bool:
    """Whether a form of the quick look was sent."""
    return bool(request.htmx and request.htmx.target == PLACE)  # type: ignore[attr-defined]


def back(request: HttpRequest, number: str) -> HttpResponse:
    """Where somebody was: in the quick look, or on the ticket's page."""
    row = workbench.find(request.user, number) if asked(request) else None
    return redirect("desk:ticket", number) if row is None else face(request, row)


def face(
    request: HttpRequest,
    row: Ticket,
    *,
    draft: str = "",
    voice: str = "",
    news: saying.News | None = None,
    status: int = 200,
) -> HttpResponse:
    """The quick look of a ticket; what was just done is told beside the queue, what was refused in the box."""
    now, user = timezone.now(), request.user
    last, asks = _last_said(row)
    refused, done = _told(request)
    box = saying.box(user, row, [last.newest if last else 0], draft, voice, news)
    context = {
        "ticket": row, "now": now, "asks": asks, "last": last, "in_look": True, "refused": refused, "news": news,
        "clocks": [one for one in workbench.clock_cards(row, now) if one.open],
        "card": order_card(row.order_id) if row.order_id else None,
        "recent": list(reversed(selectors.timeline(row, limit=4, reader=user))),
        "state": workbench.state_badge(row.state, row.wait_for),
        "level": workbench.level_badge(row.severity, row.nature),
        **promises.page(row, user, now), **box, **_speaking(user, row, box["voice"]),
        "writing": bool(refused or news or box["draft"]),
    }  # fmt: skip
    response = render(request, "desk/_look.html", context, status=status)
    for text in done:
        trigger_client_event(response, "say", {"text": text})
    return response


def _last_said(row: Ticket) -> tuple[Any, Any]:
    """The last message with the newest key (``newest``), and the customer's last one; one row where he spoke last."""
    said = row.messages.order_by("-at", "-id").select_related("author")
    key = Message.objects.filter(ticket=OuterRef("ticket")).order_by("-id").values("id")[:1]
    last = said.annotate(newest=Subquery(key)).first()
    if last is None or last.author_kind == AuthorKind.CUSTOMER:
        return last, last
    return last, said.filter(author_kind=AuthorKind.CUSTOMER).first()


def _speaking(user: Any, row: Ticket, drafted: str) -> dict[str, Any]:
    """To whom one speaks from here; a draft keeps the voice in which it was begun."""
    offered = [one for one in voices.offered(user, row) if one[0] in (*SPOKEN, drafted)]
    customer = any(name == "customer" for name, _label in offered)
    return {
        "voices": offered, "voice": drafted or (offered[0][0] if offered else ""), "accept": files.accepted(),
        "mute": voices.why_words(selectors.unheard_because(row)) if customer else "",
        "ended": voices.ended_words(row),
    }  # fmt: skip


def _told(request: HttpRequest) -> tuple[list[str], list[str]]:
    """The messages of this act: refusals, and what was done."""
    found = list(messages.get_messages(request)) if asked(request) else []
    refused = [str(one) for one in found if one.level == constants.ERROR]
    return refused, [str(one) for one in found if one.level != constants.ERROR]
