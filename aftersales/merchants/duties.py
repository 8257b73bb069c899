"""What an agreement can count besides times: rooms declare it here, and clauses name it by its code.

``found(merchants, since, until, now)`` answers numerator and denominator by merchant, over days from ``since`` to
``until``, both counted. ``is_share``: the first against the second in per cent, else the first alone.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Text

Found = Callable[[Collection[int], date, date, datetime], Mapping[int, tuple[int, int]]]


@dataclass(frozen=True)
class Counted:
    """One thing that is counted of a merchant, and must reach a number at least."""

    code: str
    label: Text
    found: Found
    is_share: bool = True

    def words(self, numbers: tuple[int, int] | None) -> str:
        """As a page shows it; a dash where nothing was counted."""
        if numbers is None or (self.is_share and not numbers[1]):
            return "–"
        if self.is_share:
            return f"{100 * numbers[0] / numbers[1]:.1f} % ({numbers[0]} / {numbers[1]})"
        return str(numbers[0])

    def owed(self, at_least: int) -> str:
        return f"≥ {at_least} %" if self.is_share else f"≥ {at_least}"

    def reaches(self, numbers: tuple[int, int] | None, at_least: int) -> bool | None:
        """None where nothing was counted."""
        if numbers is None or (self.is_share and not numbers[1]):
            return None
        if self.is_share:
            return 100 * numbers[0] >= at_least * numbers[1]
        return numbers[0] >= at_least


_declared: dict[str, Counted] = {}


def declare(one: Counted) -> None:
    """In ``AppConfig.ready()``. Raises ValueError for a second one of this code."""
    if _declared.setdefault(one.code, one).found is not one.found:
        raise ValueError(f"{one.code} is declared twice")


def declared() -> Mapping[str, Counted]:
    return _declared


def _trained(
    merchants: Collection[int], since: date, until: date, now: datetime
) -> Mapping[int, tuple[int, int]]:
    """People of each merchant who have finished everything they are asked to learn, as it stands now."""
    from aftersales.merchants import trainingselectors

    shares: Mapping[int, Any] = trainingselectors.shares(merchants, now)
    return {pk: (shares[pk].done, shares[pk].people) if pk in shares else (0, 0) for pk in merchants}


def register() -> None:
    declare(Counted("trained_people", _("People with finished training"), _trained, is_share=False))
