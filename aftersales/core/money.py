"""Money: exact decimals with their currency beside them. One parser, one way to split."""

import re
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError

CENT = Decimal("0.01")
MAX_AMOUNT = Decimal("999999999999.99")  # what numeric(14, 2) holds
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?")


def parse_amount(value: str, *, negative: bool = False) -> Decimal:
    """An amount typed by a person or read from a sheet; the same verdict everywhere.

    Plain ASCII digits with at most two decimals; no exponent, no thousands separator, no other scripts' digits.
    Raises DomainError("amount") with what to write instead.
    """
    text = value.strip()
    if not _AMOUNT.fullmatch(text):
        raise DomainError(_("Write the amount as digits with at most two decimals, for example 1280.50."), "amount")
    amount = Decimal(text).quantize(CENT)
    if amount < 0 and not negative:
        raise DomainError(_("The amount may not be negative."), "amount")
    return abs(amount) if amount == 0 else amount


def allocate(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split ``total`` by ``weights`` to the cent by largest remainder; the parts always sum to the total.

    Equal remainders go to the earlier part. With all weights zero the split is even.
    """
    if not weights:
        raise ValueError("nothing to allocate to")
    if any(weight < 0 for weight in weights):
        raise ValueError("a weight is negative")
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    shares = list(weights) if sum(weights) else [Decimal(1)] * len(weights)
    whole = sum(shares, Decimal(0))
    exact = [total * share / whole for share in shares]
    parts = [value.quantize(CENT, rounding=ROUND_FLOOR) for value in exact]
    left = int((total - sum(parts, Decimal(0))) / CENT)
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in order[:left]:
        parts[index] += CENT
    return parts
