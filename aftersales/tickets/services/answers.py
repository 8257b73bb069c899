"""Answer templates: who writes which, versioned and recorded; what a text may hold is judged by ``answering``."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import registers
from aftersales.core.errors import DomainError, NotPermitted, Refusal, Refused
from aftersales.tickets.answering import template_problems
from aftersales.tickets.models import AnswerTemplate
from aftersales.tickets.states import AnswerScope, Kind

TEXTS = ("title_zh", "title_en", "body_zh", "body_en")
LONGEST = {"title_zh": 80, "title_en": 80, "body_zh": 4000, "body_en": 4000, "shortcut": 20}
SHORTCUT_EXTRA = "-_"


def may_write(row: AnswerTemplate, actor: Any) -> bool:
    """Everybody his own, leads their teams', operations and supervisors all."""
    if actor.has_perm("tickets.write_any_answer") and row.scope != AnswerScope.OWN:
        return True
    if row.scope == AnswerScope.TEAM:
        return actor.has_perm("tickets.write_team_answer") and row.team_id in actor.team_ids
    own = row.scope == AnswerScope.OWN and row.owner_id == actor.pk
    return own and actor.has_perm("tickets.write_own_answer")


def answer_save(
    *, row: AnswerTemplate, columns: Mapping[str, Any], actor: Any, now: datetime, version: int | None = None
) -> AnswerTemplate:
    """Create or change one template. Refused with everything that is wrong in it; a stale save shows both values.

    ``columns``: titles, texts, kinds, shortcut, scope, team, is_active. The owner follows from the scope.
    """
    wanted = _checked(columns)
    wanted["owner"] = _owner(row, wanted["scope"], actor)
    fresh = row.pk is None
    if not fresh and not may_write(row, actor):
        raise NotPermitted()
    planned = AnswerTemplate(**wanted)
    if not may_write(planned, actor):
        raise NotPermitted()
    payload = {"code": row.code, "scope": wanted["scope"]}
    if fresh:
        for name, value in wanted.items():
            setattr(row, name, value)
        row.code = payload["code"] = row.code or f"own-{secrets.token_hex(6)}"
        return registers.create(row, actor=actor, now=now, event="answer.created", payload=payload)
    changed: AnswerTemplate = registers.save(
        row, actor=actor, now=now, event="answer.changed", version=version, payload=payload, **wanted
    )
    return changed


def _owner(row: AnswerTemplate, scope: str, actor: Any) -> Any:
    if scope != AnswerScope.OWN:
        return None
    return row.owner if row.pk is not None and row.owner_id else actor


def _checked(columns: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _text(columns.get(name, ""), LONGEST[name]) for name in TEXTS}
    problems = [Refusal("empty", _("Title and text are needed in both languages."))] * (
        not all(found.values())
    )
    for text in found.values():
        problems += template_problems(text)
    if problems:
        raise Refused(list(dict.fromkeys(problems)))
    scope = columns.get("scope") or AnswerScope.OWN
    if scope not in AnswerScope.values or (scope == AnswerScope.TEAM) != bool(columns.get("team")):
        raise DomainError(_("Choose for whom the template is; for a team, also which."), "scope")
    return found | {
        "scope": scope, "team": columns.get("team") or None, "shortcut": _shortcut(columns.get("shortcut", "")),
        "kinds": [kind for kind in Kind.values if kind in set(columns.get("kinds", ()))],
        "is_active": bool(columns.get("is_active", True)),
    }  # fmt: skip


def _text(value: Any, longest: int) -> str:
    text = str(value).replace("\x00", "").replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise DomainError(_("A title has at most 80 characters, a text at most 4,000."), "too_long")
    return text


def _shortcut(value: Any) -> str:
    """What is typed after the slash: letters, digits, hyphens."""
    text = _text(value, 200).lstrip("/").lower()
    if len(text) > LONGEST["shortcut"] or any(
        not (char.isalnum() or char in SHORTCUT_EXTRA) for char in text
    ):
        raise DomainError(_("A shortcut is at most 20 letters, digits or hyphens."), "shortcut")
    return text
