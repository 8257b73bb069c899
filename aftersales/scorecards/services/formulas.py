"""Formulas: drafted by one person, announced by another, in force after the time of notice."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import registers
from aftersales.scorecards.models import Formula, FormulaVersion
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.scores.terms import check_new
from aftersales.scorecards.services.announcing import announce_later, with_a_day
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import services as rule_book
from aftersales.standards.announcing.services import Announced, version_activate, version_draft

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
    """Draft the next version, or correct the waiting draft.

    Raises ``no_terms``, ``wrong_terms``, ``unknown_metric``.
    """
    row: FormulaVersion = version_draft(FORMULA, rule=formula, actor=actor, now=now, reason=reason, **terms)
    return row


def check(version: FormulaVersion) -> None:
    """A version by which nobody could be scored is refused."""
    check_new(selectors.terms_of(version))


FORMULA = Announced(
    versions=FormulaVersion, terms=TERMS, check=check, earliest=selectors.earliest, tell=announce_later,
    begins=with_a_day(_("A formula begins with a day, so that it judges whole days.")),
)  # fmt: skip


def formula_activate(
    *, draft: FormulaVersion, actor: Any, now: datetime, valid_from: datetime | None = None, reason: str = "",
    seen: int | None = None,
) -> FormulaVersion:  # fmt: skip
    """Announce a draft and bring it into force with a day, after the time of notice (second person).

    Merchants whom it will judge are told, once. Raises ``not_a_day`` and those of ``version_activate``.
    """
    done: FormulaVersion = version_activate(
        FORMULA, draft=draft, actor=actor, now=now, valid_from=valid_from, reason=reason, seen=seen
    )
    return done
