"""How the invented shops trade: most well, some middling, a few badly; some changed for the worse or the better."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .shops import APPLYING, FIRST_NUMBER, SELF_RUN, WITHOUT_ORDERS

LAG = timedelta(days=8)
MARKET_AHEAD = timedelta(hours=8)


@dataclass(frozen=True)
class Character:
    """Shares: ``late`` of orders handed over after their limit, ``low`` of reviews with one or two stars, ``answers``
    of the platform's questions answered in time.
    """

    late: float
    low: float
    answers: float

    @property
    def is_troubled(self) -> bool:
        """Whose customers come to the platform, which asks the shop more often."""
        return self.answers < 0.7


GOOD = Character(0.004, 0.01, 0.97)
FAIR = Character(0.05, 0.02, 0.85)
POOR = Character(0.28, 0.07, 0.5)
BAD = Character(0.55, 0.2, 0.25)

BAD_ONES = frozenset({17, 33, 46})
POOR_ONES = frozenset({6, 20, 28, 36, 52})
FELL = frozenset({1, 14, 30})
ROSE = frozenset({9, 21, 57})
BIG = frozenset({1, 2, 5, 8, 9, 14, 21, 30})
RING = (11, 35)
"""Two small shops whose few buyers praise both of them, in the same words."""
SIZES = {"self_run": 30, "big": 17, "ordinary": 7, "small": 2}


def turn(now: datetime) -> datetime:
    """When some shops changed: at the end of the month that pages compare with."""
    settled = now + MARKET_AHEAD - LAG
    return settled.replace(day=1, hour=0, minute=0, second=0, microsecond=0) - MARKET_AHEAD


def place_of(code: str) -> int:
    return int(code[1:]) - FIRST_NUMBER


def character(code: str, at: datetime, now: datetime) -> Character:
    """How the shop of this code traded at a moment."""
    place = place_of(code)
    if place in FELL:
        return FAIR if at < turn(now) else BAD
    if place in ROSE:
        return BAD if at < turn(now) else GOOD
    if place in BAD_ONES:
        return BAD
    if place in POOR_ONES:
        return POOR
    return FAIR if place % 3 == 0 and place != SELF_RUN else GOOD


def size(code: str) -> int:
    """How many orders it gets beside others; of small ones too little is known for a grade."""
    place = place_of(code)
    if place in (WITHOUT_ORDERS, APPLYING):
        return 0
    if place == SELF_RUN:
        return SIZES["self_run"]
    if place in BIG:
        return SIZES["big"]
    is_small = place in RING or place % 4 == 3 and not {place} & (BAD_ONES | POOR_ONES | ROSE)
    return SIZES["small" if is_small else "ordinary"]
