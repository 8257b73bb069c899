"""A ticket goes to another team by hand: its queue shows it, its people are offered it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.states import TicketState

UNBEGUN = (TicketState.NEW, TicketState.TRIAGED, TicketState.ASSIGNED)


def ticket_to_team(
    *, ticket: Ticket, team: Team, actor: Any, now: datetime, reason: str, version: int | None = None
) -> Ticket:
    """Move an unbegun ticket to a team; who has it loses it. Errors: reason, closed_team, already, begun."""
    if not actor.has_perm("tickets.assign"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Please give the reason."), "reason")
    with transaction.atomic():
        current = locked_ticket(ticket, version=version)
        if refusal := why_not_to(current, team):
            raise refusal
        payload = {"team_id": team.pk, "team": str(team), "duty": ""}
        if current.state == TicketState.ASSIGNED:
            current = moves.perform(current, "unassign", actor=actor, now=now, reason=reason)
        return moves.change(
            current,
            actor=actor,
            now=now,
            event="ticket.routed",
            reason=reason,
            payload=payload,
            team_id=team.pk,
        )


def why_not_to(ticket: Ticket, team: Team) -> DomainError | None:
    """Why this ticket cannot go to this team, for the service and for whoever asks beforehand."""
    if team.active_to is not None:
        return DomainError(_("The team %(name)s is closed.") % {"name": team}, "closed_team")
    if ticket.state not in UNBEGUN:
        words = _("Work has begun or is over: give the ticket to a person of that team instead.")
        return DomainError(words, "begun")
    if ticket.team_id == team.pk:
        return DomainError(_("The ticket is in this team already."), "already")
    return None
