"""Roll-ups: what may be thrown away, because the events and the rows people wrote say it again (DESIGN 3).

Roll-ups of this house, and what they are made from anew:

* clocks (``clocks.Clock``): from the events of their subjects and the rule versions these cite;
* a ticket's copy of its nearest clock (``next_due_at``, ``next_promise``, ``next_started_at``, ``next_warn_at``);
* search texts (``TicketText``): from tickets, messages, archive records and addenda;
* deliveries (``core.Delivery``): ``deliveries.backfill`` gives each consumer all events again, and what it does is
  done once by its key.

Everything else is primary and stays: events, tickets with their states and dates, messages, attachments, tries,
links, signals, dispatch records, archive records with addenda, messages sent (``notices``), jobs, the rule book.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from aftersales.clocks import services as clocks
from aftersales.core import deliveries
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.searching import texts_restore

BATCH = 500
NEAREST = ("next_due_at", "next_promise", "next_started_at", "next_warn_at")


def rollups_rebuild(
    *, now: datetime, ids: Sequence[int] | None = None, deliver: bool = False
) -> Mapping[str, int]:
    """Make missing roll-ups of these tickets (all, when none are named) anew; what is there stays as it is.

    ``deliver``: every consumer gets all events again as well, which takes its time on a large history.
    """
    wanted = sorted(Ticket.objects.values_list("pk", flat=True) if ids is None else ids)
    counts = {"tickets": 0, "clocks": 0, "texts": 0, "deliveries": 0}
    for start in range(0, len(wanted), BATCH):
        for name, number in _rebuild(wanted[start : start + BATCH], now).items():
            counts[name] += number
    if deliver:
        counts["deliveries"] = sum(deliveries.backfill(name) for name in deliveries.consumers())
    return counts


def _rebuild(ids: Sequence[int], now: datetime) -> Mapping[str, int]:
    """One batch, locked: nobody moves these tickets meanwhile."""
    with transaction.atomic():
        rows = list(Ticket.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
        before = [_nearest(row) for row in rows]
        made = clocks.restore("tickets.ticket", rows, now=now)
        changed = [row for row, was in zip(rows, before, strict=True) if _nearest(row) != was]
        Ticket.objects.bulk_update(changed, NEAREST, batch_size=BATCH)
        return {"tickets": len(changed), "clocks": made, "texts": texts_restore(rows)}


def _nearest(row: Ticket) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in NEAREST)


def rows_lock(ids: Sequence[int]) -> list[Ticket]:
    """Tickets whose clocks are about to be counted anew, locked before the clocks."""
    return list(Ticket.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))


def rows_write(rows: Sequence[Ticket]) -> None:
    """Their copy of the nearest clock. One statement."""
    Ticket.objects.bulk_update(rows, NEAREST, batch_size=BATCH)
