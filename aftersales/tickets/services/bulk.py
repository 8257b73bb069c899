"""Acts on several chosen tickets: each row is judged by itself, the outcome names what was refused and why."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted, Refusal
from aftersales.tickets.dispatch_rules import Choice
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors import pulling
from aftersales.tickets.selectors.dispatching import PUT_BACK
from aftersales.tickets.services.dispatch import _for
from aftersales.tickets.services.recording import as_candidate, build
from aftersales.tickets.states import TicketState

TAKEN = Refusal("taken", _("Somebody already has this ticket."))


def tickets_put_back(*, tickets: QuerySet[Ticket], actor: Any, now: datetime, reason: str) -> moves.Outcome:
    """Give many tickets back to the queue, with one reason; one's own by the system's hand, as with one ticket.

    Errors: not_permitted, reason.
    """
    if not reason.strip():
        raise DomainError(_("Say why the tickets go back."), "reason")
    by: dict[str, Any] = {"now": now, "reason": reason}
    with transaction.atomic():
        keys, had = _locked_with_holders(tickets)
        outcome = moves.Outcome(busy=[pk for pk in keys if pk not in had])
        own = [pk for pk, person in had.items() if person == actor.pk and actor.has_perm("tickets.work")]
        others = sorted(set(had) - set(own))
        if own:
            rows = tickets.filter(pk__in=own)
            outcome.add(
                moves.perform_many(rows, "unassign", actor=system_user(), acting_as=_for(actor), **by)
            )
        if others or not keys:  # the door asks for the right also where there is no row
            outcome.add(moves.perform_many(tickets.filter(pk__in=others), "unassign", actor=actor, **by))
        people = User.objects.in_bulk({person for person in had.values() if person})
        DispatchRecord.objects.bulk_create(
            build(row.pk, "", Choice(as_candidate(people[had[row.pk]], row.team_id), PUT_BACK), now)
            for row in outcome.done
            if had[row.pk] in people
        )
    return outcome


def _locked_with_holders(tickets: QuerySet[Ticket]) -> tuple[list[int], dict[int, int | None]]:
    """The keys of all, and who has each of those that nobody else is working on: locked, so that it stays true."""
    keys = sorted(set(tickets.values_list("pk", flat=True)))
    free = Ticket.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=keys)
    return keys, dict(free.order_by("pk").values_list("pk", "assignee_id"))


def tickets_take(*, tickets: QuerySet[Ticket], actor: Any, now: datetime) -> moves.Outcome:
    """Take those of these tickets that nobody has; each leaves the same record as a single one.

    As with one ticket the system moves them in the person's name: pulling is not the right to assign others.
    """
    if not actor.has_perm("tickets.take"):
        raise NotPermitted()
    system, free = system_user(), tickets.filter(assignee=None)
    refused = [(pk, [TAKEN]) for pk in tickets.exclude(assignee=None).values_list("pk", flat=True)]
    barred = pulling.barred(list(free), actor, now)
    refused += barred.items()
    free = free.exclude(pk__in=barred)
    with transaction.atomic():
        moves.perform_many(free.filter(state=TicketState.NEW), "triage", actor=system, now=now)
        outcome = moves.perform_many(
            free, "assign", actor=system, now=now, acting_as=_for(actor), data={"to": actor, "team_id": None}
        )
        choice = Choice(as_candidate(actor, None), "pulled")
        DispatchRecord.objects.bulk_create(build(row.pk, "", choice, now) for row in outcome.done)
    outcome.refused += refused
    return outcome
