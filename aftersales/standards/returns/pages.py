"""What the pages of the return rules show: chapters, comparison of versions. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.standards import rules
from aftersales.standards.models import ReturnRule, ReturnRuleVersion
from aftersales.standards.pages import Entry, Line, Section
from aftersales.standards.selectors import current_version
from aftersales.standards.states import RuleState

from . import preview
from .sentences import length
from .states import Anchor, Bearer, Carry, Chapter, Effect, LineRule, Silence


@dataclass(frozen=True)
class Row:
    """One rule in the list of all: what it says, ours beside the law's."""

    rule: ReturnRule
    version: ReturnRuleVersion
    applies: str
    ours: str
    laws: str
    counted: str
    back: str
    has_draft: bool


def rules_with_versions() -> list[ReturnRule]:
    """Every return rule with its versions, newest first: two queries."""
    return list(ReturnRule.objects.prefetch_related("versions"))


def _shown_version(row: ReturnRule, now: datetime) -> Any:
    """In force, else the newest; None when nobody has drafted one yet."""
    return current_version(row, now) or next(iter(row.versions.all()), None)


def chapters(now: datetime) -> list[tuple[str, list[Row]]]:
    """All rules that say something, by chapter, in the order of the book."""
    found: dict[str, list[Row]] = {code: [] for code in Chapter.values}
    for rule in rules_with_versions():
        version = _shown_version(rule, now)
        if version is not None:
            found[rule.chapter].append(_row(rule, version))
    return [(str(Chapter(code).label), rows) for code, rows in found.items() if rows]


def _row(rule: ReturnRule, version: ReturnRuleVersion) -> Row:
    back = version.freight_back or (version.owed_by if version.effect == Effect.OWES else "")
    return Row(
        rule=rule,
        version=version,
        applies=applies(version),
        ours=_ours(version),
        laws=length(version.legal_value, version.legal_unit),
        counted=str(Anchor(version.anchor).label) if version.window_value else "–",
        back=str(Bearer(back).label) if back else "–",
        has_draft=any(one.state == RuleState.DRAFT for one in rule.versions.all()),
    )


def _ours(version: ReturnRuleVersion) -> str:
    if version.within_warranty:
        return str(pgettext("return rule", "as the warranty"))
    return length(version.window_value, version.window_unit)


def applies(version: ReturnRuleVersion) -> str:
    """Demands and grounds in words; none named means all."""
    parts = [preview.words(name, getattr(version, name)) for name in ("demands", "grounds", "stages")]
    return " · ".join(part for part in parts if part) or str(pgettext("rule", "all"))


def sections(now: datetime) -> list[Section]:
    """The list at the left: every rule, also one that nobody has drafted yet."""
    found: dict[str, list[Entry]] = {code: [] for code in Chapter.values}
    for rule in rules_with_versions():
        version = _shown_version(rule, now)
        if version is None:
            continue
        entry = Entry(
            code=rule.code,
            name=rule.name,
            value=_ours(version),
            number=version.number,
            has_draft=any(one.state == RuleState.DRAFT for one in rule.versions.all()),
            is_conflicting=version.state == RuleState.NOTED,
        )
        found[rule.chapter].append(entry)
    return [Section(str(Chapter(code).label), entries) for code, entries in found.items() if entries]


def comparison(new: ReturnRuleVersion, old: ReturnRuleVersion | None) -> list[Line]:
    """What a version changes against the one before; lines that say nothing in either are left out."""
    labels = _labels()
    return [
        Line(labels[one.name], one.old or "–", one.new or "–", one.is_changed and old is not None)
        for one in rules.differences(_said(old) if old else _said(new), _said(new))
        if one.old or one.new
    ]


def _labels() -> Mapping[str, Any]:
    return {
        "effect": pgettext("return rule", "Effect"),
        "ours": pgettext("return rule", "Our window"),
        "laws": pgettext("return rule", "Legal window"),
        "clause": _("Legal ground"),
        "look": pgettext("return rule", "A person looks until"),
        "anchor": pgettext("return rule", "Counted from"),
        "demands": pgettext("return rule", "Asked for"),
        "grounds": pgettext("return rule", "Because of"),
        "categories": pgettext("return rule", "Categories"),
        "regions": pgettext("return rule", "Regions"),
        "stages": pgettext("return rule", "While the goods are"),
        "marks": pgettext("return rule", "Marks of the order"),
        "promises": pgettext("return rule", "Merchant's promises"),
        "exception": pgettext("return rule", "Goods"),
        "exception_kinds": pgettext("return rule", "Kinds of exception"),
        "consent_signers": pgettext("return rule", "Consent needed for"),
        "after_replacement": pgettext("return rule", "After a replacement"),
        "holiday_end": pgettext("return rule", "Last day on a day off"),
        "repair": pgettext("return rule", "Time under repair"),
        "repairs": pgettext("return rule", "Repairs needed"),
        "freight_out": pgettext("return rule", "Freight to the customer"),
        "freight_back": pgettext("return rule", "Freight back"),
        "freight_again": pgettext("return rule", "Freight of the second delivery"),
        "evidence": pgettext("return rule", "Evidence"),
        "conditions": pgettext("return rule", "Goods come back"),
        "silence": pgettext("return rule", "Merchant's silence"),
        "person_marks": pgettext("return rule", "Refused by a person only"),
        "owed_by": pgettext("return rule", "Owed by"),
    }


def _said(row: ReturnRuleVersion) -> Mapping[str, str]:
    windowed = bool(row.window_value) and row.effect in {Effect.GRANTS, Effect.PROVES}
    said = {
        "effect": str(Effect(row.effect).label),
        "ours": _ours(row) if row.window_value or row.within_warranty else "",
        "laws": length(row.legal_value, row.legal_unit) if row.legal_value else "",
        "clause": row.legal_ref,
        "look": length(row.look_value, row.look_unit) if row.look_value else "",
        "anchor": str(Anchor(row.anchor).label) if row.window_value else "",
    }
    for name in (
        "demands",
        "grounds",
        "categories",
        "regions",
        "stages",
        "marks",
        "promises",
        "exception_kinds",
    ):
        said[name] = preview.words(name, getattr(row, name))
    said |= {
        "exception": str(LineRule(row.exception).label) if row.exception else "",
        "after_replacement": str(Carry(row.after_replacement).label) if windowed else "",
        "holiday_end": str(Carry(row.holiday_end).label) if windowed else "",
        "consent_signers": preview.words("consent_signers", row.consent_signers) if windowed else "",
        "repair": str(_("Does not count")) if row.repair_excluded else "",
        "repairs": _repairs(row),
        "silence": str(Silence(row.silence).label) if row.silence else "",
        "owed_by": str(Bearer(row.owed_by).label) if row.owed_by else "",
    }
    for name in ("freight_out", "freight_back", "freight_again"):
        said[name] = str(Bearer(getattr(row, name)).label) if getattr(row, name) else ""
    for name in ("evidence", "conditions", "person_marks"):
        said[name] = preview.words(name, getattr(row, name))
    return said


def _repairs(row: ReturnRuleVersion) -> str:
    if row.failed_repairs:
        return _("%(n)s failed") % {"n": row.failed_repairs}
    if row.slow_repair_days or row.slow_parts_days:
        days = {"repair": row.slow_repair_days, "parts": row.slow_parts_days}
        return _("over %(repair)s days, or %(parts)s days for parts") % days
    return ""
