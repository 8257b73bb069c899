"""People, requests and tickets as the measurements need them."""

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from django_htmx.middleware import HtmxDetails

from accounts import capabilities
from accounts.models import User
from aftersales.core import moves
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.intake import TicketDraft
from tests.bench.data import NOW
from tests.toy.fixtures import CAPABILITIES
from tests.toy.models import Parcel

DAY = timedelta(days=1)


def settle() -> None:
    """The wall clock of the pages stands at the data's now; toys have their capabilities."""
    timezone.now = lambda: NOW
    capabilities.TABLE.update(CAPABILITIES)
    capabilities._codes.cache_clear()
    translation.activate("zh-hans")


def person(username: str) -> User:
    return User.objects.get(username=username)


def client(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def caller(
    view: Callable[..., Any], url: str, user: User, *args: Any, htmx: bool = False
) -> Callable[[], Any]:
    """A call of the view itself, each time with a new request and a person who knows nothing yet."""
    factory = RequestFactory()
    headers = {"HX-Request": "true"} if htmx else {}

    def call() -> Any:
        request: Any = factory.get(url, headers=headers)
        request.user = copy.copy(user)
        request.session = SessionBase()
        request.htmx = HtmxDetails(request)
        request.csp_nonce = ""
        request._messages = FallbackStorage(request)
        return view(request, *args)

    return call


def draft(actor: User, number: int) -> TicketDraft:
    return TicketDraft(
        source="form", source_ref="", subject="耳机左耳没有声音", text="左耳没有声音，要求换货。", channel="web",
        opened_at=NOW, kind="returns", customer_id=1 + number, order_id=1 + number, merchant_id=1 + number,
        owner_id=actor.pk, beside=True,
    )  # fmt: skip


def ticket(actor: User) -> Ticket:
    """One problem registered the usual way, with its clocks."""
    return services.ticket_open(draft=draft(actor, 0), actor=actor, now=NOW)


def given(lead: User, worker: User) -> Ticket:
    """A ticket that lies with this person."""
    row = ticket(worker)
    return moves.perform(row, "assign", actor=lead, now=NOW, to=worker)


def in_hand(lead: User, worker: User) -> Ticket:
    """A ticket this person works on, with its clocks running."""
    return moves.perform(given(lead, worker), "start", actor=worker, now=NOW)


def many_in_hand(lead: User, worker: User, number: int) -> list[int]:
    """Keys of new tickets that this person works on."""
    drafts = [draft(worker, index) for index in range(number)]
    keys = [row.pk for row in services.tickets_open_many(drafts=drafts, actor=worker, now=NOW)]
    rows = Ticket.objects.filter(pk__in=keys)
    moves.perform_many(rows, "assign", actor=lead, now=NOW, data={"to": worker, "team_id": None})
    moves.perform_many(rows, "start", actor=worker, now=NOW)
    return keys


def parcels(actor: User, number: int) -> list[Parcel]:
    return moves.create_many(
        [Parcel() for _n in range(number)],
        actor=actor,
        now=NOW,
        event="parcel.packed",
        payloads=[{}] * number,
    )
