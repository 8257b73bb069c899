"""Guards of a merchant's moves: pure, they answer with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from aftersales.core.errors import Refusal


def agreement_is_accepted(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any] | None
) -> Iterable[Refusal]:
    """Nobody sells before his owner agreed to what he then owes (S(三): the duties stand in the agreement)."""
    for name in (name for names in facts["merchants.agreement_unsigned"] for name in names):
        words = _(
            "“%(agreement)s” is not accepted yet: the shop's owner accepts it in the merchants' portal."
        )
        yield Refusal("agreement_unsigned", words % {"agreement": name})


def deposit_is_returned(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any] | None
) -> Iterable[Refusal]:
    """The deposit stands behind the merchant's duties until the last window is over."""
    if row.deposit_held > 0:
        yield Refusal("deposit_held", _("The deposit has not been returned yet."))


def no_open_duties(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any] | None
) -> Iterable[Refusal]:
    """Open tickets, cases and recoveries (counted by the rooms above) keep a merchant from closing."""
    open_duties = sum(facts.get("merchants.open_duties") or [])
    if open_duties:
        yield Refusal("open_duties", _("%(count)d duties are still open.") % {"count": open_duties})
