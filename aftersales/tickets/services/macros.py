"""Macros: kept as rows with a version, applied to a ticket all at once or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import origin, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.tickets import actions
from aftersales.tickets.actions import Step
from aftersales.tickets.models import ActionRow, ActionRun, Macro, Ticket
from aftersales.tickets.states import MacroScope, RowOutcome

EVENT = "macro.changed"


def macro_save(
    *,
    macro: Macro | None,
    steps: Sequence[Step],
    actor: Any,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    **columns: Any,
) -> Macro:
    """Create or change a macro; its steps are judged as they would be used. Errors: not_permitted, steps, name, …

    ``columns``: name_zh, name_en, scope, team, roles, kinds, position, is_active.
    """
    row = macro or Macro(code=f"macro-{secrets.token_hex(5)}")
    wanted = {**columns, "steps": [one.stored() for one in actions.checked(steps, now)]}
    _scope(row, wanted, actor)
    if not (wanted.get("name_zh", row.name_zh) or "").strip():
        raise DomainError(_("Give the macro a name."), "name")
    payload = {"changed": sorted(wanted)}
    if row.pk is None:
        for name, value in wanted.items():
            setattr(row, name, value)
        return registers.create(row, actor=actor, now=now, event=EVENT, reason=reason, payload=payload)
    return registers.save(
        row, actor=actor, now=now, event=EVENT, reason=reason, payload=payload, version=version, **wanted
    )


def _scope(row: Macro, wanted: dict[str, Any], actor: Any) -> None:
    """Who may keep which: the own ones, those of a team by its leads, everybody's by operations."""
    if row.pk is not None and not may_keep(actor, row.scope, row.team_id, row.owner_id):
        raise NotPermitted()
    scope = wanted.get("scope", row.scope)
    if scope not in MacroScope.values:
        raise DomainError(_("Say for whom the macro is."), "scope")
    team_id = wanted["team"].pk if wanted.get("team") else None
    if scope == MacroScope.TEAM and team_id is None:
        raise DomainError(_("Choose the team."), "team")
    wanted["team"] = wanted.get("team") if scope == MacroScope.TEAM else None
    wanted["owner"] = (row.owner or actor) if scope == MacroScope.OWN else None
    if not may_keep(actor, scope, team_id, wanted["owner"].pk if wanted["owner"] else None):
        raise NotPermitted()


def may_keep(actor: Any, scope: str, team_id: int | None, owner_id: int | None) -> bool:
    """Whether this person writes macros of this scope."""
    if scope == MacroScope.OWN:
        return owner_id in (None, actor.pk) and actor.has_perm("tickets.own_macros")
    if actor.has_perm("tickets.keep_macros"):
        return True
    team_lead = scope == MacroScope.TEAM and actor.has_perm("tickets.keep_team_macros")
    return team_lead and team_id in actor.team_ids


def macro_apply(
    *,
    macro: Macro,
    ticket: Ticket,
    actor: Any,
    now: datetime,
    key: str,
    version: int | None = None,
    macro_version: int | None = None,
) -> Ticket:
    """Every step on one ticket, or nothing of it; the same ``key`` twice is one act.

    ``version`` and ``macro_version``: what the person saw in the preview; changed since, nothing is done. Raises
    StepRefused, Conflict, Busy.
    """
    try:
        with transaction.atomic():
            if known := ActionRun.objects.filter(key=key).first() if key else None:
                return Ticket.objects.get(pk=known.rows.get().ticket_id)
            found = _usable(macro, actor, macro_version)
            _note(found, ticket, actor, now, key)  # first: the second of two posts waits here for the first
            with origin.citing(found.citation):
                return actions.carry_out(
                    actions.steps_of(found.steps), ticket, actor=actor, now=now, ref=key, version=version
                )
    except IntegrityError:
        known = ActionRun.objects.filter(key=key).first()
        if known is None:
            raise
        return Ticket.objects.get(pk=known.rows.get().ticket_id)


def _usable(macro: Macro, actor: Any, seen: int | None) -> Macro:
    """The macro as it stands, when this person may use it and saw it so."""
    found: Macro | None = Macro.objects.usable_by(actor).filter(pk=macro.pk).first()
    if found is None:
        raise DomainError(_("This macro is no longer here."), "gone")
    if seen is not None and found.version != seen:
        raise DomainError(_("This macro was changed meanwhile; look at its steps again."), "macro_changed")
    return found


def _note(macro: Macro, ticket: Ticket, actor: Any, now: datetime, key: str) -> None:
    """That it ran, on what, by whom: its own key makes the second of two posts find the first."""
    run = ActionRun.objects.create(
        key=key or f"macro-{secrets.token_urlsafe(16)}", actor=actor, macro=macro, cited=macro.citation,
        title_zh=macro.name_zh, title_en=macro.name_en, steps=[], asked_at=now, finished_at=now, total=1,
        wordless_at=now,
    )  # fmt: skip
    ActionRow.objects.create(run=run, ticket=ticket, outcome=RowOutcome.DONE, at=now)
