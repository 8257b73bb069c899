"""Grading: by rule at intake, by a person afterwards; lowering a severity needs a second person (DESIGN 4)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.tickets import rules
from aftersales.tickets.models import GradingRule, Ticket
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.states import ACTIVE_STATES, SEVERITY_ORDER


def grading_book() -> list[GradingRule]:
    """The grading rules in force, in their order. One query; ask once per batch."""
    return list(GradingRule.objects.in_force())


def ticket_triage(
    *,
    ticket: Ticket,
    actor: Any,
    now: datetime,
    kind: str = "",
    severity: str = "",
    nature: str = "",
    reason: str = "",
    version: int | None = None,
) -> Ticket:
    """Grade a new ticket; without values the grade given at intake is taken over."""
    data: dict[str, Any] = {
        key: value for key, value in (("kind", kind), ("severity", severity), ("nature", nature)) if value
    }
    return moves.perform(ticket, "triage", actor=actor, now=now, reason=reason, version=version, **data)


def ticket_regrade(
    *,
    ticket: Ticket,
    kind: str,
    severity: str,
    nature: str,
    actor: Any,
    now: datetime,
    reason: str,
    version: int | None = None,
) -> Ticket:
    """Change the grade of a ticket that is not finished yet, with a reason.

    Making it milder is another person's decision than the assignee's (DESIGN 4, Clock): a lead who does not hold the
    ticket. The first clocks stay as they were; the clocks room sees to that.
    """
    if not actor.has_perm("tickets.regrade"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why the grade changes."), "reason")
    with transaction.atomic():
        current = locked_ticket(ticket, version=version)
        if current.state not in ACTIVE_STATES:
            raise DomainError(_("A finished ticket keeps its grade."), "wrong_state")
        return _regrade(current, (kind, severity, nature), actor, now, reason)


def _regrade(ticket: Ticket, grade: tuple[str, str, str], actor: Any, now: datetime, reason: str) -> Ticket:
    kind, severity, nature = grade
    if is_milder(ticket, kind, severity, nature) and (
        ticket.assignee_id == actor.pk or not actor.has_perm("tickets.lower_severity")
    ):
        raise DomainError(
            _("A grade is made milder by a lead who does not handle the ticket."), "second_person"
        )
    old = {"old_kind": ticket.kind, "old_severity": ticket.severity, "old_nature": ticket.nature}
    return moves.change(
        ticket, actor=actor, now=now, event="ticket.regraded", reason=reason,
        payload={"kind": kind, "severity": severity, "nature": nature, "rules": "", **old},
        kind=kind, severity=severity, nature=nature, graded_by="",
    )  # fmt: skip


def is_milder(ticket: Ticket, kind: str, severity: str, nature: str) -> bool:
    """A lower severity, or no complaint or safety matter any more: what protects the customer would fall away."""
    lower = SEVERITY_ORDER.index(severity) < SEVERITY_ORDER.index(ticket.severity)
    was = rules.is_grave(ticket.severity, ticket.nature, ticket.kind)
    return lower or (was and not rules.is_grave(severity, nature, kind))
