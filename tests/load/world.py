"""The people of the load and their tickets: made once in the demonstration's database, through the services."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Team, User
from aftersales.orders.models import Order
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.intake import TicketDraft

TICKETS_EACH = 6
PREFIX = "load"


@dataclass(frozen=True)
class Agent:
    """One simulated person: key, cookie, the numbers of the own tickets."""

    key: int
    session: str
    tickets: list[str]


def people(count: int) -> list[Agent]:
    now = timezone.now()
    admin = User.objects.get(username="administrator")
    lead = User.objects.get(username="lead")
    agents = [_person(number, admin, now) for number in range(count)]
    orders = list(Order.objects.filter(customer__isnull=False).order_by("-id")[: count * TICKETS_EACH])
    return [
        Agent(
            user.pk,
            _session(user),
            _tickets(user, lead, orders[place * TICKETS_EACH : (place + 1) * TICKETS_EACH], now),
        )
        for place, user in enumerate(agents)
    ]


def _person(number: int, admin: User, now: datetime) -> User:
    name = f"{PREFIX}{number:02d}"
    known = User.objects.filter(username=name).first()
    if known:
        return known  # type: ignore[no-any-return]
    made = accounts.user_create(
        username=name, display_name=f"客服{number:02d}", roles=["agent"], actor=admin, now=now, capacity=200
    )
    accounts.team_join(team=Team.objects.order_by("pk").first(), person=made, actor=admin, now=now)
    return made


def _tickets(user: User, lead: User, orders: list[Order], now: datetime) -> list[str]:
    mine = list(
        Ticket.objects.filter(assignee=user, state__in=["in_progress", "waiting"]).values_list(
            "number", flat=True
        )
    )
    for order in orders[: TICKETS_EACH - len(mine)]:
        draft = TicketDraft(
            source=PREFIX, source_ref=f"{user.pk}-{order.pk}", subject=f"订单 {order.external_no} 退款未到账",
            text="退款一周没有到账。", channel="phone", opened_at=now, kind="payment", customer_id=order.customer_id,
            order_id=order.pk, beside=True,
        )  # fmt: skip
        ticket = services.ticket_open(draft=draft, actor=lead, now=now)
        mine.append(_given(ticket, user, lead, now).number)
    return mine


def _given(ticket: Any, user: User, lead: User, now: datetime) -> Ticket:
    row = Ticket.objects.get(pk=ticket.pk)
    if row.state == "new":
        row = services.ticket_triage(ticket=row, actor=lead, now=now)
    if row.assignee_id != user.pk:
        row = services.ticket_assign(ticket=row, to=user, actor=lead, now=now)
    if row.state == "assigned":
        row = services.ticket_start(ticket=row, actor=user, now=now + timedelta(seconds=1))
    return row


def _session(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "accounts.backends.CapabilityBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def settle() -> float:
    """Seconds until what was still under way has come to rest."""
    return 20.0
