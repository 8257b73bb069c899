"""Answers about given promises (R3.10). Nothing here writes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.tickets.models import GivenPromise, Ticket

SHOWN = 50  # promises of one ticket on its page; nobody has seen a tenth of it


def open_promises(rows: Sequence[Ticket], now: datetime) -> Mapping[int, list[str]]:
    """What still has to be kept before a ticket is resolved: one sentence for each open promise. One query, none for
    rows whose promises were read already (``read``)."""
    found: dict[int, list[str]] = defaultdict(list)
    known = [row for row in rows if "promises" in getattr(row, "_prefetched_objects_cache", {})]
    fresh = [row.pk for row in rows if row not in known]
    asked = (
        list(GivenPromise.objects.open().filter(ticket__in=fresh).order_by("due_at", "id")) if fresh else []
    )
    for promise in [*asked, *(one for row in known for one in row.promises.all() if one.is_open)]:
        found[promise.ticket_id].append(_still_open(promise, now))
    return found


def _still_open(promise: GivenPromise, now: datetime) -> str:
    words = _("The promise “%(what)s” (due %(due)s) is open: keep it or withdraw it first.")
    what = promise.what if promise.what else wording.minute(promise.given_at, now)
    return words % {"what": what, "due": wording.minute(promise.due_at, now)}


def read(ticket: Ticket) -> list[GivenPromise]:
    """The promises of a ticket, open ones first by due time, then ended ones, newest first; kept with the row, so
    that the guards of its moves need not ask again. One query."""
    rows = GivenPromise.objects.select_related("given_by", "ended_by").order_by("-id")
    prefetch_related_objects([ticket], Prefetch("promises", queryset=rows))
    every = list(ticket.promises.all())
    return sorted((one for one in every if one.is_open), key=lambda one: one.due_at) + [
        one for one in every if not one.is_open
    ]


def due_of(person: Any, until: datetime, limit: int) -> list[GivenPromise]:
    """What this person owes up to a moment, nearest first, each with its ticket. One query."""
    mine = GivenPromise.objects.held_by(person.pk).filter(due_at__lt=until)
    return list(mine.select_related("ticket__customer", "given_by").order_by("due_at", "id")[:limit])


def told_with(message_id: int) -> GivenPromise | None:
    """The promise that was given with a message."""
    found: GivenPromise | None = (
        GivenPromise.objects.filter(message_id=message_id, erased_at=None).order_by("id").first()
    )
    return found


def kept_on(ticket_id: int) -> list[GivenPromise]:
    """What the customer was promised and how it ended, oldest first, for the customer's own page. One query."""
    given = GivenPromise.objects.filter(ticket=ticket_id, to="customer", erased_at=None)
    return list(given.order_by("given_at", "id")[:SHOWN])
