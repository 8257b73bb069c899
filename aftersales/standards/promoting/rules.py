"""What a promotion says: which standard's limit or which number is another one for a time. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal

STANDARD, NUMBER = "standard", "number"


@dataclass(frozen=True)
class Override:
    """One rule and what it says while the promotion lasts. ``unit`` is empty for a number, which keeps its own."""

    sort: str
    code: str
    value: float
    unit: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.sort, self.code

    def as_kept(self) -> dict[str, Any]:
        """As the row keeps it."""
        return asdict(self)


def overrides_of(kept: Iterable[Mapping[str, Any]]) -> list[Override]:
    """Overrides as a row keeps them, standards first, each by its code."""
    found = [Override(one["sort"], one["code"], one["value"], one.get("unit", "")) for one in kept]
    return sorted(found, key=lambda one: (one.sort != STANDARD, one.code))


def overrides_something(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """A promotion without an override would change nothing."""
    if not row.overrides:
        yield Refusal("nothing_overridden", _("It overrides nothing yet: add a standard or a number first."))


def lies_ahead(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """What is over already is not brought into force."""
    if row.ends_at <= now:
        yield Refusal("over_already", _("Its time is over; set another end first."))


def without_faults(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """The law, the agreements, the order of severities and other promotions; the selector words each."""
    for found in facts["standards.promotion_faults"]:
        yield from found


def still_runs(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """What ended by itself cannot be ended."""
    if row.ends_at <= now:
        yield Refusal("over_already", _("It has ended by itself already."))
