"""Writes to the return rules: one person drafts, another brings into force (``services.rule_activate``)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import registers
from aftersales.core.errors import DomainError
from aftersales.standards import services as rule_book
from aftersales.standards.models import ReturnRule, ReturnRuleVersion

from .states import AFTER_THE_QUESTION, Effect, LineRule, WindowUnit

TERMS: tuple[str, ...] = (
    "effect", "law_sets", "regions", "categories", "demands", "grounds", "stages", "marks", "promises", "exception",
    "exception_kinds", "window_value", "window_unit", "legal_value", "legal_unit", "legal_ref", "look_value",
    "look_unit", "anchor", "consent_signers", "after_replacement", "holiday_end", "repair_excluded",
    "within_warranty", "failed_repairs", "slow_repair_days", "slow_parts_days", "freight_out", "freight_back",
    "freight_again", "evidence", "conditions", "silence", "person_marks", "owed_by",
    "source_ref", "source_zh", "source_en", "conflict_group", "note_zh", "note_en",
)  # fmt: skip
"""What a new draft takes over from the version in force."""
HOURS_OF: Mapping[str, float] = {
    WindowUnit.HOURS: 1, WindowUnit.DAYS: 24, WindowUnit.WORKING_DAYS: 24, WindowUnit.MONTHS: 24 * 30.4,
    WindowUnit.YEARS: 24 * 365,
}  # fmt: skip


def return_rule_create(*, actor: Any, now: datetime, code: str, **columns: Any) -> ReturnRule:
    """Open a return rule; it says nothing until a version of it is in force."""
    rule_book.require(actor, rule_book.DRAFT)
    created: ReturnRule = registers.create(
        ReturnRule(code=code, **columns), actor=actor, now=now, event="return_rule.created", payload={"code": code}
    )  # fmt: skip
    return created


def return_rule_change(
    *, rule: ReturnRule, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> ReturnRule:
    """Change name, chapter or place of a rule; what it says changes only by a new version."""
    rule_book.require(actor, rule_book.DRAFT)
    saved: ReturnRule = registers.save(
        rule, actor=actor, now=now, event="return_rule.changed", payload={"code": rule.code}, version=version, **columns
    )  # fmt: skip
    return saved


def return_rule_draft(
    *, rule: ReturnRule, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> ReturnRuleVersion:
    """Draft the next version: the terms of the newest version in force, with ``terms`` changed."""
    rule_book.require(actor, rule_book.DRAFT)
    with transaction.atomic():
        newest = rule_book.newest(ReturnRuleVersion.objects.filter(rule=rule))
        row = ReturnRuleVersion(
            rule=rule, **rule_book.inherited(newest, TERMS, terms, actor=actor, now=now, reason=reason)
        )
        row.number = rule_book.next_number(ReturnRule, rule.pk, ReturnRuleVersion, "rule_id")
        check(row)
        rule_book.record_draft(row, actor=actor, now=now, reason=reason)
        return row


def check(row: ReturnRuleVersion) -> None:
    """A rule that nobody could follow, or that gives less than the law, is refused before it can come into force."""
    for name in ("window", "legal", "look"):
        value, unit = getattr(row, f"{name}_value"), getattr(row, f"{name}_unit")
        if (value is None) != (not unit) or value == 0 or (unit and unit not in WindowUnit.values):
            raise DomainError(
                _("Say how long: a number above zero and its unit, or nothing."), "window_missing"
            )
    if row.effect == Effect.EXCLUDES and row.exception == LineRule.NO_REASON:
        raise DomainError(_("Say which goods the rule takes the right away from."), "exception_missing")
    if row.effect == Effect.OWES and not row.owed_by:
        raise DomainError(_("Say who owes it."), "debtor_missing")
    if row.effect == Effect.PROVES and not row.window_value:
        raise DomainError(_("Say for how long the seller must prove it."), "window_missing")
    if row.effect != Effect.OWES and row.anchor in AFTER_THE_QUESTION:
        raise DomainError(
            _("A right is counted from something that happened before the request."), "anchor_after"
        )
    if row.within_warranty and row.window_value:
        raise DomainError(_("Either as long as the warranty, or a window of its own."), "two_windows")
    if row.effect == Effect.GRANTS and not row.within_warranty and not row.window_value and not row.stages:
        raise DomainError(
            _("A right without a window would never end: name a window or a stage of the goods."), "endless"
        )
    if row.legal_value and row.window_value:
        _against_the_law(row)


def _against_the_law(row: ReturnRuleVersion) -> None:
    """Ours gives the customer no less than the law: a right is not shorter, a duty not longer."""
    ours = _hours(row.window_value, row.window_unit)
    law = _hours(row.legal_value, row.legal_unit)
    if row.effect == Effect.OWES and ours > law:
        raise DomainError(_("Our target may not be longer than the law allows."), "beyond_law")
    if row.effect != Effect.OWES and ours < law:
        raise DomainError(_("Our window may not be shorter than the law's."), "below_law")


def _hours(value: int | None, unit: str) -> float:
    return HOURS_OF[unit] * (value or 0)
