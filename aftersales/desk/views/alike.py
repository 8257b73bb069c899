"""Maybe registered already: open tickets that look like the problem being registered, while the form is filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from aftersales.core.access import needs
from aftersales.customers.models import Customer
from aftersales.desk.views.opening import orders_named
from aftersales.standards.selectors import one_edition
from aftersales.tickets import sameness
from aftersales.tickets.looks import state_badge
from aftersales.tickets.models import Ticket
from aftersales.tickets.sameness import Seen
from aftersales.tickets.selectors.lookalikes import lookalikes
from aftersales.tickets.states import Kind

SHOWN = 5
NONE_YET = 0  # the key of a ticket that does not exist yet
TEXT = 4000  # characters that tell something


@dataclass(frozen=True)
class Alike:
    """One open ticket that may be the same problem, and why."""

    ticket: Ticket
    because: str
    state: SafeString


@require_POST
@needs("tickets.open_ticket")
def alike(request: HttpRequest) -> HttpResponse:
    """The surest first. Those of the chosen order stand beside the order already; nothing is written."""
    now = timezone.now()
    with one_edition():
        rows, hidden = _found(request, now)
    return render(request, "desk/_alike.html", {"rows": rows, "hidden": hidden, "now": now})


def _found(request: HttpRequest, now: datetime) -> tuple[list[Alike], int]:
    asked, order_id = _asked(request)
    if asked is None:
        return [], 0
    found = lookalikes([asked], now)[NONE_YET]
    rows = Ticket.objects.filter(pk__in=[one.other for one in found])
    if order_id:
        rows = rows.exclude(order_id=order_id)
    present = set(rows.values_list("pk", flat=True))
    seen = Ticket.objects.visible_to(request.user).in_bulk(sorted(present))
    listed = [
        Alike(seen[one.other], one.because, state_badge(seen[one.other].state, seen[one.other].wait_for))
        for one in found
        if one.other in seen
    ]
    return listed[:SHOWN], len(present) - len(seen)


def _asked(request: HttpRequest) -> tuple[Seen | None, int | None]:
    """What is known of the problem so far; None while neither order nor customer is, and the words say too little."""
    posted = request.POST
    order = _order(request.user, posted.get("order", "").replace("\x00", "").strip()[:64])
    customer_id = order.customer_id if order else _customer_id(request.user, posted.get("customer", ""))
    kind = posted.get("kind", "") if posted.get("kind", "") in Kind.values else ""
    words = "\n".join(posted.get(name, "").replace("\x00", "") for name in ("subject", "text"))[:TEXT]
    made = sameness.sketch(words)
    if order is None and customer_id is None and not made:
        return None, None
    return Seen(NONE_YET, kind, order.pk if order else None, customer_id, made), order.pk if order else None


def _order(user: Any, number: str) -> Any:
    found = list(orders_named(user, number)[:2]) if number else []
    return found[0] if len(found) == 1 else None


def _customer_id(user: Any, code: str) -> int | None:
    code = code.replace("\x00", "").strip()[:64]
    rows = Customer.objects.visible_to(user).filter(code=code) if code else Customer.objects.none()
    found: int | None = rows.values_list("pk", flat=True).first()
    return found
