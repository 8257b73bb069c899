"""Pure judgement over the rule book: which versions fit, what differs, what breaks the order."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from aftersales.standards.states import SEVERITY_ORDER, Unit
from aftersales.standards.worktime import WorkingTime

CONDITIONS: tuple[tuple[str, str], ...] = (
    ("kinds", "kind"),
    ("severities", "severity"),
    ("natures", "nature"),
    ("channels", "channel"),
    ("customer_classes", "customer_class"),
    ("markets", "market"),
)
"""Condition of a version → the subject's fact it is compared with."""

ANYTHING_ELSE = "*"
"""Stands for every code that no rule names."""


@dataclass(frozen=True)
class SubjectFacts:
    """What the rule book asks about a subject. Codes as the rooms above define them; empty when unknown."""

    kind: str = ""
    severity: str = ""
    nature: str = ""
    channel: str = ""
    customer_class: str = ""
    market: str = ""
    tags: frozenset[str] = field(default_factory=frozenset)


def matches(version: Any, facts: Any) -> bool:
    """Whether a version speaks about such a subject; an empty condition means any."""
    for condition, fact in CONDITIONS:
        allowed = getattr(version, condition)
        if allowed and getattr(facts, fact, "") not in allowed:
            return False
    return set(version.tags) <= set(getattr(facts, "tags", ()) or ())


def instead_of_usual(versions: Sequence[Any]) -> list[Any]:
    """Of versions that fit a subject at a moment: a promotion's stands in place of its standard's usual one."""
    replaced = {one.standard_id for one in versions if one.promotion_id is not None}
    return [one for one in versions if one.promotion_id is not None or one.standard_id not in replaced]


def specificity(version: Any) -> int:
    """How many conditions a version names: the tie-breaker between equally strict ones."""
    return sum(bool(getattr(version, name)) for name, _fact in CONDITIONS) + len(version.tags)


def nominal_minutes(calendar: WorkingTime, value: int, unit: str) -> float:
    """A limit as minutes a customer waits on average, so that limits in different units can be compared.

    Working time is stretched by the share of the week in which the calendar is closed.
    """
    open_minutes = sum(closes - opens for day in calendar.weekly for opens, closes in day) or 1
    open_days = sum(1 for day in calendar.weekly if day) or 1
    if unit == Unit.MINUTES:
        return value * 7 * 1440 / open_minutes
    if unit == Unit.HOURS:
        return value * 60 * 7 * 1440 / open_minutes
    if unit == Unit.WORKING_DAYS:
        return value * 1440 * 7 / open_days
    return float(value * 1440)


@dataclass(frozen=True)
class Broken:
    """A worse severity that would wait longer than a milder one, and the versions that say so (None: no limit)."""

    promise: str
    milder: str
    milder_by: Any
    worse: str
    worse_by: Any


def order_broken(versions: Iterable[tuple[Any, str, float]]) -> list[Broken]:
    """Where worse would wait longer (R3.4). ``versions``: (version, promise, nominal minutes).

    In each scope that the versions distinguish the strictest matching one counts; a severity without any
    promise waits for ever. The same two versions are named once, however many scopes they meet in.
    """
    by_promise: dict[tuple[str, str], list[tuple[Any, float]]] = {}
    for version, promise, minutes in versions:
        by_promise.setdefault((promise, version.subject_kind), []).append((version, minutes))
    found: list[Broken] = []
    for (promise, _kind), group in by_promise.items():
        for scope in _scopes([version for version, _minutes in group]):
            broken = _broken_in(promise, scope, group)
            if broken is not None and broken not in found:
                found.append(broken)
    return found


def _scopes(versions: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Every combination of codes that the versions tell apart, severity left open."""
    named = {
        fact: [*sorted({code for version in versions for code in getattr(version, name)}), ANYTHING_ELSE]
        for name, fact in CONDITIONS
        if fact != "severity"
    }
    tag_sets = sorted({tuple(sorted(version.tags)) for version in versions} | {()})
    for *values, tags in product(*named.values(), tag_sets):
        yield {**dict(zip(named, values, strict=True)), "tags": frozenset(tags)}


def _broken_in(promise: str, scope: Mapping[str, Any], group: Sequence[tuple[Any, float]]) -> Broken | None:
    waits: list[tuple[str, Any, float]] = []
    for severity in SEVERITY_ORDER:
        facts = SubjectFacts(**scope, severity=severity)
        fitting = [(version, minutes) for version, minutes in group if matches(version, facts)]
        strictest = min(fitting, key=lambda one: one[1], default=(None, math.inf))
        waits.append((severity, *strictest))
    for position, (milder, version, limit) in enumerate(waits):
        for worse, other, longer in waits[position + 1 :]:
            if longer > limit:
                return Broken(promise, milder, version, worse, other)
    return None


@dataclass(frozen=True)
class Difference:
    """One line of the comparison of two versions."""

    name: str
    old: Any
    new: Any

    @property
    def is_changed(self) -> bool:
        return bool(self.old != self.new)


COMPARED: tuple[str, ...] = (
    "limit",
    "warning_percent",
    "pauses_on",
    "resumes_on",
    "kinds",
    "severities",
    "natures",
    "channels",
    "customer_classes",
    "markets",
    "tags",
    "owed",
    "clock_kind",
    "calendar",
    "starts_on",
    "restarts_on",
    "stops_on",
    "cancels_on",
    "source_limit",
    "legal_limit",
    "source_ref",
)
"""What two versions of a standard are compared by, in the order of the page."""


def differences(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[Difference]:
    """Changed lines first, unchanged ones after them, each group in the order of the page."""
    lines = [Difference(name, (old or {}).get(name), value) for name, value in new.items()]
    return [line for line in lines if line.is_changed] + [line for line in lines if not line.is_changed]
