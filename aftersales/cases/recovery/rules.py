"""Pure rules of a recovery: which payments are advances, how much is claimed, who may decide what."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.states import DecidedBy, Side
from aftersales.core.errors import Refusal
from aftersales.core.money import CENT

Data = Mapping[str, Any] | None
ZERO = Decimal(0)
WITHOUT_THE_MERCHANT = frozenset({DecidedBy.RULING, DecidedBy.SILENCE})
"""Decided although the merchant did not agree: the platform pays for him."""


def is_advance(*, borne_by: str, merchant: Any, decided_how: str, paid_first: bool) -> bool:
    """Whether the platform pays what another merchant owes.

    The merchant's own decision and what he agreed to is settled with him as any other sale; the platform's own shop
    owes nobody. Everything decided without him, and everything a person decided to pay first, is an advance.
    """
    if borne_by != Side.MERCHANT or merchant is None or merchant.self_run:
        return False
    return paid_first or decided_how in WITHOUT_THE_MERCHANT


def claim(
    advanced: Decimal, *, ruled: Decimal | None, ordinary: Decimal, platform_fault: int, freed: Decimal
) -> Decimal:
    """What the merchant owes of what was advanced.

    ``ruled``: what the final ruling grants the customer in all, if an appeal turned the first one round; what the
    merchant settled himself (``ordinary``) is part of it. ``platform_fault``: per cent of fault that is the
    platform's own. ``freed``: what a decided objection took off.
    """
    owed = advanced if ruled is None else min(advanced, max(ruled - ordinary, ZERO))
    if platform_fault:
        owed = (owed * (100 - platform_fault) / 100).quantize(CENT, rounding=ROUND_HALF_UP)
    return max(owed - freed, ZERO)


def give_back_of(
    money: Mapping[str, Decimal], wanted: Decimal, order: Sequence[str]
) -> list[tuple[str, Decimal]]:
    """From which sources ``wanted`` goes back, the last taken first; never more than came from each."""
    found = []
    for source in order:
        part = min(money.get(source, ZERO), wanted)
        if part > 0:
            found.append((source, part))
            wanted -= part
    return found


def in_window(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if now > row.object_until:
        yield Refusal("too_late", _("The time for an objection is over."))


def window_over(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Nothing is taken while the merchant may still object."""
    if row.state == "notified" and now <= row.object_until:
        yield Refusal("may_object", _("The merchant may still object."))


def another_person(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Who decided to pay, or took the objection down, does not judge it."""
    if actor.pk in (row.opened_by_id, row.objected_by_id):
        yield Refusal(
            "own_decision", _("Whoever decided to pay first or took the objection down does not judge it.")
        )


def another_proposer(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Two persons write off."""
    if actor.pk == row.proposed_by_id:
        yield Refusal("own_proposal", _("Nobody approves his own proposal to write off."))
