"""Money: exact decimals with their currency beside them. One parser, one way to split."""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

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
        raise DomainError(
            _("Write the amount as digits with at most two decimals, for example 1280.50."), "amount"
        )
    amount = Decimal(text).quantize(CENT)
    if amount < 0 and not negative:
        raise DomainError(_("The amount may not be negative."), "amount")
    return abs(amount) if amount == 0 else amount


def allocate(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split ``total`` by ``weights`` to the cent by largest remainder; the parts always sum to the total.

    Equal remainders go to the earlier part. With all weights zero the split is even. Exact for any weights.
    """
    if not weights:
        raise ValueError("nothing to allocate to")
    if any(weight < 0 for weight in weights):
        raise ValueError("a weight is negative")
    cents = Fraction(total) * 100
    if cents.denominator != 1:
        raise ValueError("the total has fractions of a cent")
    sign = -1 if cents < 0 else 1
    return [Decimal(sign * part).scaleb(-2) for part in _split(abs(cents.numerator), weights)]


def _split(cents: int, weights: Sequence[Decimal]) -> list[int]:
    shares = [Fraction(weight) for weight in weights] if any(weights) else [Fraction(1)] * len(weights)
    whole = sum(shares, Fraction(0))
    exact = [cents * share / whole for share in shares]
    parts = [floor(value) for value in exact]
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in order[: cents - sum(parts)]:
        parts[index] += 1
    return parts
