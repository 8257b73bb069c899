"""Answers about letters for pages and sweeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from aftersales.channels.letters import words
from aftersales.channels.models import Connection, ConnectionKey, HookEvent, HookRefusal, Letter, Talk
from aftersales.channels.states import Outcome, Taken
from aftersales.customers.models import Customer
from aftersales.customers.selectors import find as customers_found
from aftersales.customers.selectors import owners_of
from aftersales.customers.states import ContactKind
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket

PAGE = 50
COUNTED = 99
VIEWS: dict[str, Q] = {
    "decide": Q(outcome__in=[Outcome.HELD, Outcome.FAILED]),
    "taken": Q(outcome__in=[Outcome.JOINED, Outcome.OPENED]),
    "quiet": Q(outcome__in=[Outcome.QUIET, Outcome.BOUNCE]),
    "dropped": Q(outcome=Outcome.DROPPED),
    "all": Q(),
}


def stored_letters(names: Sequence[str]) -> Iterable[str]:
    """Those of these files that a letter names."""
    return Letter.objects.filter(stored__in=names).values_list("stored", flat=True)


def letters(user: Any, view: str, *, before: int | None = None) -> tuple[list[Letter], bool]:
    """A page of letters, newest first, and whether there are older ones. Two rows name the tickets: one query."""
    rows = Letter.objects.visible_to(user).filter(VIEWS[view]).select_related("ticket", "hint", "customer")
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    _hide_hints(user, found)
    return found[:PAGE], len(found) > PAGE


def waiting_count(user: Any) -> int:
    """How many letters wait for a decision, counted up to 100."""
    return int(Letter.objects.visible_to(user).to_decide().order_by()[: COUNTED + 1].count())


def letter(user: Any, public_id: str) -> Letter | None:
    wide = Letter.objects.visible_to(user).select_related("ticket", "hint", "customer")
    found: Letter | None = wide.filter(public_id=public_id).first()
    _hide_hints(user, [found] if found else [])
    return found


def _hide_hints(user: Any, rows: Sequence[Letter]) -> None:
    """A ticket that a letter merely names is said to nobody who may not see it. One query, and only if one is named."""
    named = {row.hint_id for row in rows if row.hint_id}
    seen = (
        set(Ticket.objects.visible_to(user).filter(pk__in=named).values_list("pk", flat=True))
        if named
        else ()
    )
    for row in rows:
        if row.hint_id and row.hint_id not in seen:
            row.hint = None  # of the row in memory; nothing is saved


def ticket_named(user: Any, number: str) -> Ticket | None:
    """The ticket with this number that the person may see."""
    found: Ticket | None = Ticket.objects.visible_to(user).filter(number=number.strip().upper()).first()
    return found


def whose(user: Any, order_no: str, customer_code: str) -> tuple[Order | None, Customer | None]:
    """The one order and the one customer that somebody names; None for what names none or several."""
    orders = (
        list(Order.objects.visible_to(user).filter(external_no=order_no.strip())[:2])
        if order_no.strip()
        else []
    )
    keys = list(customers_found(customer_code.strip())) if customer_code.strip() else []
    people = list(Customer.objects.visible_to(user).filter(pk__in=keys)[:2])
    return (orders[0] if len(orders) == 1 else None), (people[0] if len(people) == 1 else None)


def shown_text(text: str) -> str:
    """A stored text as a page shows it: neutral also when it was stored by an older reader."""
    return words.plain(text)


# Connected systems


@dataclass(frozen=True)
class Standing:
    """A connected system with when it last told something, and how much of it needs a look."""

    connection: Connection
    last_at: datetime | None
    failed: int
    refused: int


def connections(user: Any, now: datetime, since: datetime) -> list[Standing]:
    """Every system this person may see; failures and refusals since a moment. Three queries."""
    newest = HookEvent.objects.filter(connection=OuterRef("pk")).order_by("-id").values("received_at")[:1]
    rows = list(Connection.objects.visible_to(user).annotate(last_at=Subquery(newest)))
    failed = _tally(HookEvent.objects.filter(outcome=Taken.FAILED, received_at__gte=since))
    refused = _tally(HookRefusal.objects.filter(at__gte=since))
    return [Standing(row, row.last_at, failed.get(row.pk, 0), refused.get(row.pk, 0)) for row in rows]


def _tally(rows: Any) -> dict[int, int]:
    found: dict[int, int] = {}
    for pk in rows.order_by().values_list("connection_id", flat=True)[:2000]:
        found[pk] = found.get(pk, 0) + 1
    return found


def connection(user: Any, code: str) -> Connection | None:
    found: Connection | None = Connection.objects.visible_to(user).filter(code=code).first()
    return found


def keys_of(row: Connection, now: datetime) -> list[ConnectionKey]:
    """Secrets that count, the newest first."""
    return list(row.keys.filter(Q(until=None) | Q(until__gt=now)))


def told_by(row: Connection) -> list[HookEvent]:
    return list(HookEvent.objects.filter(connection=row).order_by("-id")[:PAGE])


def refused_of(row: Connection) -> list[HookRefusal]:
    return list(HookRefusal.objects.filter(connection=row).order_by("-id")[:20])


def told_one(row: Connection, pk: int) -> HookEvent | None:
    found: HookEvent | None = HookEvent.objects.filter(connection=row, pk=pk).first()
    return found


def talks_of(ticket: Ticket) -> list[Talk]:
    """Conversations about a ticket, newest first."""
    return list(Talk.objects.filter(ticket=ticket).select_related("connection", "agent").order_by("-id")[:20])


def talk_of(ticket: Ticket, public_id: str) -> Talk | None:
    found: Talk | None = Talk.objects.filter(ticket=ticket, public_id=public_id).first()
    return found


def callers(user: Any, phone: str) -> list[Customer]:
    """Customers with exactly this telephone number, for somebody who may see customers; one digit less names nobody."""
    key = [char for char in phone if char.isdigit()]
    if not user.has_perm("customers.view_customer") or len(key) < SHORTEST_PHONE:
        return []
    return owners_of(ContactKind.PHONE, phone)


SHORTEST_PHONE = 7


def open_tickets(user: Any, customer: Customer) -> list[Ticket]:
    """The open tickets of a caller that this person may see, newest first."""
    live = Ticket.objects.visible_to(user).active().filter(customer=customer, historic=False)
    return list(live.select_related("assignee").order_by("-id")[:6])
