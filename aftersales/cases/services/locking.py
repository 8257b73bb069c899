"""A case with everything above it, locked in one order: order, accounts, ticket, case."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.states import MERCHANT_ROLES
from aftersales.cases.authority.states import UNANSWERED
from aftersales.cases.models import AuthorityCase, Case, CaseLine, ServiceRequest
from aftersales.cases.request_states import OPEN_REQUESTS
from aftersales.cases.services.accounts import Books, books_open
from aftersales.cases.states import CaseState
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.merchants.selectors import merchants_of
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.states import OwnReason


@dataclass
class Held:
    """One case under lock. ``books`` is None for a case without an order (a goodwill compensation)."""

    case: Case
    ticket: Ticket
    books: Books | None
    lines: list[CaseLine]
    was_done: bool = False
    """Whether it was done already when it was locked."""
    beyond: Decimal | None = None
    """What the customer paid beyond his order, where it was asked for many at once; None: ask for this one."""


def held(case: Case, *, version: int | None = None, sealed_too: bool = False) -> Held:
    """Raises gone, sealed, Busy and Conflict (``version``: the one the person looked at).

    ``sealed_too``: money that was agreed goes its way, whatever became of its ticket; the record says no other word.
    """
    books = books_open(Order(pk=case.order_id)) if case.order_id else None
    above = Ticket(pk=case.ticket_id)
    ticket = moves.locked(above) if sealed_too else locked_ticket(above)
    current: Case = moves.locked(case, version=version)
    lines = list(CaseLine.objects.select_for_update().filter(case=current).order_by("line_id"))
    return Held(current, ticket, books, lines, current.state == CaseState.CLOSED)


def held_together(order_id: int, case_ids: Iterable[int]) -> dict[int, Held]:
    """Several cases of one order, locked in the same order as one: order, tickets, cases, each by key."""
    ids = sorted(set(case_ids))
    books = books_open(Order(pk=order_id))
    of = dict(Case.objects.filter(pk__in=ids).values_list("pk", "ticket_id"))
    tickets = {pk: locked_ticket(Ticket(pk=pk)) for pk in sorted(set(of.values()))}
    cases = [moves.locked(Case(pk=pk)) for pk in ids]
    lines = list(CaseLine.objects.select_for_update().filter(case__in=ids).order_by("case_id", "line_id"))
    return {
        case.pk: Held(case, tickets[case.ticket_id], books, [one for one in lines if one.case_id == case.pk])
        for case in cases
    }


def require(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()


def refuse_foreign(ticket: Ticket, actor: Any, *cases: Case) -> None:
    """Nobody acts on a case of a ticket that he may not see, however he came by its number.

    A merchant's people act on cases of their own merchants and on nothing else of the ticket.
    """
    if "system" in actor.roles or "customer" in actor.roles:
        return
    if actor.has_role(*MERCHANT_ROLES):
        own = merchants_of(actor)
        if not cases or any(case.merchant_id not in own for case in cases):
            raise DomainError(_("This no longer exists."), "gone")
        return
    if not Ticket.objects.visible_to(actor).filter(pk=ticket.pk).exists() and not actor.has_perm(
        "cases.view_all"
    ):
        raise DomainError(_("This no longer exists."), "gone")


def ticket_open_again(mine: Held, *, actor: Any, now: datetime) -> None:
    """A case goes on only on an open ticket. What the customer does reopens a solved one as long as that is possible;
    staff say themselves that they reopen it. Errors: ticket_done, window_over, wrong_state."""
    if mine.ticket.is_open:
        return
    if "customer" not in actor.roles:
        raise DomainError(_("This ticket is solved; reopen it before its case goes on."), "ticket_done")
    mine.ticket = moves.perform(
        mine.ticket, "reopen", actor=actor, now=now, acting_as=f"customer:{mine.ticket.customer_id}",
        reason=OwnReason.NOT_SOLVED,
    )  # fmt: skip


def tell_ticket(
    ticket: Ticket, event: str, case: Case, *, actor: Any, now: datetime, **payload: Any
) -> Ticket:
    """The ticket's own timeline hears of its case, and its row how many there are."""
    told = {"case_id": case.pk, "number": case.number, **payload}
    return tell_ticket_of(ticket, event, told, actor=actor, now=now)


def tell_ticket_of(
    ticket: Ticket, event: str, payload: Mapping[str, Any], *, actor: Any, now: datetime
) -> Ticket:
    """The same for whatever of this room hangs on a ticket; small requests that hold it count like cases."""
    total, still_open = standing_on(ticket)
    changed: Ticket = moves.change(
        ticket, actor=actor, now=now, event=event, payload=payload, quiet=("case_count", "cases_open"),
        case_count=total, cases_open=still_open,
    )  # fmt: skip
    return changed


def standing_on(ticket: Ticket) -> tuple[int, int]:
    """How much hangs on a ticket, and how much of it is open: cases, small requests that hold it, letters."""
    cases = Case.objects.filter(ticket=ticket).annotate(open=Case.objects.holds())
    small = ServiceRequest.objects.filter(ticket=ticket, holds_ticket=True)
    small = small.annotate(open=Q(state__in=OPEN_REQUESTS)).values_list("open", flat=True)
    letters = AuthorityCase.objects.filter(ticket=ticket).annotate(open=Q(state__in=UNANSWERED))
    letters = letters.values_list("open", flat=True)
    standing = list(cases.values_list("open", flat=True).union(small, letters, all=True))
    return len(standing), sum(standing)
