"""What pages of announced rules show alike: which version, its terms beside those before, a rule in the list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aftersales.core.rulebook import RuleState


@dataclass(frozen=True)
class Term:
    """One term of a version beside that of the version before it."""

    label: str
    words: str
    before: str
    is_changed: bool


def compared(now: Mapping[str, str], then: Mapping[str, str]) -> list[Term]:
    """What a version says, each term beside what the one before it said."""
    return [
        Term(label, words, then.get(label, ""), bool(then) and then.get(label) != words)
        for label, words in now.items()
    ]


def dropped(now: Mapping[str, str], then: Mapping[str, str]) -> list[Term]:
    """What it no longer says."""
    return [Term(label, "–", words, True) for label, words in then.items() if label not in now]


def applying(version: Any, now: datetime) -> bool:
    return bool(version.applies_at(now))


def chosen(
    versions: Sequence[Any], number: int | None, now: datetime, *, counts: Callable[[Any, datetime], bool] = applying
) -> Any:  # fmt: skip
    """The version asked for; else a waiting draft, the one that ``counts``, the newest. None: no such one."""
    if number is not None:
        return next((one for one in versions if one.number == number), None)
    drafts = [one for one in versions if one.state == RuleState.DRAFT]
    return next(iter([*drafts, *(one for one in versions if counts(one, now)), *versions]), None)


def before(version: Any, versions: Sequence[Any]) -> Any:
    """The version that a version is compared with; a returned draft never was one, a promotion is no successor."""
    return next(
        (
            one
            for one in versions
            if one.number < version.number
            and one.state != RuleState.REJECTED
            and getattr(one, "promotion_id", None) is None
        ),
        None,
    )


def listed(rules: Any) -> Iterator[tuple[Any, Any, bool]]:
    """Each rule with the version that counts or will, else its draft, and whether a draft waits. Two statements."""
    for rule in rules.prefetch_related("versions"):
        versions = list(rule.versions.all())
        drafts = [one for one in versions if one.state == RuleState.DRAFT]
        standing = [one for one in versions if one.state == RuleState.ACTIVE]
        yield rule, next(iter([*standing, *drafts, *versions]), None), bool(drafts)
