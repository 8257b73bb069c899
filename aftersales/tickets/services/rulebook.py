"""Editing the rules of intake, grading and dispatch: versioned, recorded, with a reason."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.tickets.models import DutyRoute, GradingRule, IntakeRule

EVENTS = {
    IntakeRule: "intake_rule.changed",
    GradingRule: "grading_rule.changed",
    DutyRoute: "duty_route.changed",
}


def rule_save(
    *, row: Any, actor: Any, now: datetime, reason: str, version: int | None = None, **columns: Any
) -> Any:
    """Create or change one rule. The new version holds for whatever comes in from now on."""
    verb = "add" if row.pk is None else "change"
    if not actor.has_perm(f"tickets.{verb}_{row._meta.model_name}"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why the rule changes."), "reason")
    event, payload = EVENTS[type(row)], {"changed": sorted(columns)}
    if row.pk is None:
        for name, value in columns.items():
            setattr(row, name, value)
        return registers.create(row, actor=actor, now=now, event=event, reason=reason, payload=payload)
    return registers.save(
        row, actor=actor, now=now, event=event, reason=reason, payload=payload, version=version, **columns
    )
