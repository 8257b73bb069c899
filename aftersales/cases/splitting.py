"""How a refund goes back the ways it came: pure arithmetic, exact to the cent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aftersales.core.money import allocate

ZERO = Decimal(0)


@dataclass(frozen=True)
class Share:
    """What of a refund belongs to a line (``line``: its case line; None: freight or the rest)."""

    amount: Decimal
    line: int | None = None
    freight: bool = False


@dataclass(frozen=True)
class Part:
    """A share, or some of it, on its way back. ``tender``: the payment of the order; None: no payment is known."""

    amount: Decimal
    tender: int | None = None
    line: int | None = None
    freight: bool = False


def outstanding(
    wanted: Sequence[Share], paid: Mapping[tuple[int | None, bool], Decimal], left: Decimal
) -> list[Share]:
    """What was agreed and stands in no payment yet, never more than ``left``.

    A case decided anew may have given more of one line than is agreed by now; the others then share what is left.
    """
    open_now = [max(one.amount - paid.get((one.line, one.freight), ZERO), ZERO) for one in wanted]
    if sum(open_now, ZERO) > left:
        open_now = allocate(max(left, ZERO), open_now)
    return [
        Share(amount, one.line, one.freight) for one, amount in zip(wanted, open_now, strict=True) if amount
    ]


def back_the_way_it_came(shares: Sequence[Share], tenders: Mapping[int, Decimal]) -> list[Part]:
    """Split over the order's payments by what may still go back on each (largest remainder, for the whole and then
    for every share). What no payment covers goes back without one."""
    total = sum((one.amount for one in shares), ZERO)
    room = sum(tenders.values(), ZERO)
    covered = min(total, room)
    columns: dict[int | None, Decimal] = {}
    if covered:
        columns = dict(zip(tenders, allocate(covered, list(tenders.values())), strict=True))
    if total > covered:
        columns[None] = total - covered
    parts: list[Part] = []
    for one in shares:
        split = allocate(one.amount, list(columns.values()))
        for tender, amount in zip(columns, split, strict=True):
            columns[tender] -= amount
            if amount:
                parts.append(Part(amount, tender, one.line, one.freight))
    return parts
