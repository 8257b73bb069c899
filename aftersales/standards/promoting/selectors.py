"""Answers about promotions: which run or come, what each would change, why one may not come into force. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.errors import DomainError, Refusal
from aftersales.core.rulebook import RuleState
from aftersales.core.wording import minute
from aftersales.standards import rules as book_rules
from aftersales.standards import selectors as rule_book
from aftersales.standards.models import (
    Parameter,
    ParameterVersion,
    Promotion,
    ServiceStandard,
    StandardVersion,
)
from aftersales.standards.promoting.rules import NUMBER, STANDARD, Override
from aftersales.standards.selectors import Book
from aftersales.standards.services import STANDARD_TERMS, check_terms, check_value
from aftersales.standards.states import ClockKind, Debtor, Measure

COUNTED = frozenset(Measure) - {Measure.TEXT, Measure.CODES}
CEILINGS = {"dispatch_extension_hours": "dispatch_extension_most_hours"}
"""Numbers that a promotion may set no higher than another number of the rule book says."""


@dataclass(frozen=True)
class Line:
    """One override beside what counts without it; ``faults``: why it may not be."""

    override: Override
    name: str
    usual: str
    instead: str
    is_looser: bool | None
    faults: Sequence[str] = ()


def running(now: datetime, among: Book | None) -> list[Promotion]:
    """Promotions whose overrides count now. No query: ``among`` is a book at hand, perhaps an old edition."""
    return [one for one in among.promotions if one.runs_at(now)] if among is not None else []


def upcoming(now: datetime, among: Book) -> list[Promotion]:
    """In force and not begun yet, the next first."""
    return [one for one in among.promotions if one.state == RuleState.ACTIVE and one.starts_at > now]


def usual_standard(code: str, at: datetime, among: Book) -> StandardVersion | None:
    """The version of a standard that counts at a moment without any promotion."""
    return next(
        (
            one
            for one in reversed(among.versions)
            if one.standard.code == code and one.promotion_id is None and one.applies_at(at)
        ),
        None,
    )


def usual_number(code: str, at: datetime, among: Book) -> ParameterVersion | None:
    """The version of a number that counts at a moment without any promotion."""
    rows = [one for one in among.parameters.get(code, ()) if one.promotion_id is None and one.applies_at(at)]
    return rows[-1] if rows else None


def usual_while(
    row: Promotion, code: str, since: datetime, among: Book, *, number: bool = False
) -> list[Any]:
    """Every version of a rule without a promotion that counts at some moment from ``since`` to the promotion's end.

    The one that counts at ``since`` comes first; those that were announced for a later day of the promotion follow.
    """
    listed: Iterable[Any] = (
        among.parameters.get(code, ())
        if number
        else (one for one in among.versions if one.standard.code == code)
    )
    found = [one for one in listed if one.promotion_id is None and _meets(one, since, row.until)]
    return sorted(found, key=lambda one: one.valid_from)


def _meets(version: Any, since: datetime, until: datetime) -> bool:
    if version.valid_from is None or version.valid_from >= until:
        return False
    return version.valid_to is None or version.valid_to > max(since, version.valid_from)


def would_be(usual: StandardVersion, override: Override, promotion: Promotion) -> StandardVersion:
    """The version of the standard that a promotion makes; not saved."""
    terms = {name: getattr(usual, name) for name in STANDARD_TERMS}
    terms |= {"limit_value": int(override.value), "limit_unit": override.unit, "conflict_group": ""}
    if promotion.market_id is not None:
        terms["markets"] = [promotion.market.code]  # type: ignore[union-attr]
    return StandardVersion(standard=usual.standard, promotion=promotion, **terms)


def lines(promotion: Promotion, now: datetime) -> list[Line]:
    """Its overrides beside the usual numbers, each with what speaks against it."""
    among, at = rule_book.book(), max(promotion.starts_at, now)
    return [_line(one, promotion, at, among) for one in promotion.said]


def of_merchants(promotion: Promotion, now: datetime) -> list[Line]:
    """Of its overrides the times that merchants owe: what they are asked about (law P2)."""
    at, among = max(promotion.starts_at, now), rule_book.book()
    times = [one for one in lines(promotion, now) if one.override.sort == STANDARD]
    found = [(one, usual_standard(one.override.code, at, among)) for one in times]
    return [one for one, usual in found if usual is not None and usual.owed_by == Debtor.MERCHANT]


def _line(one: Override, promotion: Promotion, at: datetime, among: Book) -> Line:
    said = [str(fault.message) for fault in _faults_of(one, promotion, at, among)]
    faults, name = list(dict.fromkeys(said)), among.name_of(one.code)
    if one.sort == STANDARD:
        usual = usual_standard(one.code, at, among)
        instead = rule_book.limit_words(int(one.value), one.unit)
        if usual is None:
            return Line(one, name, "–", instead, None, faults)
        longer = _minutes(among, would_be(usual, one, promotion)) - _minutes(among, usual)
        words = rule_book.limit_words(usual.limit_value, usual.limit_unit)
        return Line(one, name, words, instead, longer > 0 if longer else None, faults)
    number = usual_number(one.code, at, among)
    unit = Measure(number.parameter.measure).label if number else ""
    usual_words = f"{number.value:g} {unit}" if number and isinstance(number.value, int | float) else "–"
    return Line(one, name, usual_words, f"{one.value:g} {unit}", None, faults)


def _minutes(among: Book, version: StandardVersion) -> float:
    return book_rules.nominal_minutes(
        among.calendars[version.calendar_id], version.limit_value, version.limit_unit
    )


def faults(rows: Sequence[Promotion], now: datetime) -> dict[int, list[Refusal]]:
    """Fact: why each may not come into force, in sentences: the law, agreements, R3.4, other promotions."""
    among = rule_book.book()
    return {row.pk: _faults(row, now, among) for row in rows}


def _faults(row: Promotion, now: datetime, among: Book) -> list[Refusal]:
    at = max(row.starts_at, now)
    found = [fault for one in row.said for fault in _faults_of(one, row, at, among)]
    found += _clashes(row, among)
    return _once(found) or _order_broken(row, at, among)


def _once(found: Iterable[Refusal]) -> list[Refusal]:
    """Each sentence once, though several versions of a rule say it."""
    return list({str(one.message): one for one in found}.values())


def _faults_of(one: Override, row: Promotion, at: datetime, among: Book) -> Iterable[Refusal]:
    """Judged against what counts when it begins and against every version that begins while it lasts."""
    if one.sort == STANDARD:
        first = usual_standard(one.code, at, among)
        if first is None:
            yield _unknown(one)
            return
        made = would_be(first, one, row)
        for usual in usual_while(row, one.code, at, among):
            yield from _standard_faults(one, usual, made, row, among)
        return
    if usual_number(one.code, at, among) is None:
        yield _unknown(one)
    for number in usual_while(row, one.code, at, among, number=True):
        yield from _number_faults(one, number, row, among)


def against(version: StandardVersion | ParameterVersion, now: datetime) -> list[tuple[Promotion, Refusal]]:
    """Promotions in force that may not go on, or begin, beside a version that has just come into force, and why."""
    among = rule_book.book()
    key = (
        (NUMBER, version.parameter.code)
        if isinstance(version, ParameterVersion)
        else (STANDARD, version.standard.code)
    )
    found: list[tuple[Promotion, Refusal]] = []
    for row in among.promotions:
        since = max(row.starts_at, now)
        if row.state != RuleState.ACTIVE or since >= row.until or not _meets(version, since, row.until):
            continue
        for one in [one for one in row.said if one.key == key]:
            found += [(row, fault) for fault in _beside(one, version, row, among)]
    return found


def _beside(
    one: Override, version: StandardVersion | ParameterVersion, row: Promotion, among: Book
) -> Iterable[Refusal]:
    if isinstance(version, ParameterVersion):
        return _number_faults(one, version, row, among)
    made = [
        kept
        for kept in among.versions
        if kept.promotion_id == row.pk and kept.standard_id == version.standard_id
    ]
    return _standard_faults(one, version, made[0], row, among) if made else []


def _unknown(one: Override) -> Refusal:
    return Refusal(
        "no_rule", _("The rule book has no rule “%(code)s” in force at that time.") % {"code": one.code}
    )


def _standard_faults(
    one: Override, usual: StandardVersion, made: StandardVersion, row: Promotion, among: Book
) -> Iterable[Refusal]:
    """``made``: the version that the promotion makes; ``usual``: one that would count without it."""
    name = {"name": among.name_of(one.code)}
    try:
        check_terms(would_be(usual, one, row))
    except DomainError as error:
        yield Refusal(error.code, f"{name['name']}: {error}")
        return
    if row.market is not None and usual.markets and row.market.code not in usual.markets:
        words = _(
            "“%(name)s” does not count in the market %(market)s: a promotion there may not begin to promise it."
        )
        yield Refusal("other_market", words % (name | {"market": row.market.name}))
    longer = _minutes(among, made) - _minutes(among, usual)
    if usual.clock_kind == ClockKind.STATUTORY and longer > 0:
        yield Refusal(
            "beyond_law",
            _("“%(name)s” is set by law: a promotion may shorten it, never make it longer.") % name,
        )
    if usual.owed_by == Debtor.MERCHANT and longer < 0:
        yield Refusal(
            "beside_agreement",
            _("“%(name)s” is what merchants agreed to: a promotion may give them more time, never less.")
            % name,
        )


def _number_faults(one: Override, usual: ParameterVersion, row: Promotion, among: Book) -> Iterable[Refusal]:
    name = {"name": among.name_of(one.code)}
    if usual.legal_value is not None or usual.legal_ref:
        yield Refusal("beyond_law", _("“%(name)s” is set by law and stays as it is in a promotion.") % name)
    if usual.parameter.measure not in COUNTED:
        yield Refusal(
            "not_a_number", _("“%(name)s” is no number that could be another one for a time.") % name
        )
        return
    if row.market_id is not None and len(among.markets) > 1:
        yield Refusal(
            "every_market",
            _("“%(name)s” counts in every market; leave the market of the promotion empty.") % name,
        )
    most = CEILINGS.get(one.code)
    if most is not None and one.value > float(rule_book.parameter(most, row.starts_at, among=among)):
        yield Refusal(
            "beyond_most",
            _("“%(name)s” may be %(most)s at most: what customers were promised stays.")
            % (name | {"most": f"{float(rule_book.parameter(most, row.starts_at, among=among)):g}"}),
        )
    try:
        check_value(usual.parameter, one.value)
    except DomainError as error:
        yield Refusal(error.code, str(error))


def _clashes(row: Promotion, among: Book) -> Iterable[Refusal]:
    """Two promotions may overlap in time, not in a rule: nobody could say which of them counts."""
    mine = {one.key for one in row.said}
    for other in among.promotions:
        meets = other.starts_at < row.ends_at and row.starts_at < other.until
        if other.pk == row.pk or not meets:
            continue
        for one in other.said:
            if one.key in mine:
                names = {"name": among.name_of(one.code), "other": other.name, "until": minute(other.until)}
                yield Refusal(
                    "overridden_already",
                    _("“%(name)s” is overridden by “%(other)s” until %(until)s already.") % names,
                )


def _order_broken(row: Promotion, at: datetime, among: Book) -> list[Refusal]:
    versions = []
    for number, one in enumerate((one for one in row.said if one.sort == STANDARD), 1):
        usual = usual_standard(one.code, at, among)
        if usual is not None:
            version = would_be(usual, one, row)
            version.pk = -number
            versions.append(version)
    broken = rule_book.order_broken(versions, at) if versions else {}
    seen: dict[str, Refusal] = {}
    for refusals in broken.values():
        seen |= {str(one.message): one for one in refusals}
    return list(seen.values())


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be overridden, for a form: standards and numbers, grouped. Two queries."""
    standards = [(f"{STANDARD}:{row.code}", str(row.name)) for row in ServiceStandard.objects.all()]
    numbers = [
        (f"{NUMBER}:{row.code}", f"{row.name} ({Measure(row.measure).label})")
        for row in Parameter.objects.filter(measure__in=sorted(COUNTED))
    ]
    return [(_("Service standards"), standards), (pgettext("rule book", "Numbers"), numbers)]


def phase(row: Promotion, now: datetime) -> tuple[str, str, str]:
    """Word, tone and mark of where a promotion stands."""
    if row.state == RuleState.DRAFT:
        return (str(RuleState.DRAFT.label), "amber", "dashed")
    if row.state == RuleState.REJECTED:
        return (str(RuleState.REJECTED.label), "bare", "cross")
    if row.runs_at(now):
        return (pgettext("promotion", "Running"), "green", "tick")
    if row.state == RuleState.ACTIVE and now < row.starts_at:
        return (pgettext("promotion", "Coming"), "blue", "quarter")
    return (pgettext("promotion", "Over"), "bare", "bar")


def versions_of(promotion: Promotion) -> Mapping[tuple[str, str], Any]:
    """The version that each override became, for links. Two queries."""
    found: dict[tuple[str, str], Any] = {}
    for version in StandardVersion.objects.filter(promotion=promotion).select_related("standard"):
        found[STANDARD, version.standard.code] = version
    for value in ParameterVersion.objects.filter(promotion=promotion).select_related("parameter"):
        found[NUMBER, value.parameter.code] = value
    return found
