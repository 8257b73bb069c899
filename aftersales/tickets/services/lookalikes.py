"""Tickets that may be one problem: found when a ticket comes in, decided by a person, once (R3.1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.tickets import sameness
from aftersales.tickets.models import DuplicatePair, Ticket, TicketPrint
from aftersales.tickets.sameness import Seen
from aftersales.tickets.selectors.lookalikes import Found, lookalikes
from aftersales.tickets.states import PairVerdict, SameReason


def lookalikes_note(
    tickets: Sequence[Ticket], words: Sequence[str], beside: Sequence[bool], now: datetime
) -> None:
    """For tickets that have just come in: the print of their words, and the pairs they may make with open ones.

    ``beside``: whoever registered it knew of the open ticket of the order and said that this is another problem.
    At most four statements, whatever the number. A pair that somebody has told apart stays apart.
    """
    made = [sameness.sketch(text) for text in words]
    TicketPrint.objects.bulk_create(
        TicketPrint(ticket=row, sketch=one, bands=sameness.bands(one))
        for row, one in zip(tickets, made, strict=True)
        if one
    )
    seen = [
        Seen(row.pk, row.kind, row.order_id, row.customer_id, one)
        for row, one in zip(tickets, made, strict=True)
        if not row.historic
    ]
    apart = {row.pk for row, other in zip(tickets, beside, strict=True) if other}
    rows = {
        (pair.ticket_id, pair.other_id): pair
        for pk, found in lookalikes(seen, now).items()
        for pair in (_pair(pk, one, pk in apart, now) for one in found)
    }
    DuplicatePair.objects.bulk_create(rows.values(), ignore_conflicts=True)


def _pair(pk: int, found: Found, beside: bool, now: datetime) -> DuplicatePair:
    said = beside and any(code == SameReason.ORDER for code, _number in found.likely.reasons)
    return DuplicatePair(
        ticket_id=min(pk, found.other), other_id=max(pk, found.other), score=found.likely.score,
        reasons=found.likely.reasons, found_at=now, verdict=PairVerdict.APART if said else PairVerdict.OPEN,
    )  # fmt: skip


def tickets_tell_apart(*, pair: DuplicatePair, actor: Any, now: datetime) -> DuplicatePair:
    """Somebody says that the two are not the same: they are not proposed again. Said once, it stays as it is."""
    if not actor.has_perm("tickets.merge"):
        raise NotPermitted()
    with transaction.atomic():
        rows = DuplicatePair.objects.select_for_update(of=("self",)).select_related("ticket", "other")
        current: DuplicatePair | None = rows.filter(pk=pair.pk).first()
        if current is None:
            raise DomainError(_("This no longer exists."), "gone")
        if current.verdict != PairVerdict.OPEN:
            return current
        current.verdict, current.decided_at, current.decided_by = PairVerdict.APART, now, actor
        current.save(update_fields=["verdict", "decided_at", "decided_by"])
        for one, other in ((current.ticket, current.other), (current.other, current.ticket)):
            events.record(
                "ticket.told_apart", subject=one, actor=actor, now=now,
                payload={"other_id": other.pk, "other": other.number},
            )  # fmt: skip
    return current
