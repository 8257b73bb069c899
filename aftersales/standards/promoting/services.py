"""Writes of promotions: drafted, changed, brought into force by a second person, ended early."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import moves, registers, series
from aftersales.core.errors import DomainError
from aftersales.core.rulebook import RuleState
from aftersales.core.wording import minute
from aftersales.standards import selectors as rule_book
from aftersales.standards.consulting.services import consultation_open
from aftersales.standards.models import (
    Consultation,
    Market,
    Parameter,
    ParameterVersion,
    Promotion,
    ServiceStandard,
    StandardVersion,
)
from aftersales.standards.promoting import selectors
from aftersales.standards.promoting.rules import NUMBER, STANDARD, Override
from aftersales.standards.services import DRAFT, PARAMETER_TERMS, next_number, record_draft, require
from aftersales.standards.states import Unit

SERIES = "promotion"
LONGEST_DAYS = "promotion_longest_days"


def promotion_draft(
    *, name_zh: str, name_en: str, starts_at: datetime, ends_at: datetime, reason: str, actor: Any, now: datetime,
    market: Market | None = None,
) -> Promotion:  # fmt: skip
    """Draft a promotion; it changes nothing until a second person brings it into force.

    Errors: not_permitted, period, reason, name.
    """
    require(actor, DRAFT)
    terms = _terms(name_zh, name_en, starts_at, ends_at, reason, now)
    code = series.next_number(SERIES, now)
    row = Promotion(code=code, market=market, drafted_by_id=actor.pk, drafted_at=now, **terms)
    return registers.create(
        row, actor=actor, now=now, event="promotion.drafted", payload=row.payload(), reason=row.reason
    )


def promotion_consult(
    *, promotion: Promotion, asked_zh: str, asked_en: str, actor: Any, now: datetime
) -> Consultation:
    """Ask merchants, in public, about the times that they would owe in it; once (law P2, P11).

    Errors: those of ``consultation_open``, nothing_asked (no time of merchants is another one) and too_late (it begins
    before the comments are in).
    """
    with transaction.atomic():
        row: Promotion = moves.locked(promotion)
        if row.state == RuleState.DRAFT and not selectors.of_merchants(row, now):
            raise DomainError(
                _("It changes no time that merchants owe, so there is nothing to ask them."), "nothing_asked"
            )
        made = consultation_open(draft=row, asked_zh=asked_zh, asked_en=asked_en, actor=actor, now=now)
        if made.closes_at > row.starts_at:
            words = _(
                "Comments come in until %(until)s, and the promotion begins before: move its beginning."
            )
            raise DomainError(words % {"until": minute(made.closes_at)}, "too_late")
    return made


def _terms(
    name_zh: str, name_en: str, starts_at: datetime, ends_at: datetime, reason: str, now: datetime
) -> dict[str, Any]:
    if not name_zh.strip() or not name_en.strip():
        raise DomainError(_("Name the promotion in both languages; merchants read it."), "name")
    if not reason.strip():
        raise DomainError(_("Say why these numbers are other ones for a time."), "reason")
    if ends_at <= max(starts_at, now):
        raise DomainError(_("A promotion ends after it starts, and not in the past."), "period")
    longest = rule_book.duration(LONGEST_DAYS, now)
    if ends_at - starts_at > longest:
        words = _("A promotion lasts at most %(days)d days; what lasts longer is a new version of the rule.")
        raise DomainError(words % {"days": longest.days}, "period")
    return {
        "name_zh": name_zh.strip(), "name_en": name_en.strip(), "starts_at": starts_at, "ends_at": ends_at,
        "reason": reason.strip()[:2000],
    }  # fmt: skip


def promotion_change(
    *, promotion: Promotion, name_zh: str, name_en: str, starts_at: datetime, ends_at: datetime, reason: str,
    actor: Any, now: datetime, market: Market | None = None, version: int | None = None,
) -> Promotion:  # fmt: skip
    """Correct a draft; whoever last touched it counts as its drafter. Errors: not_a_draft, period, reason, name."""
    require(actor, DRAFT)
    terms = _terms(name_zh, name_en, starts_at, ends_at, reason, now) | {
        "market_id": market.pk if market else None
    }
    return _changed(promotion, actor, now, version, terms)


def override_set(
    *, promotion: Promotion, sort: str, code: str, value: float, unit: str = "", actor: Any, now: datetime,
    version: int | None = None,
) -> Promotion:  # fmt: skip
    """Say what a rule is while the promotion lasts; the same rule again is corrected. Errors: not_a_draft, no_rule,
    bad_value.

    What the law or an agreement forbids is kept and shown with its reason; nobody can bring it into force.
    """
    require(actor, DRAFT)
    is_standard = sort == STANDARD
    rows: Any = ServiceStandard.objects if is_standard else Parameter.objects
    if sort not in (STANDARD, NUMBER) or not rows.filter(code=code).exists():
        raise DomainError(_("Choose a standard or a number of the rule book."), "no_rule")
    whole = float(value).is_integer()
    if value < 0 or (is_standard and (not whole or value < 1 or unit not in Unit.values)):
        raise DomainError(_("Say how long: a number above zero and its unit."), "bad_value")
    kept = Override(sort, code, int(value) if whole else value, unit if is_standard else "")
    with transaction.atomic():
        row = moves.locked(promotion, version=version)
        others = [one for one in row.said if one.key != kept.key]
        return _with(row, [*others, kept], actor, now, version)


def override_drop(
    *, promotion: Promotion, sort: str, code: str, actor: Any, now: datetime, version: int | None = None
) -> Promotion:
    """Leave a rule as it is. One that is not overridden stays so. Errors: not_a_draft."""
    require(actor, DRAFT)
    with transaction.atomic():
        row = moves.locked(promotion, version=version)
        return _with(row, [one for one in row.said if one.key != (sort, code)], actor, now, version)


def _with(
    row: Promotion, overrides: Sequence[Override], actor: Any, now: datetime, version: int | None
) -> Promotion:
    return _changed(row, actor, now, version, {"overrides": [one.as_kept() for one in overrides]})


def _changed(
    promotion: Promotion, actor: Any, now: datetime, version: int | None, columns: dict[str, Any]
) -> Promotion:
    with transaction.atomic():
        row = moves.locked(promotion)
        if row.state != RuleState.DRAFT:
            raise DomainError(
                _("Only a draft can be changed; end this promotion and draft another."), "not_a_draft"
            )
        return registers.save(
            row, actor=actor, now=now, event="promotion.changed", payload={"code": row.code}, version=version,
            drafted_by_id=actor.pk, drafted_at=now, **columns,
        )  # fmt: skip


def promotion_activate(
    *, promotion: Promotion, actor: Any, now: datetime, version: int | None = None
) -> Promotion:
    """Bring it into force (second person): each override becomes a version of its rule with the promotion's dates.

    Errors: own_draft, nothing_overridden, over_already, and what the law, agreements, R3.4 or another promotion say.
    """
    with moves.translated_locks(), transaction.atomic():
        _lock_rules(Promotion.objects.get(pk=promotion.pk))
        row = moves.perform(promotion, "activate", actor=actor, now=now, version=version)
        among = rule_book.book()
        for one in row.said:
            if one.sort == NUMBER:
                _number_version(one, row, among, actor, now)
        standards = [
            _standard_version(one, row, among, actor, now) for one in row.said if one.sort == STANDARD
        ]
        if standards:
            _bring(StandardVersion.objects.filter(pk__in=standards), row, actor, now)
    return row


def _lock_rules(promotion: Promotion) -> None:
    """Two promotions over one rule wait for each other here: the second one then sees the first."""
    codes = {sort: [one.code for one in promotion.said if one.sort == sort] for sort in (STANDARD, NUMBER)}
    list(ServiceStandard.objects.select_for_update().filter(code__in=codes[STANDARD]).order_by("pk"))
    list(Parameter.objects.select_for_update().filter(code__in=codes[NUMBER]).order_by("pk"))


def _common(row: Promotion, now: datetime) -> dict[str, Any]:
    """``valid_to`` stands from the beginning: nothing has to happen for the usual number to count again."""
    return {
        "promotion": row, "valid_to": row.ends_at, "drafted_by_id": row.drafted_by_id, "drafted_at": row.drafted_at,
        "change_reason": f"{row.code} {row.name_zh}: {row.reason}",
    }  # fmt: skip


def _standard_version(one: Override, row: Promotion, among: Any, actor: Any, now: datetime) -> int:
    usual = selectors.usual_standard(one.code, row.starts_at, among)
    assert usual is not None  # judged by the guard under the same locks
    version = selectors.would_be(usual, one, row)
    for name, value in _common(row, now).items():
        setattr(version, name, value)
    version.number = next_number(ServiceStandard, usual.standard_id, StandardVersion, "standard_id")
    record_draft(version, actor=system_user(now), now=now, reason=row.reason)
    return int(version.pk)


def _number_version(one: Override, row: Promotion, among: Any, actor: Any, now: datetime) -> None:
    usual = selectors.usual_number(one.code, row.starts_at, among)
    assert usual is not None
    terms = {name: getattr(usual, name) for name in PARAMETER_TERMS} | {
        "value": one.value,
        "conflict_group": "",
    }
    version = ParameterVersion(parameter_id=usual.parameter_id, **(terms | _common(row, now)))
    version.number = next_number(Parameter, usual.parameter_id, ParameterVersion, "parameter_id")
    record_draft(version, actor=system_user(now), now=now, reason=row.reason)
    _bring(ParameterVersion.objects.filter(pk=version.pk), row, actor, now)


def _bring(rows: Any, row: Promotion, actor: Any, now: datetime) -> None:
    """Judged together, as they will count together."""
    outcome = moves.perform_many(
        rows, "activate", actor=actor, now=now, reason=row.reason, data={"valid_from": row.starts_at}
    )
    for _version, refusals in outcome.refused:
        raise DomainError(str(refusals[0].message), refusals[0].code)


def promotion_reject(
    *, promotion: Promotion, reason: str, actor: Any, now: datetime, version: int | None = None
) -> Promotion:
    """Return a draft with a reason; it stays readable and never comes into force. Errors: reason_missing."""
    if not reason.strip():
        raise DomainError(_("Say why the draft is returned."), "reason_missing")
    return moves.perform(
        promotion, "reject", actor=actor, now=now, reason=reason.strip()[:2000], version=version
    )


def promotion_end(
    *, promotion: Promotion, reason: str, actor: Any, now: datetime, version: int | None = None
) -> Promotion:
    """End it before its time: the usual numbers count again at once, running clocks keep what they started with.

    Errors: reason_missing, over_already.
    """
    if not reason.strip():
        raise DomainError(_("Say why it ends early."), "reason_missing")
    why = reason.strip()[:2000]
    with moves.translated_locks(), transaction.atomic():
        row = moves.perform(promotion, "end", actor=actor, now=now, reason=why, version=version)
        for model in (StandardVersion, ParameterVersion):
            for one in model.objects.filter(promotion=row, state=RuleState.ACTIVE).order_by("pk"):
                until = max(now, one.valid_from or now)
                moves.perform(one, "retire", actor=actor, now=now, reason=why, valid_to=until)
    return row
