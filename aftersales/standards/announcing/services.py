"""Writes of announced rules: drafted by one person, corrected, announced by another. Rooms say what differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from aftersales.core import moves, registers
from aftersales.core.rulebook import RuleState, RuleVersion
from aftersales.standards.services import (
    DRAFT,
    inherited,
    newest,
    next_number,
    record_draft,
    require,
    rule_activate,
)


@dataclass(frozen=True)
class Announced:
    """What one kind of rule has of its own.

    ``terms``: what a new draft takes over from the version that stands, ``first``: what it says where none does.
    ``check`` refuses a version that nobody could follow, ``begins`` a moment with which none may begin. ``earliest``:
    when a version announced now can come into force. ``tell`` asks for the messages about an announced version.
    """

    versions: type[RuleVersion]
    terms: Sequence[str]
    check: Callable[[Any], None]
    earliest: Callable[[Any, datetime], datetime]
    first: Mapping[str, Any] = field(default_factory=dict)
    begins: Callable[[datetime], None] = lambda begin: None
    tell: Callable[[Any, datetime], None] = lambda version, now: None

    @property
    def parent(self) -> str:
        """The column by which versions of one rule belong together."""
        return self.versions.rule_key.removesuffix("_id")


def version_draft(
    kind: Announced, *, rule: Any, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> Any:
    """Draft the next version of ``rule``, or correct the waiting draft: what stands, with ``terms`` changed.

    Whoever last touched a draft counts as its drafter and does not bring it into force. Raises NotPermitted and those
    of the kind's ``check``.
    """
    require(actor, DRAFT)
    with transaction.atomic():
        number = next_number(type(rule), rule.pk, kind.versions, kind.versions.rule_key)
        versions = kind.versions._default_manager.filter(**{kind.parent: rule})
        waiting = versions.filter(state=RuleState.DRAFT).select_related(kind.parent).first()
        if waiting is not None:
            return version_correct(waiting, check=kind.check, actor=actor, now=now, reason=reason, **terms)
        columns = inherited(newest(versions), kind.terms, terms, actor=actor, now=now, reason=reason)
        row = kind.versions(**{kind.parent: rule, "number": number, **kind.first, **columns})
        kind.check(row)
        record_draft(row, actor=actor, now=now, reason=reason)
    return row


def version_correct(
    draft: Any, *, check: Callable[[Any], None], actor: Any, now: datetime, reason: str = "", **terms: Any
) -> Any:
    """Change a waiting draft: who did counts as its drafter from now on. Raises those of ``check``, and Conflict."""
    for name, value in terms.items():
        setattr(draft, name, value)
    check(draft)
    return registers.save(
        draft, actor=actor, now=now, event="rule.changed", payload=draft._payload(), version=draft.version,
        drafted_by_id=actor.pk, drafted_at=now, change_reason=reason or draft.change_reason, **terms,
    )  # fmt: skip


def version_activate(
    kind: Announced, *, draft: Any, actor: Any, now: datetime, valid_from: datetime | None = None,
    reason: str = "", seen: int | None = None,
) -> Any:  # fmt: skip
    """Announce a draft (second person); in force from ``valid_from``, by default as soon as the notice allows.

    Whom it concerns is told, once. ``seen``: the row's version that the second person read; what was changed since is
    not announced unread. Raises ``own_draft``, ``announced_too_late``, Conflict and those of the kind's ``check`` and
    ``begins``.
    """
    with transaction.atomic():
        row = moves.locked(draft, version=seen, actor=actor)
        kind.check(row)
        begin = valid_from or kind.earliest(row, now)
        kind.begins(begin)
        done = rule_activate(draft=row, actor=actor, now=now, valid_from=begin, reason=reason)
        kind.tell(done, now)
    return done
