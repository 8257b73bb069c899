"""What stands on the public page of rules: every rule that binds merchants, with its versions of the last years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.rulebook import RuleState
from aftersales.ledger.incentives import gives, raised_by
from aftersales.ledger.models import IncentiveVersion
from aftersales.ledger.states import Party
from aftersales.merchants import agreementpages
from aftersales.merchants.models import AgreementVersion
from aftersales.orders.selectors import category_names
from aftersales.scorecards import consequencepages, consequences, consequencewords
from aftersales.scorecards.models import ConsequenceVersion
from aftersales.standards import selectors as rule_book
from aftersales.standards.models import Consultation, Promotion, StandardVersion
from aftersales.standards.promoting import selectors as promotions
from aftersales.standards.states import Debtor

KEPT_DAYS = 3 * 366  # every version of the last three years stays readable (law P2)
Badge = tuple[str, str, str]


@dataclass(frozen=True)
class Edition:
    """One version of a rule as everybody reads it."""

    label: str
    says: str
    since: datetime | None
    until: datetime | None
    badge: Badge
    url: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule with its versions, newest first; ``ground``: its source and the law's own limit."""

    name: str
    ground: str
    editions: Sequence[Edition]


@dataclass(frozen=True)
class Sale:
    """A promotion as everybody reads it: the times of merchants that are other ones, and what was asked before."""

    name: str
    since: datetime
    until: datetime
    badge: Badge
    reason: str
    says: Sequence[tuple[str, str]]
    talked: Consultation | None


