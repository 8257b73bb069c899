"""Formulas: drafted by one person, announced by another, in force after the time of notice."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves, registers
from aftersales.core.errors import DomainError
from aftersales.core.rulebook import RuleState
from aftersales.scorecards.models import Formula, FormulaVersion
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.services.announcing import announce_later
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import services as rule_book

TERMS = ("terms", "source_ref", "source_zh", "source_en", "note_zh", "note_en")


def formula_create(
    *, code: str, name_zh: str, name_en: str, subject_kind: str, actor: Any, now: datetime
) -> Formula:
    """Open a formula; nobody is scored by it until a version of it is in force. Raises ``code_taken``."""
    rule_book.require(actor, rule_book.DRAFT)
    row = Formula(code=code, name_zh=name_zh, name_en=name_en, subject_kind=SubjectKind(subject_kind))
    created: Formula = registers.create_coded(
        row, taken=_("A formula of this code exists already."), actor=actor, now=now, event="formula.created"
    )
    return created


def formula_draft(
    *, formula: Formula, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> FormulaVersion:
    """Draft the next version, or correct the waiting draft: what stands, with ``terms`` changed.

    Whoever last touched a draft counts as its drafter and does not bring it into force. Raises ``no_terms``,
    ``wrong_terms``, ``unknown_metric``.
    """
    rule_book.require(actor, rule_book.DRAFT)
    with transaction.atomic():
        number = rule_book.next_number(Formula, formula.pk, FormulaVersion, "formula_id")
        versions = FormulaVersion.objects.filter(formula=formula)
        waiting = versions.filter(state=RuleState.DRAFT).select_related("formula").first()
        if waiting is not None:
            return _correct(waiting, terms, actor, now, reason)
        columns = rule_book.inherited(
            rule_book.newest(versions), TERMS, terms, actor=actor, now=now, reason=reason
        )
        row = FormulaVersion(formula=formula, number=number, **columns)
        check(row)
        rule_book.record_draft(row, actor=actor, now=now, reason=reason)
    return row


def _correct(
    draft: FormulaVersion, terms: dict[str, Any], actor: Any, now: datetime, reason: str
) -> FormulaVersion:
    for name, value in terms.items():
        setattr(draft, name, value)
    check(draft)
    saved: FormulaVersion = registers.save(
        draft, actor=actor, now=now, event="rule.changed", payload=draft._payload(), version=draft.version,
        drafted_by_id=actor.pk, drafted_at=now, change_reason=reason or draft.change_reason, **terms,
    )  # fmt: skip
    return saved


def check(version: FormulaVersion) -> None:
    """A version by which nobody could be scored is refused."""
    selectors.terms_of(version)


def formula_activate(
    *,
    draft: FormulaVersion,
    actor: Any,
    now: datetime,
    valid_from: datetime | None = None,
    reason: str = "",
    seen: int | None = None,
) -> FormulaVersion:
    """Announce a draft and bring it into force with a day, after the time of notice (second person).

    Merchants whom it will judge are told, once. ``seen``: the row's version that the second person read; what was
    changed since is not announced unread. Raises ``own_draft``, ``announced_too_late``, ``not_a_day``, and Conflict.
    """
    with transaction.atomic():
        row = moves.locked(draft, version=seen, actor=actor)
        check(row)
        begin = valid_from or selectors.earliest(row, now)
        here = begin.astimezone(selectors.zone())
        if (here.hour, here.minute, here.second, here.microsecond) != (0, 0, 0, 0):
            raise DomainError(_("A formula begins with a day, so that it judges whole days."), "not_a_day")
        done: FormulaVersion = rule_book.rule_activate(
            draft=row, actor=actor, now=now, valid_from=begin, reason=reason
        )
        announce_later(version=done, now=now)
    return done
