"""Versions of rules that judge merchants are told to every one of them, once, before they count (R6.6, P5)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.functional import lazy

from aftersales.core import jobs
from aftersales.core.errors import DomainError, Text
from aftersales.core.rulebook import RuleVersion
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TERMINAL
from aftersales.notices.services import tell_each
from aftersales.scorecards.models import FormulaVersion
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.states import SubjectKind

ANNOUNCE, TOLD = "scorecards.announce", "scorecards.formula"


def with_a_day(words: Text) -> Callable[[datetime], None]:
    """Judges the beginning of a version: ``not_a_day`` with these words where it is not the beginning of a day."""

    def begins(begin: datetime) -> None:
        here = begin.astimezone(selectors.zone())
        if (here.hour, here.minute, here.second, here.microsecond) != (0, 0, 0, 0):
            raise DomainError(words, "not_a_day")

    return begins


def announce_later(version: FormulaVersion, now: datetime) -> None:
    """Ask for the messages of a version about merchants; asked twice, they go out once. Staff read the rule book."""
    if version.formula.subject_kind == SubjectKind.MERCHANT and Merchant.objects.exists():
        jobs.enqueue(ANNOUNCE, key=f"{ANNOUNCE}:{version.pk}", payload={"version": version.pk}, now=now)


def formula_announce(*, version: FormulaVersion, actor: Any, now: datetime) -> int:
    """Tell every merchant who does not know it yet; how many."""
    return tell_merchants(TOLD, version, version.formula, key=ANNOUNCE, actor=actor, now=now)


def tell_merchants(
    template: str, version: RuleVersion, rule: Any, *, key: str, actor: Any, now: datetime
) -> int:
    """Tell every merchant who does not know the version yet its name, number and day, in his language; how many."""
    assert version.valid_from
    values = {
        "rule": lazy(lambda: str(rule.name), str)(), "clause": f"v{version.number}",
        "day": f"{version.valid_from.astimezone(selectors.zone()):%Y-%m-%d}",
    }  # fmt: skip
    shops = Merchant.objects.exclude(state__in=sorted(TERMINAL))
    return tell_each(
        template, to=shops, about=version, values=values, key=f"{key}:{version.pk}", actor=actor, now=now
    )
