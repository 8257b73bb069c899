"""Pure guards of the toys."""

from collections.abc import Iterator
from typing import Any

from aftersales.core.errors import Refusal


def light_enough(row: Any, facts: Any, actor: Any, now: Any, data: Any) -> Iterator[Refusal]:
    if row.weight > 100:
        yield Refusal("too_heavy", "The parcel is too heavy.")


def stamped(row: Any, facts: Any, actor: Any, now: Any, data: Any) -> Iterator[Refusal]:
    if any(facts["toy.stamps_missing"]):
        yield Refusal("no_stamp", "A stamp is missing.")
