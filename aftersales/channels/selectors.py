"""Answers about letters for pages and sweeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from aftersales.channels.letters import words
from aftersales.channels.models import Letter
from aftersales.channels.states import Outcome
from aftersales.customers.models import Customer
from aftersales.customers.selectors import find as customers_found
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
    return found[:PAGE], len(found) > PAGE


def waiting_count(user: Any) -> int:
    """How many letters wait for a decision, counted up to 100."""
    return int(Letter.objects.visible_to(user).to_decide().order_by()[: COUNTED + 1].count())


def letter(user: Any, public_id: str) -> Letter | None:
    wide = Letter.objects.visible_to(user).select_related("ticket", "hint", "customer")
    found: Letter | None = wide.filter(public_id=public_id).first()
    return found


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