def sales(now: datetime) -> list[Sale]:
    """Promotions that run, come or were within three years, the newest first. Two queries.

    Not those that touch no time of merchants, nor those that ended before they began.
    """
    book = rule_book.book()
    said: dict[int, list[tuple[str, str]]] = {}
    for one in book.versions:
        if one.promotion_id and one.owed_by == Debtor.MERCHANT:
            limit = rule_book.limit_words(one.limit_value, one.limit_unit)
            said.setdefault(one.promotion_id, []).append((book.name_of(one.standard.code), limit))
    oldest = now - timedelta(days=KEPT_DAYS)
    rows = [
        one for one in reversed(book.promotions) if one.pk in said and max(one.starts_at, oldest) < one.until
    ]
    asked = Consultation.objects.filter(rule_kind="standards.promotion", rule_id__in=[one.pk for one in rows])
    talks = {one.rule_id: one for one in asked}
    return [
        Sale(
            one.name, one.starts_at, one.until, promotions.phase(one, now), one.reason, said[one.pk],
            talks.get(one.pk),
        )
        for one in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A promotion that is or was talked over: the times that merchants would owe, beside the usual ones."""

    promotion: Promotion
    lines: Sequence[promotions.Line]


def planned_of(row: Consultation, now: datetime) -> Planned | None:
    """What a consultation about a promotion is about; None for another one."""
    if row.rule_kind != Promotion._meta.label_lower:
        return None
    found = Promotion.objects.filter(pk=row.rule_id).first()
    return Planned(found, promotions.of_merchants(found, now)) if found is not None else None


@dataclass(frozen=True)
class Section:
    name: str
    rules: Sequence[Rule]


def sections(search: str, now: datetime) -> list[Section]:
    """All that holds or held within three years, narrowed to what says the searched words. Four queries."""
    oldest = now - timedelta(days=KEPT_DAYS)
    with rule_book.one_edition():
        found = [
            Section(pgettext("published", "Agreements"), _agreements(oldest, now)),
            Section(pgettext("published", "Times that merchants owe"), _standards(oldest, now)),
            Section(pgettext("published", "Consequences by rule"), _consequences(oldest, now)),
            Section(pgettext("published", "Incentives and penalties"), _incentives(oldest, now)),
        ]
    if not search:
        return found
    return [Section(one.name, [rule for rule in one.rules if _says(rule, search)]) for one in found]


def _says(rule: Rule, search: str) -> bool:
    text = " ".join([rule.name, rule.ground, *(f"{one.label} {one.says}" for one in rule.editions)])
    return search.casefold() in text.casefold()


def _kept(rows: Iterable[Any], oldest: datetime) -> Iterable[Any]:
    return (one for one in rows if one.valid_to is None or one.valid_to > oldest)


def _badge(version: Any, now: datetime) -> Badge:
    if version.valid_from and now < version.valid_from:
        return (pgettext("rule state", "Announced"), "blue", "quarter")
    if version.applies_at(now):
        return (str(RuleState.ACTIVE.label), "green", "tick")
    return (str(RuleState.RETIRED.label), "bare", "bar")


def _agreements(oldest: datetime, now: datetime) -> list[Rule]:
    rows = AgreementVersion.objects.announced().filter(agreement__merchant=None)
    by: dict[int, list[AgreementVersion]] = {}
    for one in _kept(rows.select_related("agreement").order_by("agreement__category", "-number"), oldest):
        by.setdefault(one.agreement_id, []).append(one)
    called = category_names(found[0].agreement.category for found in by.values())
    return [
        Rule(
            found[0].agreement.name, called.get(found[0].agreement.category, ""),
            [
                Edition(
                    one.label, " ".join(clause.text for clause in one.said), one.valid_from, one.valid_to,
                    agreementpages.badge_of(one, now),
                    reverse("published:agreement", args=[one.agreement.code, one.number]),
                )
                for one in found
            ],
        )
        for found in by.values()
    ]  # fmt: skip


def _standards(oldest: datetime, now: datetime) -> list[Rule]:
    book = rule_book.book()
    by: dict[str, list[StandardVersion]] = {}
    for one in _kept(book.versions, oldest):
        if one.owed_by == Debtor.MERCHANT:
            by.setdefault(one.standard.code, []).append(one)
    return [
        Rule(book.name_of(code), _ground(found[-1]), [_standard(one, found, now) for one in reversed(found)])
        for code, found in sorted(
            (code, sorted(rows, key=lambda row: row.number)) for code, rows in by.items()
        )
    ]


def _ground(version: StandardVersion) -> str:
    if not version.legal_limit_value:
        return str(version.source)
    law = rule_book.limit_words(version.legal_limit_value, version.legal_limit_unit)
    said = _("The law: %(limit)s (%(ground)s).") % {"limit": law, "ground": version.law}
    return f"{version.source} {said}"


def _standard(version: StandardVersion, beside: Iterable[StandardVersion], now: datetime) -> Edition:
    limit = rule_book.limit_words(version.limit_value, version.limit_unit)
    label = f"v{version.number}" + (f" · {version.promotion.name}" if version.promotion else "")
    badge = _badge(version, now)
    if badge[1] == "green" and not version.promotion_id and any(_is_sale(one, now) for one in beside):
        badge = (pgettext("published", "Again after the promotion"), "blue", "pause")
    return Edition(label, limit, version.valid_from, version.valid_to, badge)


def _is_sale(version: StandardVersion, now: datetime) -> bool:
    """Whether a promotion of every market counts instead of it."""
    return version.promotion is not None and version.promotion.market_id is None and version.applies_at(now)


def _consequences(oldest: datetime, now: datetime) -> list[Rule]:
    rows = ConsequenceVersion.objects.filter(state__in=["active", "retired"])
    by: dict[int, list[ConsequenceVersion]] = {}
    for one in _kept(rows.select_related("rule").order_by("rule__code", "-number"), oldest):
        if consequencepages.readable(one):
            by.setdefault(one.rule_id, []).append(one)
    return [
        Rule(found[0].rule.name, found[0].source, [_consequence(one, now) for one in found])
        for found in by.values()
    ]


def _consequence(version: ConsequenceVersion, now: datetime) -> Edition:
    says = consequencewords.told(consequences.terms_of(version))
    return Edition(f"v{version.number}", says, version.valid_from, version.valid_to, _badge(version, now))


@dataclass(frozen=True)
class Ladder:
    """A consequence rule that is or was talked over: its terms beside those before."""

    version: ConsequenceVersion
    terms: Sequence[Any]


def ladder_of(row: Consultation) -> Ladder | None:
    """What a consultation about a consequence rule is about; None for another one."""
    if row.rule_kind != ConsequenceVersion._meta.label_lower:
        return None
    rows = ConsequenceVersion.objects.select_related("rule")
    version = rows.filter(pk=row.rule_id).first()
    if version is None or not consequencepages.readable(version):
        return None
    announced = rows.filter(rule=version.rule_id, number__lt=version.number, state__in=["active", "retired"])
    before = announced.order_by("-number").first()
    if before is not None and not consequencepages.readable(before):
        before = None
    return Ladder(version, consequencepages.terms(version, before))


def _incentives(oldest: datetime, now: datetime) -> list[Rule]:
    rows = IncentiveVersion.objects.filter(rule__party=Party.MERCHANT, state__in=["active", "retired"])
    by: dict[int, list[IncentiveVersion]] = {}
    for one in _kept(rows.select_related("rule").order_by("rule__code", "-number"), oldest):
        by.setdefault(one.rule_id, []).append(one)
    return [
        Rule(found[0].rule.name, found[0].source, [_incentive(one, now) for one in found])
        for found in by.values()
    ]


def _incentive(version: IncentiveVersion, now: datetime) -> Edition:
    says = _("%(raised)s: %(gives)s") % {"raised": raised_by(version), "gives": gives(version)}
    return Edition(f"v{version.number}", says, version.valid_from, version.valid_to, _badge(version, now))
