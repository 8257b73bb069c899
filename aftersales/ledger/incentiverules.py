"""Pure arithmetic and judgement of incentive rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError
from aftersales.ledger.incentivestates import MEASURES_OF, Consequence
from aftersales.ledger.raisers import Fact, Raiser, asked
from aftersales.ledger.rules import CENT, LARGEST
from aftersales.ledger.states import POINTS

UNITS = (POINTS, "CNY")
MOST_TIMES = 1000


@dataclass(frozen=True)
class Result:
    """What one party would get in a month: how often, how much by the count, how much under the cap.

    By a figure: ``measure`` of the step that was reached, and ``told``, the terms it was counted by.
    """

    party_id: int
    times: int
    counted: Decimal | None
    amount: Decimal | None
    first_at: datetime
    last_at: datetime
    references: tuple[int, ...] = ()
    measure: str = ""
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_capped(self) -> bool:
        return self.amount != self.counted


def check(version: Any) -> None:
    """Terms that somebody can follow. Raises forbidden_target, no_raiser, amount, measure, cap, times, figure_terms."""
    rule = version.rule
    raiser = asked(version.trigger, rule.party)
    if rule.consequence == Consequence.MEASURE:
        if (
            version.amount is not None
            or version.cap is not None
            or version.measure not in MEASURES_OF[rule.party]
        ):
            raise DomainError(_("Choose a measure; a measure has no amount and no cap."), "measure")
    else:
        _check_amount(version)
    if not 1 <= version.from_count <= MOST_TIMES:
        raise DomainError(_("It counts from the first to the thousandth time in a month."), "times")
    _check_figure(version, raiser)


def _check_figure(version: Any, raiser: Raiser) -> None:
    if raiser.gauge is None:
        if version.terms:
            raise DomainError(
                _("Window, limit and steps go with a rule that hangs on a figure: leave them empty."),
                "figure_terms",
            )
        return
    if version.from_count != 1:
        raise DomainError(_("A figure counts once a month: write 1."), "times")
    raiser.gauge.check(version)


def _check_amount(version: Any) -> None:
    if version.measure or version.unit not in UNITS or not _is_amount(version.amount):
        raise DomainError(
            _("Give an amount above zero with at most two decimals, in yuan or points."), "amount"
        )
    if not _is_amount(version.cap) or version.cap < version.amount:
        raise DomainError(
            _("Give the most for one party in one month: not less than the amount for one time."), "cap"
        )


def _is_amount(value: Decimal | None) -> bool:
    return value is not None and value.is_finite() and 0 < value <= LARGEST and value == value.quantize(CENT)


def results(version: Any, facts: Iterable[Fact]) -> list[Result]:
    """Who gets what by these facts, by the party's key. A fact told twice counts once."""
    found: dict[int, dict[int, Fact]] = {}
    for one in facts:
        found.setdefault(one.party_id, {}).setdefault(one.reference, one)
    return [
        _result(version, party, sorted(known.values(), key=lambda one: (one.at, one.reference)))
        for party, known in sorted(found.items())
        if len(known) >= version.from_count
    ]


def _result(version: Any, party: int, facts: list[Fact]) -> Result:
    counted = None if version.amount is None else version.amount * len(facts)
    amount = None if counted is None else min(counted, version.cap)
    references = tuple(one.reference for one in facts)
    return Result(party, len(facts), counted, amount, facts[0].at, facts[-1].at, references)


def of_a_loss(loss: Decimal, pay: Decimal, share: Decimal, floor: Decimal) -> Decimal:
    """How much of a loss one month's pay may bear, in yuan: ``share`` per cent of it, and ``floor`` is left.

    Wage payment provisions §16. Raises ``amount``, ``nothing_left``.
    """
    if not _is_amount(loss) or not _is_amount(pay):
        raise DomainError(
            _("Give the loss and the month's pay: amounts above zero with two decimals."), "amount"
        )
    most = min(loss, pay * share / 100, pay - floor).quantize(CENT, rounding=ROUND_DOWN)
    if most <= 0:
        raise DomainError(
            _("Nothing can be taken: the month's pay is not above the local minimum wage of %(floor)s yuan.")
            % {"floor": floor},
            "nothing_left",
        )
    return most
