"""Tickets that belong together without being one: parent and child, or related."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, moves
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.tickets.models import Ticket, TicketLink
from aftersales.tickets.selectors.merging import SIDES
from aftersales.tickets.services.locking import refuse_sealed
from aftersales.tickets.states import OPEN_STATES, LinkKind

DEEPEST = 20  # links from a ticket up to its farthest parent


def tickets_link(
    *, ticket: Ticket, other: Ticket, kind: str, actor: Any, now: datetime, source_ref: str = ""
) -> TicketLink:
    """Link two tickets. ``ticket`` is the parent of ``other``; related ones have no order.

    Errors: itself, kind, linked (there is a link of another kind), cycle, finished, Busy. Twice the same is one link.
    """
    if not actor.has_perm("tickets.link"):
        raise NotPermitted()
    if kind not in (LinkKind.PARENT, LinkKind.RELATED):
        raise DomainError(_("Choose how they belong together."), "kind")
    if ticket.pk == other.pk:
        raise DomainError(_("A ticket is not linked to itself."), "itself")
    with transaction.atomic():
        rows = _locked(ticket, other)
        one, two = rows[ticket.pk], rows[other.pk]
        if kind == LinkKind.RELATED and one.pk > two.pk:
            one, two = two, one
        if known := _known(one, two, kind):
            return known
        if kind == LinkKind.PARENT:
            _refuse_cycle(one.pk, two.pk)
            _refuse_finished(one, two)
        return _link(one, two, kind, actor, now, source_ref=source_ref)


def ticket_unlink(*, link: TicketLink, actor: Any, now: datetime, reason: str = "") -> TicketLink:
    """Take a link away; taken away once, it stays so."""
    if not actor.has_perm("tickets.link"):
        raise NotPermitted()
    if link.kind == LinkKind.SPLIT:  # the way to what is quoted, for whoever erases it
        raise DomainError(_("A split is a fact: its link stays."), "split")
    with transaction.atomic():
        _locked(link.ticket, link.other)
        current: TicketLink = TicketLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        if current.ended_at is None:
            current.ended_at = now
            current.save(update_fields=["ended_at"])
            _tell("ticket.unlinked", link.ticket, link.other, current.kind, actor, now, reason)
    return current


def _locked(one: Ticket, other: Ticket) -> dict[int, Ticket]:
    """Both by their keys: links of either are judged and made alone."""
    found = {pk: moves.locked(Ticket(pk=pk)) for pk in sorted((one.pk, other.pk))}
    for row in found.values():
        refuse_sealed(row)
    return found


def _known(one: Ticket, two: Ticket, kind: str) -> TicketLink | None:
    link: TicketLink | None = TicketLink.objects.filter(
        ticket__in=(one, two), other__in=(one, two), ended_at=None
    ).first()
    if link is not None and (link.kind, link.ticket_id) != (kind, one.pk):
        raise DomainError(_("The two are linked already, in another way."), "linked")
    return link


def _refuse_cycle(parent: int, child: int) -> None:
    """Up from the parent, link by link, each locked: the child is none of its own forefathers."""
    above = {parent}
    for _step in range(DEEPEST):
        if child in above:
            raise DomainError(
                _("The child is a parent of this ticket already: they would wait for each other."), "cycle"
            )
        links = TicketLink.objects.filter(other__in=above, kind=LinkKind.PARENT, ended_at=None)
        above = set(links.select_for_update(of=("self",)).values_list("ticket_id", flat=True))
        if not above:
            return
    raise DomainError(_("These tickets are linked too deeply."), "cycle")


def _refuse_finished(parent: Ticket, child: Ticket) -> None:
    """A parent is finished after its children: none that is open is hung under it later."""
    if parent.state not in OPEN_STATES and child.state in OPEN_STATES:
        words = _("%(number)s is “%(state)s”: no open ticket is put under it.")
        raise DomainError(words % {"number": parent.number, "state": parent.get_state_display()}, "finished")


def _link(one: Ticket, two: Ticket, kind: str, actor: Any, now: datetime, **more: Any) -> TicketLink:
    link = TicketLink.objects.create(ticket=one, other=two, kind=kind, at=now, by=actor, **more)
    _tell("ticket.linked", one, two, kind, actor, now)
    return link


def _tell(
    event: str, one: Ticket, two: Ticket, kind: str, actor: Any, now: datetime, reason: str = ""
) -> None:
    out, into = SIDES[LinkKind(kind)]
    for row, other, side in ((one, two, out), (two, one, into)):
        events.record(
            event, subject=row, actor=actor, now=now, reason=reason,
            payload={"kind": side, "other_id": other.pk, "other": other.number},
        )  # fmt: skip
