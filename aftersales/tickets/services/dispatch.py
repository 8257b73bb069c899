"""Who gets a ticket by hand or by pull (R3.2, R3.3); by rule: ``choosing``. The why is always stored."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.tickets import rules
from aftersales.tickets.dispatch_rules import Choice
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors import pulling
from aftersales.tickets.selectors.dispatching import PUT_BACK, own_order_facts
from aftersales.tickets.selectors.reading import any_of, blocking, words_of
from aftersales.tickets.services.choosing import not_his_own
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.services.recording import as_candidate, build, record
from aftersales.tickets.states import TicketState

NEXT_LOOK = 50  # of the most pressing tickets, so many are looked at for being the person's own


def ticket_assign(
    *,
    ticket: Ticket,
    to: User,
    actor: Any,
    now: datetime,
    reason: str = "",
    team_id: int | None = None,
    version: int | None = None,
) -> Ticket:
    """Give a ticket to a person by hand. A waiting ticket is passed on without waking it up, and one that is solved
    with what is still owed on it. Nobody gets work by hand that he lacks the certificate or the onboarding for.
    """
    if not to.is_active or not to.has_perm("tickets.work"):
        raise DomainError(_("%(name)s cannot work on tickets.") % {"name": to}, "unfit")
    with transaction.atomic():
        ticket = locked_ticket(ticket, version=version, actor=actor)
        if lacks := pulling.lacking_certificate([ticket], to, now):
            raise Refused([lacks[ticket.pk]])
        if ticket.state == TicketState.WAITING or (not ticket.is_open and holds(ticket)):
            moved = _pass_on(ticket, to, actor, now, reason, team_id)
        else:
            moved = moves.perform(
                ticket, "assign", actor=actor, now=now, reason=reason, to=to, team_id=team_id
            )
        record(moved.pk, "", Choice(as_candidate(to, team_id), "by_hand"), now)
    return moved


def tickets_assign(
    *,
    tickets: QuerySet[Ticket],
    to: User,
    actor: Any,
    now: datetime,
    reason: str = "",
    team_id: int | None = None,
) -> moves.Outcome:
    """Give many tickets to a person by hand, and to a team with him; each is judged and recorded as a single one."""
    if not to.is_active or not to.has_perm("tickets.work"):
        raise DomainError(_("%(name)s cannot work on tickets.") % {"name": to}, "unfit")
    with transaction.atomic():
        lacks = pulling.lacking_certificate(list(tickets), to, now)
        moving = tickets.exclude(pk__in=list(lacks)) if lacks else tickets
        outcome = moves.perform_many(
            moving, "assign", actor=actor, now=now, reason=reason, data={"to": to, "team_id": team_id}
        )
        choice = Choice(as_candidate(to, team_id), "by_hand")
        DispatchRecord.objects.bulk_create(build(row.pk, "", choice, now) for row in outcome.done)
    outcome.refused += [(pk, [why]) for pk, why in lacks.items()]
    return outcome


def holds(ticket: Ticket) -> bool:
    """Whether its assignee has something to do there: it is open, or somebody is still owed something."""
    return bool(ticket.is_open or Ticket.objects.owing().filter(pk=ticket.pk).exists())


def _pass_on(ticket: Ticket, to: User, actor: Any, now: datetime, reason: str, team_id: int | None) -> Ticket:
    if not actor.has_perm("tickets.assign"):
        raise NotPermitted()
    facts = {"tickets.own_order": [own_order_facts([ticket], now)[ticket.pk]]}
    asked = (ticket, facts, actor, now, {"to": to})
    if refusals := [*rules.fit_to_work(*asked), *rules.not_own_order(*asked)]:
        raise Refused(refusals)
    payload = {
        "from_id": ticket.assignee_id,
        "to_id": to.pk,
        "to_name": str(to),
        "team_id": team_id or ticket.team_id,
    }
    return moves.change(
        ticket, actor=actor, now=now, event="ticket.transferred", reason=reason, payload=payload,
        assignee=to, team_id=team_id or ticket.team_id, assigned_at=now,
    )  # fmt: skip


def ticket_take(*, ticket: Ticket, actor: Any, now: datetime, version: int | None = None) -> Ticket:
    """Take an unassigned ticket that one sees; the door lets exactly one person win."""
    if not actor.has_perm("tickets.take"):
        raise NotPermitted()
    if ticket.assignee_id is not None:
        raise DomainError(_("Somebody already has this ticket."), "taken")
    with transaction.atomic():
        current = locked_ticket(ticket)
        if current.assignee_id is not None:
            raise DomainError(_("Somebody was faster and has this ticket now."), "taken")
        current = locked_ticket(ticket, version=version)
        if refusals := pulling.barred([current], actor, now).get(current.pk):
            raise Refused(refusals)
        moved = _assign_as_system(current, actor, None, now)
        record(moved.pk, "", Choice(as_candidate(actor, moved.team_id), "pulled"), now)
    return moved


def ticket_take_next(*, actor: Any, now: datetime) -> Ticket | None:
    """*Next for me*: the most urgent unassigned ticket of my teams or of none yet; two pulling never get one."""
    if not actor.has_perm("tickets.take"):
        raise NotPermitted()
    with transaction.atomic():
        mine = Ticket.objects.visible_to(actor).unassigned().filter(historic=False)
        mine = mine.filter(Q(team_id__in=actor.team_ids) | Q(team_id=None)).order_by("next_due_at", "id")
        unread = blocking([actor], now).get(actor.pk, [])
        rest = mine.exclude(any_of(unread)) if unread else mine
        lacks = pulling.uncertified(actor, now)
        rest = rest.exclude(pulling.beyond(actor, now))
        rest = rest.exclude(lacks) if lacks else rest
        others = not_his_own(rest, actor, look=NEXT_LOOK)
        ticket = others.select_for_update(of=("self",), skip_locked=True).first()
        if ticket is None and (keeping := [one for one in unread if mine.filter(one.where()).exists()]):
            raise Refused(words_of(keeping))
        if ticket is None and lacks and (kept := mine.filter(lacks).first()):
            raise Refused(pulling.barred([kept], actor, now)[kept.pk])
        return ticket_take(ticket=ticket, actor=actor, now=now) if ticket else None


def _for(person: User) -> str:
    """In whose name the system acts, as the timeline tells it."""
    return f"user:{person.pk} {person}"[:80]


def _assign_as_system(ticket: Ticket, to: User, team_id: int | None, now: datetime) -> Ticket:
    """Pulling is not the right to assign others: the system performs the move, acting as the person who pulled."""
    system = system_user()
    if ticket.state == TicketState.NEW:
        ticket = moves.perform(ticket, "triage", actor=system, now=now)
    return moves.perform(ticket, "assign", actor=system, now=now, acting_as=_for(to), to=to, team_id=team_id)


def ticket_put_back(
    *, ticket: Ticket, actor: Any, now: datetime, reason: str, version: int | None = None
) -> Ticket:
    """Give a ticket back to the queue, with a reason; who has it at that moment may do so himself."""
    if not reason.strip():
        raise DomainError(_("Say why the ticket goes back."), "reason")
    with transaction.atomic():
        ticket = locked_ticket(ticket, version=version, actor=actor)
        return _to_queue(ticket, actor, now, reason)


def _to_queue(ticket: Ticket, actor: Any, now: datetime, reason: str) -> Ticket:
    own = ticket.assignee_id == actor.pk and actor.has_perm("tickets.work")
    by = {"actor": system_user(), "acting_as": _for(actor)} if own else {"actor": actor}
    had = ticket.assignee
    moved = moves.perform(ticket, "unassign", now=now, reason=reason, **by)
    if had is not None:
        record(moved.pk, "", Choice(as_candidate(had, moved.team_id), PUT_BACK), now)
    return moved


def ticket_hand_over(
    *, ticket: Ticket, actor: Any, now: datetime, reason: str, version: int | None = None
) -> Ticket:
    """Pass the own ticket to the lead of its team, with a reason; the lead decides who goes on with it.

    A lead who lacks the certificate or the onboarding for it does not get it: not begun, it goes back to the queue;
    begun, it stays with who talks to the customer (refused as certificate or onboarding). Error: no_lead.
    """
    if not actor.has_perm("tickets.work"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why you hand the ticket over."), "reason")
    with transaction.atomic():
        ticket = locked_ticket(ticket, version=version, actor=actor)
        if ticket.assignee_id != actor.pk:
            raise NotPermitted()
        lead = _other_lead(ticket, actor)
        if lacks := pulling.lacking_certificate([ticket], lead, now):
            if ticket.state == TicketState.ASSIGNED:
                return _to_queue(ticket, actor, now, reason)
            raise Refused([lacks[ticket.pk]])
        moved = moves.perform(
            ticket, "assign", actor=system_user(), now=now, reason=reason, acting_as=_for(actor), to=lead,
            team_id=None,
        )  # fmt: skip
        record(moved.pk, "", Choice(as_candidate(lead, moved.team_id), "handed_over"), now)
    return moved


def _other_lead(ticket: Ticket, actor: Any) -> User:
    """The lead who takes over. Error: no_lead."""
    lead: User | None = ticket.team.lead if ticket.team else None
    if lead is None or lead.pk == actor.pk or not lead.is_active:
        raise DomainError(_("This team has no other lead who could take the ticket."), "no_lead")
    return lead
