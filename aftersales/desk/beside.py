"""Beside the conversation, fetched once the page stands: related tickets, the customer's profile, who follows.

Everything is bounded: of each customer, order and merchant only the newest rows are looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from aftersales.orders.models import Order, OrderLine
from aftersales.standards.selectors import duration
from aftersales.tickets.looks import state_badge
from aftersales.tickets.models import Ticket, Watcher
from aftersales.tickets.states import Kind

SHOWN = 5
COUNTED = 100
LOOKED_AT = 500  # the newest tickets of a merchant, and orders and tickets of a customer
RETURNS = frozenset({Kind.RETURNS, Kind.REPAIR, Kind.QUALITY})


@dataclass(frozen=True)
class Related:
    """One other ticket; ``same``: perhaps the same problem."""

    ticket: Ticket
    state: SafeString
    same: bool


@dataclass(frozen=True)
class Group:
    """Tickets that share something with this one, newest first."""

    title: str
    rows: Sequence[Related]
    count: int

    @property
    def counted(self) -> str:
        return f"{COUNTED}+" if self.count > COUNTED else str(self.count)


@dataclass(frozen=True)
class Profile:
    """What the customer asked for before (R2.4). Nobody decides a legal right by it."""

    kinds: list[tuple[str, int]]
    tickets: int
    orders: int
    refunded: int
    after_sales: int
    first_seen: datetime | None
    more: bool = False

    def share(self, number: int) -> float | None:
        return number / self.orders if self.orders else None

    @property
    def refunded_share(self) -> float | None:
        return self.share(self.refunded)

    @property
    def after_sales_share(self) -> float | None:
        return self.share(self.after_sales)


@dataclass(frozen=True)
class Beside:
    groups: list[Group] = field(default_factory=list)
    profile: Profile | None = None
    watchers: list[User] = field(default_factory=list)
    follows: bool = False


def read(ticket: Ticket, user: Any, now: datetime) -> Beside:
    """The fragment's contents, in a fixed number of statements."""
    follow = watched(ticket, user)
    of_customer = _of_customer(ticket, user)
    return Beside(
        groups=_groups(ticket, user, of_customer, now),
        profile=_profile(ticket) if ticket.customer_id else None,
        watchers=follow.watchers,
        follows=follow.follows,
    )


def watched(ticket: Ticket, user: Any) -> Beside:
    """Who follows the ticket, as far as the reader sees these colleagues. One query."""
    mine = User.objects.visible_to(user).filter(pk=OuterRef("person_id"))
    rows = (
        Watcher.objects.filter(ticket=ticket)
        .annotate(seen=Exists(mine))
        .select_related("person")
        .order_by("pk")
    )
    people = [(row.person, row.__dict__["seen"]) for row in rows]
    return Beside(
        watchers=[one for one, seen in people if seen],
        follows=any(one.pk == user.pk for one, _seen in people),
    )


def _groups(ticket: Ticket, user: Any, of_customer: list[Ticket], now: datetime) -> list[Group]:
    recent = duration("repeat_problem_days", now)
    of_order = (
        list(_newest(_others(ticket, user).filter(order_id=ticket.order_id))) if ticket.order_id else []
    )
    of_product = _of_product(ticket, user)
    of_merchant = _of_merchant(ticket, user)
    found = [
        (_("Same order"), of_order, timedelta.max),
        (_("Same customer"), of_customer, recent),
        (_("Same product"), of_product, recent),
        (_("Same merchant"), of_merchant, None),
    ]
    return [
        Group(title, [_related(one, ticket, now, window) for one in rows[:SHOWN]], len(rows))
        for title, rows, window in found
        if rows
    ]


def _related(one: Ticket, ticket: Ticket, now: datetime, window: timedelta | None) -> Related:
    """The same kind, not long ago, about something that both share: perhaps one problem."""
    near = window is not None and (window == timedelta.max or now - one.opened_at <= window)
    return Related(one, state_badge(one.state, one.wait_for), near and one.kind == ticket.kind)


def _others(ticket: Ticket, user: Any) -> QuerySet[Ticket]:
    others: QuerySet[Ticket] = Ticket.objects.visible_to(user).exclude(pk=ticket.pk)
    return others


def _newest(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return rows.order_by("-id")[: COUNTED + 1]


def _of_customer(ticket: Ticket, user: Any) -> list[Ticket]:
    return (
        list(_newest(_others(ticket, user).filter(customer_id=ticket.customer_id)))
        if ticket.customer_id
        else []
    )


def _lately(ticket: Ticket) -> QuerySet[Any]:
    """The merchant's newest tickets: a hot merchant has too many to look at all."""
    newest = Ticket.objects.filter(merchant_id=ticket.merchant_id or 0).order_by("-id")
    return newest.values("pk")[:LOOKED_AT]


def _of_merchant(ticket: Ticket, user: Any) -> list[Ticket]:
    if ticket.merchant_id is None:
        return []
    return list(_newest(_others(ticket, user).filter(pk__in=_lately(ticket))))


def _of_product(ticket: Ticket, user: Any) -> list[Ticket]:
    if ticket.merchant_id is None or ticket.order_id is None:
        return []
    own = OrderLine.objects.filter(order_id=ticket.order_id, product__isnull=False).values("product_id")
    same = Exists(OrderLine.objects.filter(order_id=OuterRef("order_id"), product_id__in=own))
    others = _others(ticket, user).filter(pk__in=_lately(ticket)).exclude(order_id=ticket.order_id)
    return list(_newest(others.filter(same)))


def _profile(ticket: Ticket) -> Profile:
    """All tickets of the customer count, also those the reader may not open: numbers only, no subject."""
    customer_id = ticket.customer_id or 0
    mine = Ticket.objects.filter(customer_id=customer_id).order_by("-id")
    asked = list(mine.values_list("kind", "opened_at", "order_id")[:LOOKED_AT])
    orders = Order.objects.filter(customer_id=customer_id).order_by("-placed_at", "-id")
    bought = list(orders.values_list("pk", "refunded", "placed_at")[:LOOKED_AT])
    counted = Counter(kind for kind, _at, _order in asked)
    known = {pk for pk, _refunded, _at in bought}
    back = {order for kind, _at, order in asked if order in known and kind in RETURNS}
    moments = [at for _kind, at, _order in asked] + [at for _pk, _refunded, at in bought]
    registered = ticket.customer.registered_at if ticket.customer else None
    return Profile(
        kinds=[(str(Kind(kind).label), number) for kind, number in counted.most_common()],
        tickets=len(asked), orders=len(bought), refunded=sum(refunded > 0 for _pk, refunded, _at in bought),
        after_sales=len(back), first_seen=min([*moments, *([registered] if registered else [])], default=None),
        more=LOOKED_AT in (len(asked), len(bought)),
    )  # fmt: skip
