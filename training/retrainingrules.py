"""Pure judgement about retraining orders: whose they are, when they are met, whether they helped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal


@dataclass(frozen=True)
class Effect:
    """A figure before and after, each with its sample; None where there was nothing to count."""

    before: Decimal | None
    before_n: int
    after: Decimal | None
    after_n: int


@dataclass(frozen=True)
class Windows:
    """The days that are compared; first and last day of both count."""

    before: tuple[date, date]
    after: tuple[date, date]


def windows(ordered: date, completed: date, days: int) -> Windows:
    """So many days up to the one before the order, so many from the one after completion."""
    day, span = timedelta(days=1), timedelta(days=days)
    return Windows((ordered - span, ordered - day), (completed + day, completed + span))


def verdict(effect: Effect, *, sample: int, better_low: bool) -> str:
    """The move that says how it went: better, not better, or too few to say."""
    if effect.before is None or effect.after is None or effect.before_n < sample or effect.after_n < sample:
        return "find_unclear"
    better = effect.after < effect.before if better_low else effect.after > effect.before
    return "find_effective" if better else "find_ineffective"


def not_ones_own_order(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Nobody ends his own order, whatever he may order of others."""
    if row.person_id == actor.pk:
        yield Refusal("own_order", _("This order is about yourself; somebody else decides about it."))


def learned(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """An order is met by a run that was attended or an exam that was passed, and by nothing else."""
    if facts["training.learned"] is None:
        text = _("No run of the course was attended and no exam passed since the order.")
        yield Refusal("not_learned", text)


def window_is_over(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """The effect is judged once the days after the training are over."""
    if now < row.completed_at + timedelta(days=row.window_days + 1):
        yield Refusal("too_early", _("The days after the training are not over yet."))
