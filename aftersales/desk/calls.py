"""A call or chat on its way into a ticket: which one it is travels signed, so that nobody names another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core import signing
from django.http import HttpRequest

from aftersales.channels.models import Connection
from aftersales.channels.services.hooks import talk_attach
from aftersales.channels.told import REF
from aftersales.core.access import answered
from aftersales.tickets.models import Ticket

SALT = "desk.calls"
AGE = 12 * 3600  # seconds: a shift


def ticket_of_call(connection: Connection, ref: str) -> str:
    """The signed name of a call; "" when the system gave none."""
    return signing.dumps([connection.pk, ref], salt=SALT) if REF.match(ref) else ""


def initial(request: HttpRequest) -> dict[str, Any]:
    """What the form of a new problem knows from the call already."""
    return {
        name: request.GET[name][:400] for name in ("customer", "channel", "talk") if request.GET.get(name)
    }


def attach(request: HttpRequest, talk: str, ticket: Ticket, now: datetime) -> None:
    """The call belongs to this ticket; a name that was not signed here names nothing."""
    try:
        pk, ref = signing.loads(talk, salt=SALT, max_age=AGE)
    except signing.BadSignature:
        return
    connection = Connection.objects.filter(pk=pk).first()
    if connection is not None:
        answered(
            lambda: talk_attach(connection=connection, ref=ref, ticket=ticket, actor=request.user, now=now),
            request,
        )
