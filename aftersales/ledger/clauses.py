"""What the clauses of proposals are called: people read the name of a rule, not the code that clauses are kept by."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from aftersales.ledger.models import IncentiveRule
from aftersales.standards.models import Parameter, ReturnRule, ServiceStandard

KEPT = re.compile(r"(incentive\.)?([a-z][a-z0-9_]*) v(\d+)")
RULES = "incentive."
_others: dict[str, Callable[[str], str]] = {}
BOOK = (ServiceStandard, ReturnRule, Parameter)


def named(citations: Iterable[str]) -> dict[str, str]:
    """Clause → name and version of its rule in the reader's language; what a person wrote stays.

    One statement for incentive rules and for each part of the rule book that is looked through, whatever the number.
    """
    told = {one: one for one in citations}
    found = {one: match for one in told if (match := KEPT.fullmatch(one))}
    told |= _called(IncentiveRule, {one: match for one, match in found.items() if match[1]})
    told |= _called_above(told)
    book = {one: match for one, match in found.items() if not match[1]}
    for part in BOOK:
        names = _called(part, book)
        told |= names
        book = {one: match for one, match in book.items() if one not in names}
    return told


def also_named(prefix: str, name_of: Callable[[str], str]) -> None:
    """A room above has rules of its own: ``prefix`` of their citations, and the name of a rule by its prefixed code."""
    _others[prefix] = name_of


def by_rule(citation: str) -> bool:
    """Whether a rule led to it, one of ours or of a room above; not a ruling or what a person wrote."""
    return citation.startswith((RULES, *_others))


def _called_above(told: Iterable[str]) -> dict[str, str]:
    """Few at a time: one statement for each rule."""
    rules = {one: one.rpartition(" v") for one in told for prefix in _others if one.startswith(prefix)}
    names = {code: _others[f"{code.partition('.')[0]}."](code) for code, _v, _number in set(rules.values())}
    return {one: f"{names[code]} v{number}" for one, (code, _v, number) in rules.items() if names[code]}


def _called(model: Any, found: dict[str, re.Match[str]]) -> dict[str, str]:
    if not found:
        return {}
    rules = {
        rule.code: rule for rule in model.objects.filter(code__in={match[2] for match in found.values()})
    }
    return {one: f"{rules[match[2]].name} v{match[3]}" for one, match in found.items() if match[2] in rules}


def rule_name(code: str) -> str:
    """``incentive.late``, as events keep it: the rule's name; empty for what is no incentive rule."""
    if not code.startswith(RULES):
        return ""
    known = IncentiveRule.objects.filter(code=code.removeprefix(RULES)).first()
    return str(known.name) if known is not None else ""


def name_of(citation: str) -> str:
    return named([citation])[citation]
