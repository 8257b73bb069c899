"""Nothing in the demo comes before its ticket: a story that began earlier is told on a ticket of that day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from aftersales.core.errors import DomainError
from aftersales.desk.demo import again
from aftersales.orders.models import Order, OrderLine
from aftersales.orders.states import OrderStatus
from aftersales.tickets.models import Ticket

TRIED, LOOKED_AT = 6, 60
LONGEST = timedelta(days=14)  # between order and ticket
BEFORE = timedelta(hours=1)


class Younger(DomainError):
    """The ticket is younger than what is to be told of it; ``at`` is when that begins."""

    def __init__(self, at: datetime) -> None:
        super().__init__("the ticket is younger than the story", "younger")
        self.at = at


def there(ticket: Ticket, at: datetime) -> None:
    """Raises ``younger`` where the ticket was not there yet."""
    if ticket.opened_at > at:
        raise Younger(at)


def told_on(desk: Any, story: Callable[[Any, Ticket], Any], subject: str, at: datetime) -> Ticket | None:
    """The story on a ticket that was taken down an hour before it begins, about goods that were there by then.

    ``desk`` has ``agent``, ``lead`` and ``now``. None where no order can tell it.
    """
    for order in _orders(at - BEFORE):
        try:
            with transaction.atomic():
                ticket = again.taken_down(desk, order, subject, at - BEFORE)
                story(replace(desk, agent=ticket.assignee or desk.agent), ticket)
        except DomainError:
            continue  # this order has nothing left to give, or its shop has such a story already
        return ticket
    return None


def _orders(at: datetime) -> list[Order]:
    """Delivered orders without a ticket, the newest that were there; looked up by keys, as ``again`` does."""
    there_by = at - again.IN_HANDS
    rows = Order.objects.filter(
        status__in=[OrderStatus.DELIVERED, OrderStatus.COMPLETED], paid__gt=40, refunded=0,
        placed_at__lt=there_by, placed_at__gt=there_by - LONGEST, customer__isnull=False,
    )  # fmt: skip
    found = list(rows.order_by("-placed_at", "pk")[:LOOKED_AT])
    keys = [one.pk for one in found]
    called = set(Ticket.objects.filter(order__in=keys).values_list("order_id", flat=True))
    lined = set(OrderLine.objects.filter(order__in=keys).values_list("order_id", flat=True))
    return [one for one in found if one.pk in lined - called][:TRIED]
