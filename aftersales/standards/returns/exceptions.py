"""Exceptions from the no-reason right: the law's, those the buyer confirmed, and the seller's word against both."""

from collections.abc import Sequence
from datetime import datetime

from .answers import Reason
from .facts import LineFacts, Place, PromiseFacts
from .fitting import fits
from .rule import Rule
from .states import Effect, Ground, LineRule, Weight


def exclusion(standing: Sequence[Rule], facts: LineFacts, place: Place) -> tuple[bool, list[Reason], bool]:
    """Whether an exception takes the right away, why, and whether the merchant promised it all the same (R2, R3)."""
    zone, params = place.zone.key, {"kind": str(facts.exception_kind)}
    naming = [
        rule
        for rule in standing
        if rule.effect == Effect.EXCLUDES and fits(rule, facts, place)[0] and _names(rule, facts)
    ]
    if not naming:
        listed = facts.line_rule == LineRule.NO_REASON or facts.ground != Ground.NO_REASON
        return False, [] if listed else [Reason.by(None, "exception_unknown", Weight.DOUBT, zone)], False
    reasons: list[Reason] = []
    for rule in naming:
        code, weight = _said(rule, facts, place)
        reasons.append(Reason.by(rule, code, weight, zone, **params))
    ended = any(one.weight == Weight.AGAINST for one in reasons)
    bound = ended and any(one.in_spite_of_exceptions for one in promises_of(facts))
    if bound:
        reasons = [Reason.by(rule, "promised_anyway", Weight.FOR, zone, **params) for rule in naming[:1]]
    return ended, reasons, bound


def _names(rule: Rule, facts: LineFacts) -> bool:
    """Whether the exception speaks about these goods; a kind that no list names is none (law R3)."""
    if not rule.exception:
        return True
    listed = (
        not facts.exception_kind or not rule.exception_kinds or facts.exception_kind in rule.exception_kinds
    )
    return rule.exception == facts.line_rule and listed


def _said(rule: Rule, facts: LineFacts, place: Place) -> tuple[str, str]:
    if rule.exception != LineRule.SOFT:
        return "hard_exception", Weight.AGAINST
    if not facts.confirmed:
        return "not_confirmed", Weight.FOR
    if facts.confirmed_at is not None and facts.confirmed_at > _bought_until(facts, place):
        return "confirmed_too_late", Weight.FOR
    return "soft_exception", Weight.AGAINST


def _bought_until(facts: LineFacts, place: Place) -> datetime:
    """The purchase ends with the payment; a confirmation counts only within it (law R3)."""
    bought = facts.purchased.latest(place.zone)
    return max(bought, facts.paid.latest(place.zone)) if facts.paid else bought


def promises_of(facts: LineFacts) -> list[PromiseFacts]:
    """The merchant's promises that speak about the question."""
    return [one for one in facts.promises if one.covers(facts.demand, facts.ground)]
